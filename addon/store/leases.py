"""Who works on a row: claimed for a while, renewed while it lasts, given up when its worker falls silent.

Generic over every table with `lease_columns()`. The number of attempts is the fencing token: whoever holds an older one
changes nothing any more. Times are UTC seconds and come from the caller.

queued --claim--> running --finish--> succeeded | failed | cancelled
   ^                 |
   +-- retry, postpone, release, sweep

Only a worker that falls silent counts against a row: it may be the row that kills it. How long anything else is worth
another try is for the caller to say.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, Table, Update, case, exists, func, literal, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.tables.tenants import tenants

LEASE_S = 30.0
MOST_CRASHES = 3
Order = Literal["", "cancel", "pause"]
"""What a worker is to do with a row it holds: go on, end it, or give it back."""
_FREE: Mapping[str, Any] = {"worker": None, "lease_until": None}
WORKER_LOST = {"error": "worker_lost", "detail": "The work was interrupted again and again and has been given up."}


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one row. attempts: this attempt's number, from 1.

    failures: how often in a row the attempts before it failed with an error like `failing`, a code.
    """

    id: str
    tenant_id: str
    worker: str
    attempts: int
    created_at: float = 0.0
    failures: int = 0
    failing: str = ""


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
    """One worker's hold on the rows of one table. worker: a name no other process ever had.

    turn: given the time, a condition that due rows have to meet as well.
    """

    table: Table
    worker: str
    lease_s: float = LEASE_S
    turn: Callable[[float], ColumnElement[bool]] = field(default=lambda _: true(), compare=False)

    async def claim(self, tx: AsyncConnection, queue: str, *, limit: int, now: float) -> list[Lease]:
        """Takes up to `limit` due rows in one statement; two workers never get the same one.

        Rows of a tenant that is not installed, or whose site is in trouble, stay where they are.
        """
        table = self.table
        due = (
            select(table.c.id)
            .where(_due(table, now), self.turn(now), table.c.queue == queue)
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
            .returning(*(table.c[name] for name in ("id", "tenant_id", "attempts", "created_at", "failures", "error")))
        )
        return [
            Lease(
                r.id, r.tenant_id, self.worker, r.attempts, r.created_at, r.failures, (r.error or {}).get("error", "")
            )
            for r in (await tx.execute(statement)).all()
        ]

    async def renew(self, tx: AsyncConnection, ids: Iterable[str], *, now: float) -> dict[str, Order]:
        """Holds on to the named rows and says what is to become of them. A row that is not in the answer is lost.

        By explicit ids: a claim whose reply was lost is on nobody's list and so comes free by itself.
        """
        table = self.table
        tenant = select(tenants.c.state).where(tenants.c.id == table.c.tenant_id).scalar_subquery()
        statement = (
            self._mine(ids)
            .values(lease_until=now + self.lease_s)
            .returning(table.c.id, table.c.cancel_requested, tenant.label("tenant"))
        )
        return {row.id: _order(row.cancel_requested, row.tenant) for row in (await tx.execute(statement)).all()}

    async def release(self, tx: AsyncConnection, ids: Iterable[str], *, now: float) -> int:
        """Gives rows back that the worker cannot go on with: due at once, and nothing is held against them."""
        return (await tx.execute(self._mine(ids).values({"run_at": now, **_back(self.table, now)}))).rowcount

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


async def finish(tx: AsyncConnection, table: Table, *, lease: Lease, ending: Ending, now: float) -> bool:
    """False when the lease was lost meanwhile: then nothing was changed and the caller's outcome must be dropped."""
    statement = (
        update(table)
        .where(held(table, lease))
        .values(**dict(ending.values or {}), state=ending.state, error=ending.error, finished_at=now, **_FREE)
    )
    return (await tx.execute(statement)).rowcount == 1


