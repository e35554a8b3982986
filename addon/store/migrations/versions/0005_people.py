"""What people thought of results, and prompts of their own."""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None: ...


def downgrade() -> None: ...
