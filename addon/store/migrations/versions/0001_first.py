"""The first schema. It repeats `store/tables.py` on purpose: that file moves on, this step stays as it was."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
QUEUED = sa.text("state = 'queued'")
RUNNING = sa.text("state = 'running'")
ACTIVE = sa.text("state in ('queued', 'running') and issue_id is not null")


def text(name: str, length: int, *, null: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=null)


def number(name: str, default: int) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=str(default))


def moment(name: str, *, null: bool = True) -> sa.Column[float]:
    return sa.Column(name, sa.Float, nullable=null)


def document(name: str, *, null: bool = True) -> sa.Column[object]:
    return sa.Column(name, DOCUMENT, nullable=null)


def belongs_to(table: str, parent: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE")


def primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def index(name: str, table: str, columns: list[str], where: sa.TextClause | None = None, *, only: bool = False) -> None:
    op.create_index(name, table, columns, unique=only, sqlite_where=where, postgresql_where=where)


def lease_columns() -> tuple[sa.Column[Any], ...]:
    return (
        text("state", 16, null=False),
        text("queue", 16, null=False),
        number("priority", 0),
        number("attempts", 0),
        number("crashes", 0),
        number("failures", 0),
        moment("run_at", null=False),
        text("worker", 64),
        moment("lease_until"),
        sa.Column("cancel_requested", sa.Boolean, nullable=False, server_default=sa.text("false")),
        moment("created_at", null=False),
        moment("started_at"),
        moment("finished_at"),
        document("error"),
    )


def upgrade() -> None:
    tenants()
    settings()
    runs()
    run_events()
    publications()
    audit()


def tenants() -> None:
    op.create_table(
        "tenants",
        text("id", 36, null=False),
        text("client_key", 255, null=False),
        text("state", 16, null=False),
        text("base_url", 255, null=False),
        text("display_url", 255, null=False),
        text("oauth_client_id", 255),
        sa.Column("shared_secret", sa.LargeBinary),
        sa.Column("previous_secret", sa.LargeBinary),
        moment("previous_secret_until"),
        text("app_account_id", 128),
        text("language", 16),
        moment("installed_at", null=False),
        moment("updated_at", null=False),
        moment("uninstalled_at"),
        moment("purge_after"),
        moment("paused_until"),
        document("trouble"),
        primary("tenants", "id"),
        unique("tenants", "client_key"),
    )
    index("ix_tenants_base_url", "tenants", ["base_url"])


def settings() -> None:
    op.create_table(
        "tenant_models",
        text("tenant_id", 36, null=False),
        text("provider", 16),
        text("model", 128),
        sa.Column("api_key", sa.LargeBinary),
        text("updated_by", 128),
        moment("updated_at", null=False),
        primary("tenant_models", "tenant_id"),
        belongs_to("tenant_models", "tenants", "tenant_id"),
    )
    op.create_table(
        "projects",
        text("tenant_id", 36, null=False),
        text("project_id", 32, null=False),
        document("settings", null=False),
        text("updated_by", 128),
        moment("updated_at", null=False),
        primary("projects", "tenant_id", "project_id"),
        belongs_to("projects", "tenants", "tenant_id"),
    )


def runs() -> None:
    op.create_table(
        "runs",
        text("id", 36, null=False),
        text("tenant_id", 36, null=False),
        text("kind", 16, null=False),
        text("trigger", 16, null=False),
        text("account_id", 128),
        text("project_id", 32),
        text("issue_id", 32),
        text("issue_key", 64),
        text("start_key", 128),
        text("delivery_id", 128),
        text("input_hash", 64),
        document("params", null=False),
        document("facts"),
        document("result"),
        document("usage"),
        text("stage", 32),
        number("done", 0),
        number("total", 0),
        *lease_columns(),
        primary("runs", "id"),
        belongs_to("runs", "tenants", "tenant_id"),
        unique("runs", "tenant_id", "start_key"),
        unique("runs", "tenant_id", "delivery_id"),
    )
    index("ix_runs_issue", "runs", ["tenant_id", "issue_id", "created_at"])
    index("ix_runs_project", "runs", ["tenant_id", "project_id", "created_at"])
    index("ix_runs_tenant", "runs", ["tenant_id", "created_at"])
    index("uq_runs_active", "runs", ["tenant_id", "kind", "issue_id"], ACTIVE, only=True)
    index("ix_runs_due", "runs", ["queue", "priority", "run_at"], QUEUED)
    index("ix_runs_lease", "runs", ["lease_until"], RUNNING)


def run_events() -> None:
    op.create_table(
        "run_events",
        text("run_id", 36, null=False),
        sa.Column("seq", sa.Integer, nullable=False),
        text("tenant_id", 36, null=False),
        text("event", 16, null=False),
        document("data", null=False),
        moment("at", null=False),
        primary("run_events", "run_id", "seq"),
        belongs_to("run_events", "runs", "run_id"),
        belongs_to("run_events", "tenants", "tenant_id"),
    )


def publications() -> None:
    op.create_table(
        "publications",
        text("id", 36, null=False),
        text("tenant_id", 36, null=False),
        text("run_id", 36, null=False),
        text("issue_id", 32, null=False),
        text("issue_key", 64),
        text("project_id", 32),
        text("target", 16, null=False),
        number("item", 0),
        text("marker", 128, null=False),
        document("content", null=False),
        text("account_id", 128),
        text("remote_id", 64),
        text("remote_key", 64),
        sa.Column("url", sa.Text),
        *lease_columns(),
        primary("publications", "id"),
        belongs_to("publications", "tenants", "tenant_id"),
        belongs_to("publications", "runs", "run_id"),
        unique("publications", "tenant_id", "marker"),
    )
    index("ix_publications_issue", "publications", ["tenant_id", "issue_id", "target"])
    index("ix_publications_run", "publications", ["run_id"])
    index("ix_publications_remote", "publications", ["tenant_id", "remote_id"])
    index("ix_publications_due", "publications", ["queue", "priority", "run_at"], QUEUED)
    index("ix_publications_lease", "publications", ["lease_until"], RUNNING)


def audit() -> None:
    op.create_table(
        "audit",
        text("id", 36, null=False),
        text("tenant_id", 36, null=False),
        moment("at", null=False),
        text("account_id", 128),
        text("action", 48, null=False),
        text("subject", 128),
        document("detail", null=False),
        primary("audit", "id"),
        belongs_to("audit", "tenants", "tenant_id"),
    )
    index("ix_audit_at", "audit", ["tenant_id", "at"])


def downgrade() -> None:
    for table in ("audit", "publications", "run_events", "runs", "projects", "tenant_models", "tenants"):
        op.drop_table(table)
