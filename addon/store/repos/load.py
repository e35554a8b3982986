"""How much waits and how much is at work, told by the rows alone; every look is one statement and reads indexes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, case, cast, func, literal_column, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.instant import instant
from addon.store.tables.clockwork import schedules
from addon.store.tables.runs import publications, runs
from addon.store.tables.tenants import tenants

TABLES = (runs, publications)
MINUTE_S = 60.0
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Heap:
    """Rows of one site in one queue. waiting: due, or waiting for its turn. later: of those, put off to a later try.

    oldest_s: how long the longest waiting one has been due, 0 when none is.
    """

    tenant_id: str
    queue: str
    waiting: int
    later: int
    working: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class Pace:
    """Rows of one queue. started: worked for the first time in the last minute. failed: for good in the last hour."""

    started: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Site:
    """paused: Jira refuses the add-on there, so its work waits."""

    base_url: str
    state: str
    paused: bool


@dataclass(frozen=True, slots=True)
class Slot:
    """When a schedule comes next, in UTC seconds."""

    name: str
    next_at: float


async def moment(tx: AsyncConnection) -> float:
    """The database's clock in UTC seconds, for `now` of the looks below: as a parameter it lets indexes answer."""
    return float((await tx.execute(select(instant(tx)))).scalar_one())


async def heaps(
    tx: AsyncConnection, queues: Collection[str], *, now: float, tenant_id: str | None = None
) -> list[Heap]:
    """What waits and works in these queues, of one site or of all."""
    look = _Look(tuple(queues), tenant_id, now)
    rows = union_all(*(part for table in TABLES for part in (look.queued(table), look.running(table)))).subquery()
    query = select(
        rows.c.tenant_id,
        rows.c.queue,
        func.sum(rows.c.waiting).label("waiting"),
        func.sum(rows.c.later).label("later"),
        func.sum(rows.c.working).label("working"),
        func.min(rows.c.oldest).label("oldest"),
    ).group_by(rows.c.tenant_id, rows.c.queue)
    return [
        Heap(row.tenant_id, row.queue, int(row.waiting), int(row.later), int(row.working), _age_s(row.oldest, now))
        for row in await tx.execute(query)
    ]


async def paces(tx: AsyncConnection, *, now: float, tenant_id: str | None = None) -> dict[str, Pace]:
    """By queue: what began lately and what failed, of one site or of all."""
    parts = []
    for table in TABLES:
        began = (table.c.started_at.is_not(None), table.c.started_at >= now - MINUTE_S)
        failed = (table.c.state == literal_column("'failed'"), table.c.finished_at >= now - HOUR_S)
        parts += [
            select(table.c.queue, func.count().label("started"), _zero().label("failed"))
            .where(*began, *_of(table, tenant_id))
            .group_by(table.c.queue),
            select(table.c.queue, _zero().label("started"), func.count().label("failed"))
            .where(*failed, *_of(table, tenant_id))
            .group_by(table.c.queue),
        ]
    rows = union_all(*parts).subquery()
    query = select(rows.c.queue, func.sum(rows.c.started).label("started"), func.sum(rows.c.failed).label("failed"))
    found = await tx.execute(query.group_by(rows.c.queue))
    return {row.queue: Pace(int(row.started), int(row.failed)) for row in found}


async def sites(tx: AsyncConnection, ids: Collection[str]) -> Mapping[str, Site]:
    """By tenant id."""
    c = tenants.c
    query = select(c.id, c.base_url, c.state, c.paused_until.is_not(None).label("paused")).where(c.id.in_(list(ids)))
    return {row.id: Site(row.base_url, row.state, bool(row.paused)) for row in await tx.execute(query)}


async def soonest(tx: AsyncConnection, *, limit: int) -> list[Slot]:
    """The schedules of the deployment and of sites that come next."""
    query = select(schedules.c.name, schedules.c.next_at).order_by(schedules.c.next_at, schedules.c.name).limit(limit)
    return [Slot(*row) for row in await tx.execute(query)]


@dataclass(frozen=True, slots=True)
class _Look:
    queues: tuple[str, ...]
    tenant_id: str | None
    now: float

    def queued(self, table: Any) -> Select[Any]:
        later = func.sum(case((table.c.run_at > self.now, 1), else_=0))
        columns = (func.count().label("waiting"), later.label("later"), _zero().label("working"))
        return self._grouped(table, "queued").add_columns(*columns, func.min(table.c.run_at).label("oldest"))

    def running(self, table: Any) -> Select[Any]:
        columns = (_zero().label("waiting"), _zero().label("later"), func.count().label("working"))
        return self._grouped(table, "running").add_columns(*columns, cast(null(), Float).label("oldest"))

    def _grouped(self, table: Any, state: str) -> Select[Any]:
        # Each state by a condition of its own and as it is, and queues by name: only so do the partial indexes answer.
        mine = (
            table.c.state == literal_column(f"'{state}'"),
            table.c.queue.in_(self.queues),
            *_of(table, self.tenant_id),
        )
        return select(table.c.tenant_id, table.c.queue).where(*mine).group_by(table.c.queue, table.c.tenant_id)


def _of(table: Any, tenant_id: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if tenant_id is None else (table.c.tenant_id == tenant_id,)


def _age_s(since: float | None, now: float) -> float:
    return 0.0 if since is None else max(0.0, now - since)


def _zero() -> ColumnElement[int]:
    return func.sum(0)
