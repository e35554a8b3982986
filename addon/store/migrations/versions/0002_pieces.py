"""Runs that only try something out, and pieces of work that outlive an attempt."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(sa.dialects.postgresql.JSONB(none_as_null=True), "postgresql")
ACTIVE = "state in ('queued', 'running') and issue_id is not null"


def upgrade() -> None:
    op.add_column("runs", sa.Column("preview", sa.Boolean, nullable=False, server_default=sa.text("false")))
    _active(f"{ACTIVE} and not preview")
    op.create_table(
        "run_checkpoints",
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("tenant_id", sa.String(36), nullable=False),
        sa.Column("value", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "name", name="pk_run_checkpoints"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], "fk_run_checkpoints_run_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], "fk_run_checkpoints_tenant_id", ondelete="CASCADE"),
    )


def downgrade() -> None:
    op.drop_table("run_checkpoints")
    _active(ACTIVE)
    op.drop_column("runs", "preview")


def _active(which: str) -> None:
    op.drop_index("uq_runs_active", "runs")
    columns = ["tenant_id", "kind", "issue_id"]
    condition = sa.text(which)
    op.create_index("uq_runs_active", "runs", columns, unique=True, sqlite_where=condition, postgresql_where=condition)
