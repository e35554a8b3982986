"""Runs, what they tell and keep on their way, and what of them is written where."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from addon.store.tables.base import Document, Id, lease_columns, metadata, tenant_id

runs = Table(
    "runs",
    metadata,
    Column("id", Id, primary_key=True),
    tenant_id(),
    Column("kind", String(16), nullable=False),
    Column("trigger", String(16), nullable=False),  # webhook | panel | api | schedule
    Column("account_id", String(128)),  # who asked; null for the add-on itself
    Column("project_id", String(32)),
    Column("issue_id", String(32)),
    Column("issue_key", String(64)),
    Column("start_key", String(128)),  # idempotency of the door: delivery content, client key
    Column("delivery_id", String(128)),  # X-Atlassian-Webhook-Identifier
    Column("input_hash", String(64)),  # of what was read from Jira and the settings that shape the answer
    Column("params", Document, nullable=False),
    Column("preview", Boolean, nullable=False, server_default=text("false")),  # tries something out: never published
    Column("facts", Document),  # what was read, kept so that a second attempt reads the same
    Column("result", Document),
    Column("usage", Document),
    Column("stage", String(32)),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("total", Integer, nullable=False, server_default="0"),
    *lease_columns(),
    UniqueConstraint("tenant_id", "start_key"),
    UniqueConstraint("tenant_id", "delivery_id"),
    Index("ix_runs_issue", "tenant_id", "issue_id", "created_at"),
    Index("ix_runs_project", "tenant_id", "project_id", "created_at"),
    Index("ix_runs_tenant", "tenant_id", "created_at"),
    Index(
        "uq_runs_active", "tenant_id", "kind", "issue_id", unique=True,
        sqlite_where=text("state in ('queued', 'running') and issue_id is not null and not preview"),
        postgresql_where=text("state in ('queued', 'running') and issue_id is not null and not preview"),
    ),
    Index(
        "ix_runs_waiting", "queue", "tenant_id", "priority", "run_at", "id",
        sqlite_where=text("state = 'queued'"), postgresql_where=text("state = 'queued'"),
    ),
    Index(
        "ix_runs_working", "queue", "tenant_id",
        sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'"),
    ),
    Index(
        "ix_runs_failed", "tenant_id", "finished_at",
        sqlite_where=text("state = 'failed'"), postgresql_where=text("state = 'failed'"),
    ),
    Index(
        "ix_runs_started", "started_at",
        sqlite_where=text("started_at is not null"), postgresql_where=text("started_at is not null"),
    ),
    Index(
        "ix_runs_lease", "lease_until",
        sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'"),
    ),
)  # fmt: skip

run_events = Table(
    "run_events",
    metadata,
    Column("run_id", Id, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    tenant_id(),
    Column("event", String(16), nullable=False),  # stage | token | done | failed
    Column("data", Document, nullable=False),
    Column("at", Float, nullable=False),
)

run_checkpoints = Table(
    "run_checkpoints",
    metadata,
    Column("run_id", Id, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(64), primary_key=True),
    tenant_id(),
    Column("value", Document, nullable=False),  # a finished piece of the work, so that nobody pays for it twice
)

publications = Table(
    "publications",
    metadata,
    Column("id", Id, primary_key=True),
    tenant_id(),
    Column("run_id", Id, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("issue_id", String(32), nullable=False),
    Column("issue_key", String(64)),
    Column("project_id", String(32)),
    Column("target", String(16), nullable=False),  # the name of a target
    Column("slot", String(64), nullable=False, server_default=""),  # which of several places of the target it takes
    Column("item", Integer, nullable=False, server_default="0"),
    Column("marker", String(128), nullable=False),  # unique in the tenant: the same item is never written twice
    Column("content", Document, nullable=False),  # what a person approved, or the settings asked for
    Column("account_id", String(128)),
    Column("remote_id", String(64)),
    Column("remote_key", String(64)),
    Column("url", Text),
    Column("kept", Document),  # how far a write of several steps has come, and what undoing it needs to know
    Column("undoing", Boolean, nullable=False, server_default=text("false")),
    *lease_columns(),
    UniqueConstraint("tenant_id", "marker"),
    Index("ix_publications_issue", "tenant_id", "issue_id", "target"),
    Index("ix_publications_run", "run_id"),
    Index("ix_publications_remote", "tenant_id", "remote_id"),
    Index(
        "ix_publications_waiting", "queue", "tenant_id", "priority", "run_at", "id",
        sqlite_where=text("state = 'queued'"), postgresql_where=text("state = 'queued'"),
    ),
    Index(
        "ix_publications_working", "queue", "tenant_id",
        sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'"),
    ),
    Index(
        "ix_publications_failed", "tenant_id", "finished_at",
        sqlite_where=text("state = 'failed'"), postgresql_where=text("state = 'failed'"),
    ),
    Index(
        "ix_publications_started", "started_at",
        sqlite_where=text("started_at is not null"), postgresql_where=text("started_at is not null"),
    ),
    Index(
        "ix_publications_lease", "lease_until",
        sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'"),
    ),
)  # fmt: skip

paces = Table(
    "paces",
    metadata,
    tenant_id(primary_key=True),
    Column("queue", String(16), primary_key=True),
    # What the site has begun so far is paid for, at its rate, up to this moment: near now it may begin more.
    Column("paid_until", Float, nullable=False),
)
