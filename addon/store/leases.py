"""Who works on a row: claimed for a while, renewed while it lasts, given up when its worker falls silent.

Generic over every table with `lease_columns()`. The number of attempts is the fencing token: whoever holds an older one
changes nothing any more. Times are UTC seconds and come from the caller.

queued --claim--> running --finish--> succeeded | failed | cancelled
   ^                 |
   +-- retry, postpone, release, sweep

Only a worker that falls silent counts against a row: it may be the row that kills it. How long anything else is worth
another try is for the caller to say.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    String,
    Table,
    Update,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from addon.store.fairness import QUEUED, RUNNING, Share, Turn, at_any_time, next_rows, served, waiting
from addon.store.inserts import Insert
from addon.store.suspects import LAST_CHANCE, apart
from addon.store.tables.runs import paces
from addon.store.tables.tenants import tenants
from addon.store.terms import Term

LEASE_S = 30.0
MOST_CRASHES = LAST_CHANCE + 1
Order = Literal["", "cancel", "pause"]
"""What a worker is to do with a row it holds: go on, end it, or give it back."""
_UNLIMITED = Share()
_LOCKS = 0x4A56
# Also for a process that is frozen while it has the lock: the others wait for it no longer than this.
_ALONE = select(
    func.set_config("idle_in_transaction_session_timeout", "5s", True),
    func.pg_advisory_xact_lock(literal(_LOCKS, Integer), bindparam("key", type_=Integer)),
)
_CLAIMED = ("id", "tenant_id", "attempts", "created_at", "failures", "error", "crashes")
_FREE: Mapping[str, Any] = {"worker": None, "lease_until": None}
WORKER_LOST = {"error": "worker_lost", "detail": "The work was interrupted again and again and has been given up."}


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one row. attempts: this attempt's number, from 1.

    failures: how often in a row the attempts before it failed with an error like `failing`, a code. term: how long the
    worker may be sure of it.
    """

    id: str
    tenant_id: str
    worker: str
    attempts: int
    created_at: float = 0.0
    failures: int = 0
    failing: str = ""
    term: Term = field(default_factory=Term, compare=False, repr=False)

    @property
    def fence(self) -> dict[str, Any]:
        """What `fenced` asks for."""
        return {
            "f_id": self.id, "f_tenant_id": self.tenant_id, "f_worker": self.worker, "f_attempts": self.attempts
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Due:
    """Rows of a queue that could start now. age_s: for how long the longest waiting one could."""

    count: int
    age_s: float


@dataclass(frozen=True, slots=True)
class Ending:
    """How a row ends: its last state, the error a person will read, and other columns to set with it."""

    state: str
    error: Mapping[str, str] | None = None
    values: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """One worker's hold on the rows of one table. worker: a name no other process ever had.

    turn: given the time, a condition that due rows have to meet as well. shares: what one site may have, by queue.
    """

    table: Table
    worker: str
    lease_s: float = LEASE_S
    turn: Turn = field(default=at_any_time, compare=False)
    shares: Mapping[str, Share] = field(default_factory=dict, compare=False)

    async def claim(self, tx: AsyncConnection, queue: str, *, limit: int, now: float) -> list[Lease]:
        """Takes up to `limit` due rows in one statement; two workers never get the same one.

        The most urgent first, then of the sites that have the fewest rows at work (with this worker, where each has
        shares of its own), each within its share. Rows of a tenant that is not installed, or whose site is in trouble,
        stay where they are.
        """
        share = self.shares.get(queue, _UNLIMITED)
        rated = share.starts_per_minute > 0
        if tx.dialect.name == "postgresql":
            # What another claim takes at this moment must be seen by this one: one at a time in a queue, or in all of
            # them where the turn of a row hangs on rows of other queues.
            room = queue if self.turn is at_any_time else ""
            await tx.execute(_ALONE, {"key": zlib.crc32(f"{self.table.name} {room}".encode()) - 2**31})
        statement = _claiming(self.table, self.turn, dialect=tx.dialect.name, rated=rated, own=share.each_worker)
        ours = {"p_worker": self.worker, "p_until": now + self.lease_s}
        rows: list[Any] = []
        more = True
        while more:
            asked = share.asked(queue, limit=limit - len(rows), now=now)
            found = (await tx.execute(statement, {**asked, **ours})).all()
            kept, more = await apart(tx, self.table, worker=self.worker, claimed=found, now=now)
            rows += kept
        if rated and rows:
            await _begun(tx, queue, share=share, rows=rows, now=now)
        return [
            Lease(
                r.id, r.tenant_id, self.worker, r.attempts, r.created_at, r.failures, (r.error or {}).get("error", "")
            )
            for r in rows
        ]

    async def renew(self, tx: AsyncConnection, held: Iterable[Lease], *, now: float) -> dict[str, Order]:
        """Holds on to the rows and says what is to become of them, by id. A row that is not in the answer is lost.

        Only what is named: a claim whose reply was lost is on nobody's list and so comes free by itself.
        """
        table = self.table
        tenant = select(tenants.c.state).where(tenants.c.id == table.c.tenant_id).scalar_subquery()
        statement = (
            self._mine(held)
            .values(lease_until=now + self.lease_s)
            .returning(table.c.id, table.c.cancel_requested, tenant.label("tenant"))
        )
        return {row.id: _order(row.cancel_requested, row.tenant) for row in (await tx.execute(statement)).all()}

    async def release(self, tx: AsyncConnection, held: Iterable[Lease], *, now: float) -> int:
        """Gives rows back that the worker cannot go on with: due at once, and nothing is held against them."""
        return (await tx.execute(self._mine(held).values({"run_at": now, **_back(self.table, now)}))).rowcount

    def _mine(self, held: Iterable[Lease]) -> Update:
        c = self.table.c
        # The attempt too: the row may have come back to this very worker since.
        attempts = tuple_(c.id, c.attempts).in_([(lease.id, lease.attempts) for lease in held])
        return update(self.table).where(attempts, c.worker == self.worker, c.state == RUNNING)


@cache
def fenced(table: Table) -> Update:
    """Changes the row as long as this very attempt holds it. Executed with `Lease.fence` and the columns to set.

    Built once: to put it together takes longer than to run it.
    """
    c = table.c
    return update(table).where(
        c.id == bindparam("f_id", type_=String),
        c.tenant_id == bindparam("f_tenant_id", type_=String),
        c.worker == bindparam("f_worker", type_=String),
        c.attempts == bindparam("f_attempts", type_=Integer),
        c.state == RUNNING,
    )


async def finish(tx: AsyncConnection, table: Table, *, lease: Lease, ending: Ending, now: float) -> bool:
    """False when the lease was lost meanwhile: then nothing was changed and the caller's outcome must be dropped."""
    last = {**(ending.values or {}), "state": ending.state, "error": ending.error, "finished_at": now, **_FREE}
    return (await tx.execute(fenced(table), {**lease.fence, **last})).rowcount == 1


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
    back = fenced(table).values({"run_at": again.run_at, **told, **_back(table, now)})
    state: str | None = (await tx.execute(back.returning(table.c.state), lease.fence)).scalar_one_or_none()
    return state


async def sweep(tx: AsyncConnection, table: Table, *, now: float) -> int:
    """Takes rows back whose lease ran out: queued again, or failed when that has happened too often."""
    return await _take_back(tx, table, which=table.c.lease_until < now, now=now)


async def reclaim(tx: AsyncConnection, table: Table, *, now: float) -> int:
    """Takes every running row back, for a start where no other worker can exist (SQLite with its exclusive lock)."""
    return await _take_back(tx, table, which=true(), now=now)


async def due(tx: AsyncConnection, table: Table, *, now: float) -> dict[str, Due]:
    """What waits, by queue. Looks at every row of it: for those who watch."""
    waiting, oldest_run_at = func.count().label("waiting"), func.min(table.c.run_at).label("oldest")
    query = select(table.c.queue, waiting, oldest_run_at).join(tenants, tenants.c.id == table.c.tenant_id)
    query = query.where(served(tenants), table.c.state == QUEUED, table.c.run_at <= now).group_by(table.c.queue)
    return {row.queue: Due(row.waiting, now - row.oldest) for row in (await tx.execute(query)).all()}


async def queues(tx: AsyncConnection, table: Table, *, now: float) -> tuple[dict[str, float], dict[str, str]]:
    """The queues in which rows wait, and since when; those with rows of a site that has left, and of which one.

    Of any number of rows at the cost of a few.
    """
    found = (await tx.execute(waiting(table, dialect=tx.dialect.name), {"p_now": now})).all()
    since = {row.queue: row.since for row in found if row.since is not None}
    return since, {row.queue: row.left for row in found if row.left is not None}


async def request_cancel(tx: AsyncConnection, table: Table, *, tenant_id: str, row_id: str, now: float) -> None:
    """A waiting row ends at once, a running one is told to; an ended one stays as it is."""
    mine = (table.c.tenant_id == tenant_id, table.c.id == row_id)
    waiting = update(table).where(*mine, table.c.state == "queued").values(state="cancelled", finished_at=now, **_FREE)
    if (await tx.execute(waiting)).rowcount == 0:
        await tx.execute(update(table).where(*mine, table.c.state == "running").values(cancel_requested=True))


@cache
def _claiming(table: Table, turn: Turn, *, dialect: str, rated: bool, own: bool) -> ReturningUpdate[Any]:
    """Built once: to put it together takes longer than to run it."""
    following = next_rows(table, turn, dialect=dialect, rated=rated, own=own).scalar_subquery()
    due = select(table.c.id).where(table.c.id.in_(following), table.c.state == QUEUED)
    due = due.with_for_update(skip_locked=True, of=table)
    now = bindparam("p_now", type_=Float)
    return (
        update(table)
        .where(table.c.id.in_(select(due.cte("due").c.id)), table.c.state == QUEUED)
        .values(
            state="running",
            worker=bindparam("p_worker", type_=String),
            lease_until=bindparam("p_until", type_=Float),
            attempts=table.c.attempts + 1,
            started_at=func.coalesce(table.c.started_at, now),
        )
        .returning(*(table.c[name] for name in _CLAIMED))
    )


async def _begun(tx: AsyncConnection, queue: str, *, share: Share, rows: Iterable[Any], now: float) -> None:
    """Counts what was claimed towards the rates of the sites."""
    begun = Counter(row.tenant_id for row in rows)
    same = {"p_queue": queue, "p_now": now}
    spent = [{"p_tenant_id": tenant_id, "p_spent": count * share.each_s, **same} for tenant_id, count in begun.items()]
    await tx.execute(_spending(tx.dialect.name), spent if len(spent) > 1 else spent[0])


@cache
def _spending(dialect: str) -> Insert:
    now, spent = bindparam("p_now", type_=Float), bindparam("p_spent", type_=Float)
    fresh = {"tenant_id": bindparam("p_tenant_id"), "queue": bindparam("p_queue"), "paid_until": now + spent}
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(paces).values(fresh)
    later = case((paces.c.paid_until > now, paces.c.paid_until), else_=now) + spent
    return insert.on_conflict_do_update(index_elements=["tenant_id", "queue"], set_={"paid_until": later})


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
        .where(table.c.state == RUNNING, which)
        .values(state=ended, error=lost, crashes=table.c.crashes + 1)
        .values(run_at=now, finished_at=case((over, now), else_=None), **_FREE)
    )
    return (await tx.execute(statement)).rowcount
