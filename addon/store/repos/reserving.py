"""An ask's way through `reservations` and `spending`: put aside before it, booked after it, and how a site stands.

A site with a limit goes the careful way: whoever reserves or settles holds the tenant's row until the end of the
transaction, so that what was summed is still true when it is written. Where no limit is set nothing is summed, and one
statement that looks for itself that there is none does it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Float,
    Insert,
    Integer,
    String,
    Subquery,
    Table,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy import exists as there_is
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.db import Database
from addon.store.repos.spending import AMOUNTS, PLACE, Amount, Reservation, Sum, book, bookable
from addon.store.swift import Swift
from addon.store.tables.money import budgets, person_minutes, reservations, spending
from addon.store.tables.tenants import tenants

PAYERS = ("operator", "site")
_SUMS = tuple(each.name for each in fields(Sum))
_ME = bindparam("tenant_id", type_=String)
_NOW = bindparam("now", type_=Float)
_MINE = tenants.c.id == _ME
_OVERDUE = there_is().where(reservations.c.tenant_id == _ME, reservations.c.expires_at <= _NOW)
# Only limits that are set are stored, so that a site without any has no row or an empty document.
_UNLIMITED = ~there_is().where(budgets.c.tenant_id == _ME, cast(budgets.c.limits, String) != "{}")


@dataclass(frozen=True, slots=True)
class Books:
    """How a site stands. limits: as stored, by name. spent, held: by payer. minute: tokens of the person's minute.

    overdue: something is put aside for asks whose process has died.
    """

    limits: Mapping[str, Any]
    overdue: bool
    minute: int
    spent: Mapping[str, Sum]
    held: Mapping[str, Sum]


@dataclass(frozen=True, slots=True)
class Moment:
    """When the books are looked at, in UTC: seconds, and days since 1970. person: whose minute, "" for nobody's."""

    now: float
    today: int
    month_began: int
    person: str = ""
    minute: int = 0


async def put_aside(db: Database, tenant_id: str, *, row: Reservation, now: float) -> bool:
    """Reserves for a site that has no limits of its own; False for any other, and where `bury` has something to do.

    Raises DatabaseDown.
    """
    return bool(await db.swift(_PUTTING_ASIDE, {**_reserved(tenant_id, row), "now": now}))


async def reserve(tx: AsyncConnection, tenant_id: str, *, row: Reservation) -> None:
    await tx.execute(insert(reservations), _reserved(tenant_id, row))


async def booked(db: Database, tenant_id: str, *, row: Reservation, spent: Amount) -> bool:
    """As `settle`, for a site that has no limits of its own; False when there are some, and nothing was done.

    SQLite knows no statement that does both, and is not asked. Raises DatabaseDown.
    """
    if db.dialect != "postgresql":
        return False
    return bool(await db.swift(_BOOKING, _either(tenant_id, row, spent=spent)))


async def settle(tx: AsyncConnection, tenant_id: str, *, row: Reservation, spent: Amount) -> bool:
    """Books what an ask came to in place of what was put aside, and holds the tenant's row.

    Of one that was taken for dead, and booked as it was reserved, only the difference. False when there is no tenant.
    """
    if tx.dialect.name == "postgresql":
        return (await tx.execute(_settling(), _either(tenant_id, row, spent=spent))).first() is not None
    mine = {"tenant_id": tenant_id, "id": row.id}
    in_time = (await tx.execute(_RELEASING, mine)).rowcount > 0
    rest, asks = (spent, 1) if in_time else (spent.minus(row.amount), 0)
    return await book(tx, tenant_id, account=row.account, amount=rest, asks=asks)


async def look(tx: AsyncConnection, tenant_id: str, *, at: Moment) -> Books | None:
    """None when there is no such tenant."""
    asked = {"tenant_id": tenant_id, **{name: getattr(at, name) for name in Moment.__dataclass_fields__}}
    row = (await tx.execute(_looking(), asked)).first()
    if row is None:
        return None
    limits, overdue, minute, *sums = row
    each = [Sum(*sums[start : start + len(_SUMS)]) for start in range(0, len(sums), len(_SUMS))]
    spent, held = each[: len(PAYERS)], each[len(PAYERS) :]
    return Books(
        limits or {}, overdue, minute, dict(zip(PAYERS, spent, strict=True)), dict(zip(PAYERS, held, strict=True))
    )


def _reserved(tenant_id: str, row: Reservation) -> dict[str, Any]:
    return {
        "id": row.id,
        "tenant_id": tenant_id,
        **bookable(row.account),
        "input_tokens": row.amount.input_tokens,
        "output_tokens": row.amount.output_tokens,
        "cost_usd": row.amount.cost_usd,
        "expires_at": row.expires_at,
    }


