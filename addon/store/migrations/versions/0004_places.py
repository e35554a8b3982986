"""Places outside Jira that results are written to, and what taking a written thing back needs to know."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(sa.dialects.postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("publications", sa.Column("slot", sa.String(64), nullable=False, server_default=""))
    op.add_column("publications", sa.Column("kept", DOCUMENT))
    op.add_column("publications", sa.Column("undoing", sa.Boolean, nullable=False, server_default=sa.text("false")))
    # Until now every comment was an analysis, and fields were named in the content alone.
    op.execute(sa.text("update publications set slot = 'analysis' where target = 'comment'"))
    op.create_table(
        "places",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("tenant_id", sa.String(36), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("tool", sa.String(16), nullable=False),
        sa.Column("region", sa.String(16), nullable=False),
        sa.Column("client_id", sa.String(255)),
        sa.Column("secret", sa.LargeBinary),
        sa.Column("project_key", sa.String(255)),
        sa.Column("updated_by", sa.String(128)),
        sa.Column("updated_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_places"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], "fk_places_tenant_id", ondelete="CASCADE"),
        sa.UniqueConstraint("tenant_id", "project_id", "tool", name="uq_places_tenant_id_project_id_tool"),
    )


def downgrade() -> None:
    op.drop_table("places")
    for column in ("undoing", "kept", "slot"):
        op.drop_column("publications", column)
