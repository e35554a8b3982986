"""Who did what."""

from sqlalchemy import Column, Float, Index, String, Table

from addon.store.tables.base import Document, Id, metadata, tenant_id

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    tenant_id(),
    Column("at", Float, nullable=False),
    Column("account_id", String(128)),  # null: Jira or the add-on itself
    Column("action", String(48), nullable=False),
    Column("subject", String(128)),
    Column("detail", Document, nullable=False),
    Index("ix_audit_at", "tenant_id", "at"),
)
