"""What people thought of results, and prompts of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(sa.dialects.postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "item_verdicts",
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("part", sa.String(16), nullable=False),
        sa.Column("item", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("tenant_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("project_id", sa.String(32)),
        sa.Column("prompt_version", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("original", DOCUMENT, nullable=False),
        sa.Column("edit", DOCUMENT),
        sa.Column("distance", sa.Float),
        sa.Column("account_id", sa.String(128)),
        sa.Column("at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "part", "item", name="pk_item_verdicts"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], "fk_item_verdicts_run_id", ondelete="CASCADE"),
        _tenant("item_verdicts"),
    )
    op.create_index("ix_item_verdicts_project", "item_verdicts", ["tenant_id", "project_id"])
    op.create_table(
        "prompts",
        *_place(),
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("account_id", sa.String(128)),
        sa.Column("at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "project_id", "kind", "version", name="pk_prompts"),
        _tenant("prompts"),
    )
    op.create_table(
        "active_prompts",
        *_place(),
        sa.Column("version", sa.Integer),
        sa.Column("account_id", sa.String(128)),
        sa.Column("at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "project_id", "kind", name="pk_active_prompts"),
        _tenant("active_prompts"),
    )
    op.create_table(
        "reruns",
        sa.Column("tenant_id", sa.String(36), nullable=False),
        sa.Column("issue_id", sa.String(32), nullable=False),
        sa.Column("issue_key", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "issue_id", name="pk_reruns"),
        _tenant("reruns"),
    )
    op.create_index("ix_reruns_due_at", "reruns", ["due_at"])


def downgrade() -> None:
    for table in ("reruns", "active_prompts", "prompts", "item_verdicts"):
        op.drop_table(table)


def _place() -> list[sa.Column[str]]:
    lengths = {"tenant_id": 36, "project_id": 32, "kind": 16}
    return [sa.Column(name, sa.String(length), nullable=False) for name, length in lengths.items()]


def _tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], f"fk_{table}_tenant_id", ondelete="CASCADE")
