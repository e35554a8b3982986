"""Rows of `spending` and `reservations`: what models have cost a site, and what asks under way may still cost.

Whoever reserves or settles holds the tenant's row (`lock`) until the end of the transaction, so that what was summed
is still true when it is written.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, case, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.db import insert_into
from addon.store.tables.money import reservations, spending
from addon.store.tables.tenants import tenants

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


async def lock(tx: AsyncConnection, tenant_id: str) -> bool:
    """Waits until no other transaction holds it; False when there is no such tenant."""
    # The weakest lock that keeps its like out: new rows of the tenant, which look at it, go on.
    query = select(tenants.c.id).where(tenants.c.id == tenant_id).with_for_update(key_share=True)
    return (await tx.execute(query)).first() is not None


async def reserve(tx: AsyncConnection, tenant_id: str, *, row: Reservation) -> None:
    await tx.execute(
        insert(reservations).values(
            id=row.id,
            tenant_id=tenant_id,
            day=row.account.day,
            payer=row.account.payer,
            provider=row.account.provider,
            model=row.account.model[:MODEL_CHARS],
            input_tokens=row.amount.input_tokens,
            output_tokens=row.amount.output_tokens,
            cost_usd=row.amount.cost_usd,
            expires_at=row.expires_at,
        )
    )


async def release(tx: AsyncConnection, tenant_id: str, *, reservation_id: str) -> bool:
    """False when it was gone already."""
    gone = await tx.execute(
        delete(reservations).where(reservations.c.tenant_id == tenant_id, reservations.c.id == reservation_id)
    )
    return gone.rowcount > 0


async def expired(tx: AsyncConnection, tenant_id: str, *, now: float) -> list[Reservation]:
    """Those whose process has died, oldest first."""
    query = (
        select(reservations)
        .where(reservations.c.tenant_id == tenant_id, reservations.c.expires_at <= now)
        .order_by(reservations.c.expires_at)
    )
    return [
        Reservation(
            row.id,
            Account(row.day, row.payer, row.provider, row.model),
            Amount(row.input_tokens, row.output_tokens, row.cost_usd),
            row.expires_at,
        )
        for row in (await tx.execute(query)).all()
    ]


async def book(tx: AsyncConnection, tenant_id: str, *, account: Account, amount: Amount, asks: int = 1) -> None:
    """Adds to the books. amount may be negative, where more was booked before than it came to."""
    place = {
        "tenant_id": tenant_id,
        "day": account.day,
        "payer": account.payer,
        "provider": account.provider,
        "model": account.model[:MODEL_CHARS],
    }
    # An unknown price adds nothing to the dollars, and is counted beside them instead of being taken for free.
    values = {
        "asks": asks,
        "input_tokens": amount.input_tokens,
        "output_tokens": amount.output_tokens,
        "cost_usd": amount.cost_usd or 0.0,
        "unpriced_tokens": amount.tokens if amount.cost_usd is None else 0,
    }
    columns = spending.c
    await tx.execute(
        insert_into(tx, spending)
        .values(**place, **values)
        .on_conflict_do_update(
            index_elements=list(place), set_={name: columns[name] + value for name, value in values.items()}
        )
    )


async def spent(tx: AsyncConnection, tenant_id: str, *, today: int, month_began: int) -> dict[str, Sum]:
    """What was spent, by payer. today, month_began: days since 1970."""
    query = _sums(spending, spending.c.unpriced_tokens, today=today)
    mine = query.where(spending.c.tenant_id == tenant_id, spending.c.day >= month_began)
    return {payer: Sum(*map(_plain, parts)) for payer, *parts in (await tx.execute(mine)).all()}


async def held(tx: AsyncConnection, tenant_id: str, *, today: int, month_began: int) -> dict[str, Sum]:
    """What is reserved for asks under way, by payer, as `spent`."""
    unpriced = case((reservations.c.cost_usd.is_(None), _tokens(reservations)), else_=0)
    mine = _sums(reservations, unpriced, today=today).where(
        reservations.c.tenant_id == tenant_id, reservations.c.day >= month_began
    )
    return {payer: Sum(*map(_plain, parts)) for payer, *parts in (await tx.execute(mine)).all()}


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


def _sums(table: Table, unpriced: ColumnElement[Any], *, today: int) -> Select[Any]:
    """payer and the fields of Sum, in their order."""
    tokens, usd, now = _tokens(table), func.coalesce(table.c.cost_usd, 0.0), table.c.day == today
    return select(
        table.c.payer,
        func.sum(case((now, tokens), else_=0)),
        func.sum(tokens),
        func.sum(case((now, usd), else_=0.0)),
        func.sum(usd),
        func.sum(unpriced),
    ).group_by(table.c.payer)


def _tokens(table: Table) -> ColumnElement[int]:
    return table.c.input_tokens + table.c.output_tokens


def _plain(value: Any) -> Any:
    # PostgreSQL sums whole numbers of eight bytes into its numeric.
    return int(value) if isinstance(value, Decimal) else value
