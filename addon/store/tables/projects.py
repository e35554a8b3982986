"""What projects decide for themselves."""

from sqlalchemy import Column, Float, String, Table

from addon.store.tables.base import Document, metadata, tenant_id

projects = Table(
    "projects",
    metadata,
    tenant_id(primary_key=True),
    Column("project_id", String(32), primary_key=True),
    Column("settings", Document, nullable=False),  # only what differs from the defaults
    Column("updated_by", String(128)),
    Column("updated_at", Float, nullable=False),
)