def _either(tenant_id: str, row: Reservation, *, spent: Amount) -> dict[str, Any]:
    """Parameters of a booking: what it adds if the ask is settled in time, and if it was taken for dead."""
    place = {"tenant_id": tenant_id, "id": row.id, **bookable(row.account)}
    in_time = {f"n_{name}": value for name, value in spent.line(1).items()}
    late = {f"l_{name}": value for name, value in spent.minus(row.amount).line(0).items()}
    return {**place, **in_time, **late}


def _put_aside() -> Insert:
    c = reservations.c
    given = [tenants.c.id if each is c.tenant_id else bindparam(each.name, type_=each.type) for each in c]
    mine = select(*given).where(_MINE, _UNLIMITED, ~_OVERDUE)
    return insert(reservations).from_select(list(c), mine).returning(c.id)


def _booked(mine: CTE) -> Insert:
    """The reservation goes and the booking comes as one; what is booked depends on whether it was still there."""
    gone = (
        delete(reservations)
        .where(reservations.c.tenant_id == mine.c.id, reservations.c.id == bindparam("id", type_=String))
        .returning(reservations.c.id)
        .cte("gone")
    )
    place = [mine.c.id, *(bindparam(name, type_=spending.c[name].type) for name in PLACE[1:])]
    amounts = [
        case(
            (gone.c.id.is_not(None), bindparam(f"n_{name}", type_=spending.c[name].type)),
            else_=bindparam(f"l_{name}", type_=spending.c[name].type),
        )
        for name in AMOUNTS
    ]
    new = postgresql.insert(spending).from_select(
        (*PLACE, *AMOUNTS), select(*place, *amounts).select_from(mine.outerjoin(gone, true()))
    )
    more = {name: spending.c[name] + literal_column(f"excluded.{name}") for name in AMOUNTS}
    return new.on_conflict_do_update(index_elements=PLACE, set_=more).returning(spending.c.day)


@cache
def _settling() -> Insert:
    # The weakest lock that keeps its like out: new rows of the tenant, which look at it, go on.
    return _booked(select(tenants.c.id).where(_MINE).with_for_update(key_share=True).cte("mine"))


def _unlimited() -> CTE:
    # The lock that a new row takes on its tenant anyway, taken first: who deletes the tenant then waits, and so do we.
    return select(tenants.c.id).where(_MINE, _UNLIMITED).with_for_update(read=True, key_share=True).cte("mine")


@cache
def _looking() -> Any:
    limits = select(budgets.c.limits).where(budgets.c.tenant_id == _ME).scalar_subquery()
    minutes = person_minutes.c
    minute = select(minutes.tokens).where(
        minutes.tenant_id == _ME,
        minutes.account_id == bindparam("person", type_=String),
        minutes.minute == bindparam("minute", type_=Integer),
    )
    unpriced = case((reservations.c.cost_usd.is_(None), _tokens(reservations)), else_=0)
    spent = _summed(spending, spending.c.unpriced_tokens, name="spent")
    held = _summed(reservations, unpriced, name="held")
    return (
        select(limits, _OVERDUE, func.coalesce(minute.scalar_subquery(), 0), *spent.c, *held.c)
        .select_from(tenants.join(spent, true()).join(held, true()))
        .where(_MINE)
    )


def _summed(table: Table, unpriced: ColumnElement[int], *, name: str) -> Subquery:
    """One row: the fields of Sum in their order, of each payer."""
    tokens, usd = _tokens(table), func.coalesce(table.c.cost_usd, 0.0)
    now = table.c.day == bindparam("today", type_=Integer)
    sums = []
    for payer in PAYERS:
        his = table.c.payer == payer
        sums += [
            _whole(case((his & now, tokens), else_=0)),
            _whole(case((his, tokens), else_=0)),
            func.coalesce(func.sum(case((his & now, usd), else_=literal(0.0))), 0.0),
            func.coalesce(func.sum(case((his, usd), else_=literal(0.0))), 0.0),
            _whole(case((his, unpriced), else_=0)),
        ]
    this_month = table.c.day >= bindparam("month_began", type_=Integer)
    columns = [each.label(f"{name}_{number}") for number, each in enumerate(sums)]
    return select(*columns).where(table.c.tenant_id == _ME, this_month).subquery(name)


def _whole(value: ColumnElement[int]) -> ColumnElement[int]:
    # PostgreSQL sums whole numbers of eight bytes into its numeric.
    return cast(func.coalesce(func.sum(value), 0), BigInteger)


def _tokens(table: Table) -> ColumnElement[int]:
    return table.c.input_tokens + table.c.output_tokens


_RELEASING = delete(reservations).where(
    reservations.c.tenant_id == _ME, reservations.c.id == bindparam("id", type_=String)
)
_PUTTING_ASIDE = Swift(_put_aside(), _put_aside())
_BOOKING = Swift(_booked(_unlimited()), _booked(_unlimited()))
