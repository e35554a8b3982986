"""Rows of `spending` and `reservations`: what models have cost a site, and what asks under way may still cost."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, exists, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.inserts import Insert
from addon.store.tables.money import reservations, spending
from addon.store.tables.tenants import tenants

PLACE = ("tenant_id", "day", "payer", "provider", "model")
AMOUNTS = ("asks", "input_tokens", "output_tokens", "cost_usd", "unpriced_tokens")
MODEL_CHARS = 128
"""What the columns hold; a longer name of a model is cut."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where a spending is booked. day: whole days since 1970 (UTC). payer: operator | site."""

    day: int
    payer: str
    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class Amount:
    """cost_usd: None when nobody knows the price."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def minus(self, other: "Amount") -> "Amount":
        cost = None if self.cost_usd is None else self.cost_usd - (other.cost_usd or 0.0)
        return Amount(self.input_tokens - other.input_tokens, self.output_tokens - other.output_tokens, cost)

    def line(self, asks: int) -> dict[str, Any]:
        """What it adds to a line of the books, by column: `AMOUNTS`."""
        # An unknown price adds nothing to the dollars, and is counted beside them instead of being taken for free.
        unpriced = self.tokens if self.cost_usd is None else 0
        return {
            "asks": asks,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": self.cost_usd or 0.0,
            "unpriced_tokens": unpriced,
        }


@dataclass(frozen=True, slots=True)
class Reservation:
    """expires_at: UTC seconds after which the process that asked is taken for dead."""

    id: str
    account: Account
    amount: Amount
    expires_at: float


@dataclass(frozen=True, slots=True)
class Sum:
    """Since the day and since the month began. unpriced: tokens of the month whose price nobody knows."""

    tokens_day: int = 0
    tokens_month: int = 0
    usd_day: float = 0.0
    usd_month: float = 0.0
    unpriced: int = 0

    def plus(self, other: "Sum") -> "Sum":
        return Sum(
            self.tokens_day + other.tokens_day,
            self.tokens_month + other.tokens_month,
            self.usd_day + other.usd_day,
            self.usd_month + other.usd_month,
            self.unpriced + other.unpriced,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the books."""

    account: Account
    asks: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced_tokens: int


# The weakest lock that keeps its like out: new rows of the tenant, which look at it, go on.
_LOCKING = select(tenants.c.id).where(tenants.c.id == bindparam("tenant_id")).with_for_update(key_share=True)


async def lock(tx: AsyncConnection, tenant_id: str) -> None:
    """Waits until no other transaction holds the tenant's row; what is read after that stays true.

    SQLite has one writer at a time as it is.
    """
    if tx.dialect.name == "postgresql":
        await tx.execute(_LOCKING, {"tenant_id": tenant_id})


async def bury(tx: AsyncConnection, tenant_id: str, *, now: float) -> None:
    """Books what asks of dead processes had reserved: whether the model was paid for them nobody can tell any more.

    In a transaction that holds the tenant's row.
    """
    # All of them first: whoever settles one holds it and waits for the books, never the other way round.
    c = reservations.c
    gone = delete(reservations).where(c.tenant_id == tenant_id, c.expires_at <= now).returning(*c)
    for row in (await tx.execute(gone)).all():
        account = Account(row.day, row.payer, row.provider, row.model)
        amount = Amount(row.input_tokens, row.output_tokens, row.cost_usd)
        await book(tx, tenant_id, account=account, amount=amount)


async def book(tx: AsyncConnection, tenant_id: str, *, account: Account, amount: Amount, asks: int = 1) -> bool:
    """Adds to the books; False when there is no such tenant.

    amount may be negative, where more was booked before than it came to.
    """
    values = {"tenant_id": tenant_id, **bookable(account), **amount.line(asks)}
    return (await tx.execute(_booking(tx.dialect.name), values)).rowcount > 0


def bookable(account: Account) -> dict[str, Any]:
    """The account as the columns hold it."""
    return {
        "day": account.day,
        "payer": account.payer,
        "provider": account.provider,
        "model": account.model[:MODEL_CHARS],
    }


@cache
def _booking(dialect: str) -> Insert:
    # Built once: to put it together takes longer than to run it.
    c = spending.c
    given = [bindparam(each.name, type_=each.type) for each in c]
    mine = select(*given).where(exists().where(tenants.c.id == bindparam("tenant_id")))
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(spending).from_select(list(c), mine)
    more = {name: c[name] + literal_column(f"excluded.{name}") for name in AMOUNTS}
    return new.on_conflict_do_update(index_elements=PLACE, set_=more)


async def since(tx: AsyncConnection, tenant_id: str, *, first_day: int) -> list[Line]:
    """The books from a day on, oldest first."""
    query = (
        select(spending)
        .where(spending.c.tenant_id == tenant_id, spending.c.day >= first_day)
        .order_by(spending.c.day, spending.c.provider, spending.c.model, spending.c.payer)
    )
    return [
        Line(
            Account(row.day, row.payer, row.provider, row.model),
            row.asks,
            row.input_tokens,
            row.output_tokens,
            row.cost_usd,
            row.unpriced_tokens,
        )
        for row in (await tx.execute(query)).all()
    ]
