"""Test management tools beside Jira, as the administrators of projects connected them."""

from sqlalchemy import Column, Float, LargeBinary, String, Table, UniqueConstraint

from addon.store.tables.base import Id, metadata, tenant_id

places = Table(
    "places",
    metadata,
    Column("id", Id, primary_key=True),
    tenant_id(),
    Column("project_id", String(32), nullable=False),
    Column("tool", String(16), nullable=False),  # xray | zephyr
    Column("region", String(16), nullable=False),
    Column("client_id", String(255)),  # of Xray's API key, no secret
    Column("secret", LargeBinary),  # sealed; null once the add-on was removed
    Column("project_key", String(255)),  # where the tests belong; null: the project itself
    Column("updated_by", String(128)),
    Column("updated_at", Float, nullable=False),
    UniqueConstraint("tenant_id", "project_id", "tool"),
)
