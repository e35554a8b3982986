"""What an operator looks for: rows that failed for good, and rows that began of late."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LEASED = ("runs", "publications")
FAILED, STARTED = sa.text("state = 'failed'"), sa.text("started_at is not null")


def upgrade() -> None:
    for table in LEASED:
        failed = ["tenant_id", "finished_at"]
        op.create_index(f"ix_{table}_failed", table, failed, sqlite_where=FAILED, postgresql_where=FAILED)
        started = ["started_at"]
        op.create_index(f"ix_{table}_started", table, started, sqlite_where=STARTED, postgresql_where=STARTED)


def downgrade() -> None:
    for table in LEASED:
        for name in ("failed", "started"):
            op.drop_index(f"ix_{table}_{name}", table)
