"""Who works on a row: claimed for a while, renewed while it lasts, given up when its worker falls silent.

Generic over every table with `lease_columns()`. The number of attempts is the fencing token: whoever holds an older one
changes nothing any more. Times are UTC seconds and come from the caller.

queued --claim--> running --finish--> succeeded | failed | cancelled
   ^                 |
   +-- retry, release, sweep
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, Update, case, exists, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.tables import tenants

LEASE_S = 30.0
_FREE: Mapping[str, Any] = {"worker": None, "lease_until": None}
WORKER_LOST = {"error": "worker_lost", "detail": "The work was interrupted again and again and has been given up."}


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one row. attempts: this attempt's number, from 1. last: no attempt follows it."""

    id: str
    tenant_id: str
    worker: str
    attempts: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """Rows of a queue that could start now. oldest: when the longest waiting one became due."""

    count: int
    oldest: float


@dataclass(frozen=True, slots=True)
class Ending:
    """How a row ends: its last state, the error a person will read, and other columns to set with it."""

    state: str
    error: Mapping[str, str] | None = None
    values: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """One worker's hold on the rows of one table. worker: a name no other process ever had."""

    table: Table
    worker: str
    lease_s: float = LEASE_S

    async def claim(self, tx: AsyncConnection, queue: str, *, limit: int, now: float) -> list[Lease]:
        """Takes up to `limit` due rows in one statement; two workers never get the same one.

        Rows of a tenant that is not installed stay where they are.
        """
        table = self.table
        due = (
            select(table.c.id)
            .where(_due(table, now), table.c.queue == queue)
            .order_by(table.c.priority.desc(), table.c.run_at, table.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=table)
            .cte("due")
        )
        statement = (
            update(table)
            .where(table.c.id.in_(select(due.c.id)), table.c.state == "queued")
            .values(
                state="running",
                worker=self.worker,
                lease_until=now + self.lease_s,
                attempts=table.c.attempts + 1,
                started_at=func.coalesce(table.c.started_at, now),
            )
            .returning(table.c.id, table.c.tenant_id, table.c.attempts, table.c.max_attempts)
        )
        rows = (await tx.execute(statement)).all()
        return [Lease(r.id, r.tenant_id, self.worker, r.attempts, r.attempts >= r.max_attempts) for r in rows]

    async def renew(self, tx: AsyncConnection, ids: Iterable[str], *, now: float) -> dict[str, bool]:
        """Holds on to the named rows. A row that is not in the answer is lost; True means that it must stop.

        By explicit ids: a claim whose reply was lost is on nobody's list and so comes free by itself.
        """
        table = self.table
        installed = select(tenants.c.state == "installed").where(tenants.c.id == table.c.tenant_id).scalar_subquery()
        statement = (
            self._mine(ids)
            .values(lease_until=now + self.lease_s)
            .returning(table.c.id, table.c.cancel_requested, installed.label("installed"))
        )
        return {row.id: bool(row.cancel_requested) or not row.installed for row in (await tx.execute(statement)).all()}

    async def release(self, tx: AsyncConnection, ids: Iterable[str], *, now: float) -> int:
        """Gives rows back when the worker stops: due at once, one more attempt allowed for the one cut short."""
        again = {"state": "queued", "run_at": now, "max_attempts": self.table.c.max_attempts + 1, **_FREE}
        return (await tx.execute(self._mine(ids).values(again))).rowcount

    def _mine(self, ids: Iterable[str]) -> Update:
        c = self.table.c
        return update(self.table).where(c.id.in_(list(ids)), c.worker == self.worker, c.state == "running")


def held(table: Table, lease: Lease) -> ColumnElement[bool]:
    """The fence: true for the row as long as this very attempt holds it."""
    return (
        (table.c.id == lease.id)
        & (table.c.tenant_id == lease.tenant_id)
        & (table.c.worker == lease.worker)
        & (table.c.attempts == lease.attempts)
        & (table.c.state == "running")
    )


