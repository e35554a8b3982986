"""What a fair claim looks at: the waiting rows of each site, its rows at work, and how soon it may begin more."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LEASED = ("runs", "publications")
QUEUED, RUNNING = sa.text("state = 'queued'"), sa.text("state = 'running'")


def upgrade() -> None:
    for table in LEASED:
        waiting = ["queue", "tenant_id", "priority", "run_at", "id"]
        op.create_index(f"ix_{table}_waiting", table, waiting, sqlite_where=QUEUED, postgresql_where=QUEUED)
        working = ["queue", "tenant_id"]
        op.create_index(f"ix_{table}_working", table, working, sqlite_where=RUNNING, postgresql_where=RUNNING)
    op.create_table(
        "paces",
        sa.Column("tenant_id", sa.String(36), nullable=False),
        sa.Column("queue", sa.String(16), nullable=False),
        sa.Column("paid_until", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "queue", name="pk_paces"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], "fk_paces_tenant_id", ondelete="CASCADE"),
    )
    # ix_*_waiting serves the claims of the release before as well. With both, a planner whose statistics are older than
    # a flood takes the wrong one, and sorts all that waits at every step. Last: from here on nobody can read the tables
    # until the step is over.
    for table in LEASED:
        op.drop_index(f"ix_{table}_due", table)


def downgrade() -> None:
    op.drop_table("paces")
    for table in LEASED:
        due = ["queue", "priority", "run_at"]
        op.create_index(f"ix_{table}_due", table, due, sqlite_where=QUEUED, postgresql_where=QUEUED)
        for name in ("waiting", "working"):
            op.drop_index(f"ix_{table}_{name}", table)
