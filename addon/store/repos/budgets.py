"""Rows of `budgets`, `budget_alerts` and `person_minutes`: a site's own limits, and who came close to which."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import delete, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.inserts import Insert, insert_into
from addon.store.tables.money import budget_alerts, budgets, person_minutes

MINUTES_KEPT = 5


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """limits: by name, only those that are set. updated_at: UTC seconds."""

    limits: dict[str, Any]
    updated_by: str | None
    updated_at: float


@dataclass(frozen=True, slots=True)
class Alert:
    """owner: whose limit, operator | site. period: the day, or the month since year 0. level: per cent of the limit."""

    owner: str
    budget: str
    period: int
    level: int


async def get(tx: AsyncConnection, tenant_id: str, *, lock: bool = False) -> BudgetRow | None:
    query = select(budgets).where(budgets.c.tenant_id == tenant_id)
    row = (await tx.execute(query.with_for_update() if lock else query)).first()
    return BudgetRow(dict(row.limits), row.updated_by, row.updated_at) if row else None


async def save(tx: AsyncConnection, tenant_id: str, *, row: BudgetRow) -> None:
    values = {"limits": row.limits, "updated_by": row.updated_by, "updated_at": row.updated_at}
    await tx.execute(
        insert_into(tx, budgets)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_update(index_elements=["tenant_id"], set_=values)
    )


async def raise_alert(tx: AsyncConnection, tenant_id: str, *, alert: Alert, now: float) -> bool:
    """False when it was raised in this period already."""
    done = await tx.execute(
        insert_into(tx, budget_alerts)
        .values(
            tenant_id=tenant_id,
            owner=alert.owner,
            budget=alert.budget,
            period=alert.period,
            level=alert.level,
            at=now,
        )
        .on_conflict_do_nothing()
    )
    return done.rowcount > 0


async def alerts(tx: AsyncConnection, tenant_id: str, *, periods: Iterable[int]) -> set[Alert]:
    """Those raised in any of these periods."""
    columns = budget_alerts.c
    query = select(columns.owner, columns.budget, columns.period, columns.level).where(
        columns.tenant_id == tenant_id, columns.period.in_(set(periods))
    )
    return {Alert(*row) for row in (await tx.execute(query)).all()}


async def forget_alerts(tx: AsyncConnection, tenant_id: str, *, owner: str, budgets: list[str]) -> None:
    """A limit that was changed is told about anew."""
    await tx.execute(
        delete(budget_alerts).where(
            budget_alerts.c.tenant_id == tenant_id,
            budget_alerts.c.owner == owner,
            budget_alerts.c.budget.in_(budgets),
        )
    )


async def add_to_minute(tx: AsyncConnection, tenant_id: str, *, account_id: str, minute: int, tokens: int) -> None:
    """tokens may be negative, where more was counted before than it came to."""
    mine = {"tenant_id": tenant_id, "account_id": account_id, "minute": minute, "tokens": tokens}
    await tx.execute(_counting(tx.dialect.name), mine)


async def drop_minutes(tx: AsyncConnection, tenant_id: str, *, minute: int) -> None:
    """Deletes what was long over at this minute."""
    c = person_minutes.c
    await tx.execute(delete(person_minutes).where(c.tenant_id == tenant_id, c.minute < minute - MINUTES_KEPT))


@cache
def _counting(dialect: str) -> Insert:
    # Built once: to put it together takes longer than to run it.
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(person_minutes)
    more = person_minutes.c.tokens + literal_column("excluded.tokens")
    return new.on_conflict_do_update(index_elements=["tenant_id", "account_id", "minute"], set_={"tokens": more})
