"""Places outside Jira that results are written to."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None: ...


def downgrade() -> None: ...
