"""What models may cost a site, what is reserved for asks under way, and what they have cost."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, String, Table

from addon.store.tables.base import Document, Id, metadata, tenant_id

tenant_keys = Table(
    "tenant_keys",
    metadata,
    tenant_id(primary_key=True),
    Column("provider", String(16), primary_key=True),  # of a fallback; it lives where the provider itself does
    Column("api_key", LargeBinary, nullable=False),  # sealed
    Column("updated_at", Float, nullable=False),
)

budgets = Table(
    "budgets",
    metadata,
    tenant_id(primary_key=True),
    Column("limits", Document, nullable=False),  # only those that are set, by name
    Column("updated_by", String(128)),
    Column("updated_at", Float, nullable=False),
)

spending = Table(
    "spending",
    metadata,
    tenant_id(primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),  # whole days since 1970 (UTC)
    Column("payer", String(16), primary_key=True),  # operator | site
    Column("provider", String(16), primary_key=True),
    Column("model", String(128), primary_key=True),
    Column("asks", Integer, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_usd", Float, nullable=False),  # of the tokens whose price is known
    Column("unpriced_tokens", BigInteger, nullable=False),
)

reservations = Table(
    "reservations",
    metadata,
    Column("id", Id, primary_key=True),
    tenant_id(),
    Column("day", Integer, nullable=False),
    Column("payer", String(16), nullable=False),
    Column("provider", String(16), nullable=False),
    Column("model", String(128), nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_usd", Float),  # null: nobody knows the price
    Column("expires_at", Float, nullable=False),  # after that the asking process is taken for dead
    Index("ix_reservations_tenant", "tenant_id", "expires_at"),
)

person_minutes = Table(
    "person_minutes",
    metadata,
    tenant_id(primary_key=True),
    Column("account_id", String(128), primary_key=True),
    Column("minute", Integer, primary_key=True, autoincrement=False),  # whole minutes since 1970
    Column("tokens", BigInteger, nullable=False),
)

budget_alerts = Table(
    "budget_alerts",
    metadata,
    tenant_id(primary_key=True),
    Column("owner", String(16), primary_key=True),  # whose limit: operator | site
    Column("budget", String(24), primary_key=True),
    Column("period", Integer, primary_key=True, autoincrement=False),  # the day, or the month since year 0
    Column("level", Integer, primary_key=True, autoincrement=False),  # per cent: 80 | 100
    Column("at", Float, nullable=False),
)