@dataclass(frozen=True, slots=True)
class Again:
    """When a row is to be tried again and why. error: None leaves what the row says. failures: in a row, this included.

    The number of attempts itself never goes down: it is the fencing token, and says that an effect may exist already.
    """

    run_at: float
    error: Mapping[str, str] | None = None
    failures: int | None = None


async def retry(tx: AsyncConnection, table: Table, *, lease: Lease, again: Again, now: float) -> str | None:
    """Puts the row back; its new state, `cancelled` when that was asked for. None when the lease was lost."""
    told = {name: value for name in ("error", "failures") if (value := getattr(again, name)) is not None}
    back = update(table).where(held(table, lease)).values({"run_at": again.run_at, **told, **_back(table, now)})
    state: str | None = (await tx.execute(back.returning(table.c.state))).scalar_one_or_none()
    return state


async def sweep(tx: AsyncConnection, table: Table, *, now: float) -> int:
    """Takes rows back whose lease ran out: queued again, or failed when that has happened too often."""
    return await _take_back(tx, table, which=table.c.lease_until < now, now=now)


async def reclaim(tx: AsyncConnection, table: Table, *, now: float) -> int:
    """Takes every running row back, for a start where no other worker can exist (SQLite with its exclusive lock)."""
    return await _take_back(tx, table, which=table.c.state == "running", now=now)


async def due(tx: AsyncConnection, table: Table, *, now: float) -> dict[str, Due]:
    """What waits, by queue."""
    statement = (
        select(table.c.queue, func.count().label("waiting"), func.min(table.c.run_at).label("oldest"))
        .where(_due(table, now))
        .group_by(table.c.queue)
    )
    return {row.queue: Due(row.waiting, row.oldest) for row in (await tx.execute(statement)).all()}


async def request_cancel(tx: AsyncConnection, table: Table, *, tenant_id: str, row_id: str, now: float) -> None:
    """A waiting row ends at once, a running one is told to; an ended one stays as it is."""
    mine = (table.c.tenant_id == tenant_id, table.c.id == row_id)
    waiting = update(table).where(*mine, table.c.state == "queued").values(state="cancelled", finished_at=now, **_FREE)
    if (await tx.execute(waiting)).rowcount == 0:
        await tx.execute(update(table).where(*mine, table.c.state == "running").values(cancel_requested=True))


def _due(table: Table, now: float) -> ColumnElement[bool]:
    served = exists().where(
        tenants.c.id == table.c.tenant_id, tenants.c.state == "installed", tenants.c.paused_until.is_(None)
    )
    return (table.c.state == "queued") & (table.c.run_at <= now) & served


def _order(cancel_requested: bool, tenant: str) -> Order:
    # A disabled site comes back and finds its work as it was; whoever leaves has it cancelled row by row.
    if cancel_requested or tenant not in ("installed", "disabled"):
        return "cancel"
    return "pause" if tenant == "disabled" else ""


def _back(table: Table, now: float) -> dict[str, Any]:
    """Queued again, unless somebody asked for its end while it was worked."""
    over = table.c.cancel_requested
    return {"state": case((over, "cancelled"), else_="queued"), "finished_at": case((over, now), else_=None), **_FREE}


async def _take_back(tx: AsyncConnection, table: Table, *, which: ColumnElement[bool], now: float) -> int:
    over = or_(table.c.crashes + 1 >= MOST_CRASHES, table.c.cancel_requested)
    ended = case((table.c.cancel_requested, "cancelled"), (over, "failed"), else_="queued")
    nothing = literal(None, table.c.error.type)
    lost = case((table.c.cancel_requested, nothing), (over, literal(WORKER_LOST, table.c.error.type)), else_=nothing)
    statement = (
        update(table)
        .where(table.c.state == "running", which)
        .values(state=ended, error=lost, crashes=table.c.crashes + 1)
        .values(run_at=now, finished_at=case((over, now), else_=None), **_FREE)
    )
    return (await tx.execute(statement)).rowcount
