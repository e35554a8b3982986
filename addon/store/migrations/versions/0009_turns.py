"""What a look at changes goes by: of each site the one that is due first."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_reruns_site", "reruns", ["tenant_id", "due_at"])
    # With both, a planner may look for the few changes of one site behind all those of another. The release before
    # sorts what waits meanwhile, once a second.
    op.drop_index("ix_reruns_due_at", "reruns")


def downgrade() -> None:
    op.create_index("ix_reruns_due_at", "reruns", ["due_at"])
    op.drop_index("ix_reruns_site", "reruns")
