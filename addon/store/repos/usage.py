"""Sums over a tenant's runs for the administration page."""

from dataclasses import dataclass

from sqlalchemy import Integer, cast, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.tables.runs import publications, runs

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class DayRow:
    """day: whole days since 1970 (UTC)."""

    day: int
    runs: int


@dataclass(frozen=True, slots=True)
class Usage:
    """by_state: state -> number of runs. issues: how many different ones. days: only those with a run, oldest first."""

    by_state: dict[str, int]
    issues: int
    days: tuple[DayRow, ...]


async def since(tx: AsyncConnection, tenant_id: str, *, start: float) -> Usage:
    """What a tenant's runs created at or after `start` (UTC seconds) came to."""
    mine = (runs.c.tenant_id == tenant_id, runs.c.created_at >= start)
    states = await tx.execute(select(runs.c.state, func.count()).where(*mine).group_by(runs.c.state))
    issues = await tx.scalar(select(func.count(runs.c.issue_id.distinct())).where(*mine))
    # A plain cast rounds on PostgreSQL and cuts on SQLite.
    day = cast(func.floor(runs.c.created_at / DAY_S), Integer)
    days = await tx.execute(select(day, func.count()).where(*mine).group_by(day).order_by(day))
    return Usage(
        {state: int(count) for state, count in states.all()},
        int(issues or 0),
        tuple(DayRow(int(number), int(count)) for number, count in days.all()),
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows that wait for a worker. oldest: UTC seconds from which the first of them may run, None without one."""

    table: str
    rows: int
    oldest: float | None


async def waiting(tx: AsyncConnection) -> list[Waiting]:
    """How long the queues are, over all tenants: for the operator's eyes only."""
    parts = [
        select(literal(table.name), func.count(), func.min(table.c.run_at)).where(table.c.state == "queued")
        for table in (runs, publications)
    ]
    return [Waiting(name, int(count), oldest) for name, count, oldest in (await tx.execute(union_all(*parts))).all()]
