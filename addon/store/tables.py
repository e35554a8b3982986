"""Every table. Times are UTC seconds since 1970 as floats: SQLite and PostgreSQL order and compare them alike."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)
Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Id = String(36)


def tenant_id(*, primary_key: bool = False) -> Column[str]:
    return Column(
        "tenant_id", Id, ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False, primary_key=primary_key
    )


tenants = Table(
    "tenants",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_key", String(255), nullable=False, unique=True),
    Column("state", String(16), nullable=False),  # installed | disabled | uninstalled | superseded
    Column("base_url", String(255), nullable=False),
    Column("display_url", String(255), nullable=False),
    Column("oauth_client_id", String(255)),
    Column("shared_secret", LargeBinary),  # sealed; null once uninstalled
    Column("previous_secret", LargeBinary),  # sealed; honoured until previous_secret_until
    Column("previous_secret_until", Float),
    Column("app_account_id", String(128)),
    Column("language", String(16)),
    Column("installed_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("uninstalled_at", Float),
    Column("purge_after", Float),
    Column("paused_until", Float),  # the site's own trouble: nothing of it is claimed until a probe went well
    Column("trouble", Document),  # {"code": error code, "since": UTC seconds}
    Index("ix_tenants_base_url", "base_url"),
)

tenant_models = Table(
    "tenant_models",
    metadata,
    tenant_id(primary_key=True),
    Column("provider", String(16)),  # null: the deployment's own
    Column("model", String(128)),
    Column("api_key", LargeBinary),  # sealed
    Column("updated_by", String(128)),
    Column("updated_at", Float, nullable=False),
)

projects = Table(
    "projects",
    metadata,
    tenant_id(primary_key=True),
    Column("project_id", String(32), primary_key=True),
    Column("settings", Document, nullable=False),  # only what differs from the defaults
    Column("updated_by", String(128)),
    Column("updated_at", Float, nullable=False),
)


def lease_columns() -> list[Column[object]]:
    """What a row needs to be claimed, renewed, retried and finished (store/leases.py)."""
    return [
        Column("state", String(16), nullable=False),
        Column("queue", String(16), nullable=False),
        Column("priority", Integer, nullable=False, server_default="0"),  # higher runs first
        Column("attempts", Integer, nullable=False, server_default="0"),  # the fencing token
        Column("crashes", Integer, nullable=False, server_default="0"),  # attempts whose worker fell silent
        Column("failures", Integer, nullable=False, server_default="0"),  # in a row, of the other side's making
        Column("run_at", Float, nullable=False),
        Column("worker", String(64)),
        Column("lease_until", Float),
        Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
        Column("created_at", Float, nullable=False),
        Column("started_at", Float),
        Column("finished_at", Float),
        Column("error", Document),  # {"error": code, "detail": text}; while queued, what the last attempt met
    ]


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
        sqlite_where=text("state in ('queued', 'running') and issue_id is not null"),
        postgresql_where=text("state in ('queued', 'running') and issue_id is not null"),
    ),
    Index(
        "ix_runs_due", "queue", "priority", "run_at",
        sqlite_where=text("state = 'queued'"), postgresql_where=text("state = 'queued'"),
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

publications = Table(
    "publications",
    metadata,
    Column("id", Id, primary_key=True),
    tenant_id(),
    Column("run_id", Id, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("issue_id", String(32), nullable=False),
    Column("issue_key", String(64)),
    Column("project_id", String(32)),
    Column("target", String(16), nullable=False),  # comment | subtasks | field
    Column("item", Integer, nullable=False, server_default="0"),
    Column("marker", String(128), nullable=False),  # unique in the tenant: the same item is never written twice
    Column("content", Document, nullable=False),  # what a person approved, or the settings asked for
    Column("account_id", String(128)),
    Column("remote_id", String(64)),
    Column("remote_key", String(64)),
    Column("url", Text),
    *lease_columns(),
    UniqueConstraint("tenant_id", "marker"),
    Index("ix_publications_issue", "tenant_id", "issue_id", "target"),
    Index("ix_publications_run", "run_id"),
    Index("ix_publications_remote", "tenant_id", "remote_id"),
    Index(
        "ix_publications_due", "queue", "priority", "run_at",
        sqlite_where=text("state = 'queued'"), postgresql_where=text("state = 'queued'"),
    ),
    Index(
        "ix_publications_lease", "lease_until",
        sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'"),
    ),
)  # fmt: skip

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
