"""Issues that were changed and wait for a new analysis."""

from sqlalchemy import Column, Float, Index, String, Table

from addon.store.tables.base import metadata, tenant_id

reruns = Table(
    "reruns",
    metadata,
    tenant_id(primary_key=True),
    Column("issue_id", String(32), primary_key=True),  # one each: any number of changes make one run
    Column("issue_key", String(64), nullable=False),
    Column("project_id", String(32), nullable=False),
    Column("due_at", Float, nullable=False),  # set by the first change and not pushed away by later ones
    Index("ix_reruns_site", "tenant_id", "due_at"),
)