async def finish(tx: AsyncConnection, table: Table, lease: Lease, ending: Ending, *, now: float) -> bool:
    """False when the lease was lost meanwhile: then nothing was changed and the caller's outcome must be dropped."""
    statement = (
        update(table)
        .where(held(table, lease))
        .values(**dict(ending.values or {}), state=ending.state, error=ending.error, finished_at=now, **_FREE)
    )
    return (await tx.execute(statement)).rowcount == 1


async def retry(
    tx: AsyncConnection, table: Table, lease: Lease, *, run_at: float, error: Mapping[str, str] | None
) -> bool:
    """Puts the row back until `run_at`; False when the lease was lost."""
    return await _put_back(tx, table, lease, {"run_at": run_at, "error": error})


async def postpone(tx: AsyncConnection, table: Table, lease: Lease, *, run_at: float) -> bool:
    """As retry, for a row that only has to wait its turn: one more attempt is allowed.

    The number of attempts itself never goes down: it is the fencing token, and says that an effect may exist already.
    """
    return await _put_back(tx, table, lease, {"run_at": run_at, "max_attempts": table.c.max_attempts + 1})


async def sweep(tx: AsyncConnection, table: Table, *, now: float) -> int:
    """Takes rows back whose lease ran out: queued again, or failed when their attempts are used up."""
    return await _take_back(tx, table, table.c.lease_until < now, now)


async def reclaim(tx: AsyncConnection, table: Table, *, now: float) -> int:
    """Takes every running row back, for a start where no other worker can exist (SQLite with its exclusive lock)."""
    return await _take_back(tx, table, table.c.state == "running", now)


async def due(tx: AsyncConnection, table: Table, *, now: float) -> dict[str, Due]:
    """What waits, by queue."""
    statement = (
        select(table.c.queue, func.count().label("waiting"), func.min(table.c.run_at).label("oldest"))
        .where(_due(table, now))
        .group_by(table.c.queue)
    )
    return {row.queue: Due(row.waiting, row.oldest) for row in (await tx.execute(statement)).all()}


async def request_cancel(tx: AsyncConnection, table: Table, tenant_id: str, row_id: str, *, now: float) -> None:
    """A waiting row ends at once, a running one is told to; an ended one stays as it is."""
    mine = (table.c.tenant_id == tenant_id, table.c.id == row_id)
    waiting = update(table).where(*mine, table.c.state == "queued").values(state="cancelled", finished_at=now, **_FREE)
    if (await tx.execute(waiting)).rowcount == 0:
        await tx.execute(update(table).where(*mine, table.c.state == "running").values(cancel_requested=True))


def _due(table: Table, now: float) -> ColumnElement[bool]:
    installed = exists().where(tenants.c.id == table.c.tenant_id, tenants.c.state == "installed")
    return (table.c.state == "queued") & (table.c.run_at <= now) & installed


async def _put_back(tx: AsyncConnection, table: Table, lease: Lease, values: Mapping[str, Any]) -> bool:
    statement = update(table).where(held(table, lease)).values({**values, "state": "queued", **_FREE})
    return (await tx.execute(statement)).rowcount == 1


async def _take_back(tx: AsyncConnection, table: Table, which: ColumnElement[bool], now: float) -> int:
    over = or_(table.c.attempts >= table.c.max_attempts, table.c.cancel_requested)
    ended = case((table.c.cancel_requested, "cancelled"), (over, "failed"), else_="queued")
    nothing = literal(None, table.c.error.type)
    lost = case((table.c.cancel_requested, nothing), (over, literal(WORKER_LOST, table.c.error.type)), else_=nothing)
    statement = (
        update(table)
        .where(table.c.state == "running", which)
        .values(state=ended, error=lost, run_at=now, finished_at=case((over, now), else_=None), **_FREE)
    )
    return (await tx.execute(statement)).rowcount
