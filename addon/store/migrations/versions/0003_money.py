"""What models may cost, what they have cost, and where a site's own models live."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(sa.dialects.postgresql.JSONB(none_as_null=True), "postgresql")
TABLES = ("budget_alerts", "person_minutes", "reservations", "spending", "budgets", "tenant_keys")


def upgrade() -> None:
    op.add_column("tenant_models", sa.Column("base_url", sa.String(500)))
    op.add_column("tenant_models", sa.Column("fallbacks", DOCUMENT))
    _limits()
    _books()
    op.create_index("ix_reservations_tenant", "reservations", ["tenant_id", "expires_at"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("tenant_models", "fallbacks")
    op.drop_column("tenant_models", "base_url")


def _limits() -> None:
    _table(
        "tenant_keys",
        sa.Column("provider", sa.String(16), primary_key=True),
        sa.Column("api_key", sa.LargeBinary, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
    )
    _table(
        "budgets",
        sa.Column("limits", DOCUMENT, nullable=False),
        sa.Column("updated_by", sa.String(128)),
        sa.Column("updated_at", sa.Float, nullable=False),
    )
    _table(
        "budget_alerts",
        sa.Column("owner", sa.String(16), primary_key=True),
        sa.Column("budget", sa.String(24), primary_key=True),
        sa.Column("period", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float, nullable=False),
    )


def _books() -> None:
    _table(
        "spending",
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("payer", sa.String(16), primary_key=True),
        sa.Column("provider", sa.String(16), primary_key=True),
        sa.Column("model", sa.String(128), primary_key=True),
        sa.Column("asks", sa.Integer, nullable=False),
        *_tokens(),
        sa.Column("cost_usd", sa.Float, nullable=False),
        sa.Column("unpriced_tokens", sa.BigInteger, nullable=False),
    )
    _table(
        "person_minutes",
        sa.Column("account_id", sa.String(128), primary_key=True),
        sa.Column("minute", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "reservations",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("tenant_id", sa.String(36), nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("payer", sa.String(16), nullable=False),
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        *_tokens(),
        sa.Column("cost_usd", sa.Float),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reservations"),
        _tenant("reservations"),
    )


def _table(name: str, *columns: sa.Column[Any]) -> None:
    """A table whose key begins with the tenant."""
    keys = [column.name for column in columns if column.primary_key]
    for column in columns:
        column.primary_key = False
    op.create_table(
        name,
        sa.Column("tenant_id", sa.String(36), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("tenant_id", *keys, name=f"pk_{name}"),
        _tenant(name),
    )


def _tokens() -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in ("input_tokens", "output_tokens")]


def _tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], f"fk_{table}_tenant_id", ondelete="CASCADE")
