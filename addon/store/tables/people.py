"""What people thought of results, and what projects tell the model in their own words."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, Text

from addon.store.tables.base import Document, Id, metadata, tenant_id

item_verdicts = Table(
    "item_verdicts",
    metadata,
    Column("run_id", Id, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("part", String(16), primary_key=True),  # subtasks | criteria | questions | scenarios
    Column("item", Integer, primary_key=True),
    tenant_id(),
    Column("kind", String(16), nullable=False),
    Column("project_id", String(32)),
    Column("prompt_version", String(64), nullable=False),  # "rules" where no model answered
    Column("verdict", String(16), nullable=False),  # accepted | edited | rejected
    Column("original", Document, nullable=False),  # the fields a person may edit, as they were written
    Column("edit", Document),  # the same fields as the person left them; null unless edited
    Column("distance", Float),  # 0 unchanged to 1 nothing left; null when rejected
    Column("account_id", String(128)),
    Column("at", Float, nullable=False),
    Index("ix_item_verdicts_project", "tenant_id", "project_id"),
)

prompts = Table(
    "prompts",
    metadata,
    tenant_id(primary_key=True),
    Column("project_id", String(32), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("version", Integer, primary_key=True),  # counts from 1, never used twice
    Column("text", Text, nullable=False),
    Column("note", String(200), nullable=False),
    Column("account_id", String(128)),
    Column("at", Float, nullable=False),
)

active_prompts = Table(
    "active_prompts",
    metadata,
    tenant_id(primary_key=True),
    Column("project_id", String(32), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("version", Integer),  # null: the built-in prompt alone
    Column("account_id", String(128)),
    Column("at", Float, nullable=False),
)
