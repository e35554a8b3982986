"""What a claim costs: fair, as the add-on makes it, and first come first served, as it did before.

`python -m bench.claims` starts a PostgreSQL of its own and prints a table: a claim that finds one due row, and one
among 100,000 rows of one site and 10 each of 500 others. `--slots` also lets one worker with 200 slots work through
jobs of five seconds.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as Printed
from sqlalchemy import event, exists, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.queue.broker import Wakes
from addon.queue.lane import End, Lane
from addon.queue.worker import Worker
from addon.store import leases
from addon.store.db import Database
from addon.store.fairness import Share
from addon.store.holding import Holding
from addon.store.ids import new_id
from addon.store.leases import Claims, Ending, Lease
from addon.store.migrate import migrate
from addon.store.tables.runs import runs
from addon.store.tables.tenants import tenants
from tests.conftest import administer, in_database
from tests.services import postgresql

CLAIMS = 200
GULP = 4
FLOOD, OTHERS, OF_EACH = 100_000, 500, 10
JOB_S, SLOTS, JOBS = 5.0, 200, 1000
FAIR = Claims(runs, "bench", shares={"ai": Share(200, 100_000)})

Claim = Callable[[AsyncConnection, float], Awaitable[int]]


@dataclass(frozen=True)
class Cost:
    """Of one claim: milliseconds of the wall clock, microseconds of this process's CPU, statements sent."""

    ms: float
    cpu_us: float
    statements: float


async def fair(tx: AsyncConnection, now: float) -> int:
    return len(await FAIR.claim(tx, "ai", limit=GULP, now=now))


async def by_age(tx: AsyncConnection, now: float) -> int:
    """The claim of the release before."""
    served = exists().where(
        tenants.c.id == runs.c.tenant_id, tenants.c.state == "installed", tenants.c.paused_until.is_(None)
    )
    due = (
        select(runs.c.id)
        .where((runs.c.state == "queued") & (runs.c.run_at <= now) & served, runs.c.queue == "ai")
        .order_by(runs.c.priority.desc(), runs.c.run_at, runs.c.id)
        .limit(GULP)
        .with_for_update(skip_locked=True, of=runs)
        .cte("due")
    )
    statement = (
        update(runs)
        .where(runs.c.id.in_(select(due.c.id)), runs.c.state == "queued")
        .values(
            state="running", worker="bench", lease_until=now + 30, attempts=runs.c.attempts + 1,
            started_at=func.coalesce(runs.c.started_at, now),
        )
        .returning(*(runs.c[name] for name in ("id", "tenant_id", "attempts", "created_at", "failures", "error")))
    )  # fmt: skip
    return len((await tx.execute(statement)).all())


async def old_index(db: Database) -> None:
    async with db.begin() as tx:
        for name in ("ix_runs_waiting", "ix_runs_working"):
            await tx.execute(text(f"DROP INDEX {name}"))
        await tx.execute(text("CREATE INDEX ix_runs_due ON runs (queue, priority, run_at) WHERE state = 'queued'"))


@asynccontextmanager
async def database(server: str) -> AsyncIterator[Database]:
    """A fresh one. server: of PostgreSQL; "" for a SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"bench_{new_id()}"
        url = in_database(server, name) if server else f"sqlite+aiosqlite:///{folder}/bench.db"
        if server:
            await administer(server, f'CREATE DATABASE "{name}"')
        await migrate(url)
        db = Database.open(url)
        yield db
        await db.close()


async def fill(db: Database, counts: list[int]) -> None:
    """A site for each of the counts, with so many due rows."""
    now = time.time() - 1000
    for count in counts:
        tenant_id = new_id()
        site = {"id": tenant_id, "client_key": tenant_id, "state": "installed", "base_url": "", "display_url": ""}
        row = {
            "tenant_id": tenant_id, "kind": "analysis", "trigger": "webhook", "params": {}, "state": "queued",
            "queue": "ai", "run_at": now, "created_at": now,
        }  # fmt: skip
        async with db.begin() as tx:
            await tx.execute(insert(tenants), {**site, "installed_at": now, "updated_at": now})
            for start in range(0, count, 5000):
                await tx.execute(insert(runs), [{**row, "id": new_id()} for _ in range(min(5000, count - start))])


async def cost(db: Database, claim: Claim, *, one: bool) -> Cost:
    """one: a single row is due before each claim."""
    said: list[str] = []
    event.listen(db.engine.sync_engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    seconds, cpu = [], 0.0
    for _ in range(CLAIMS + 10):
        if one:
            async with db.begin() as tx:
                await tx.execute(update(runs).values(state="queued", run_at=1.0))
        said.clear()
        began, used = time.perf_counter(), time.process_time()
        async with db.begin() as tx:
            assert await claim(tx, db.now())
        seconds.append(time.perf_counter() - began)
        cpu += time.process_time() - used
    return Cost(statistics.median(seconds[10:]) * 1e3, cpu / len(seconds) * 1e6, float(len(said)))


async def measured(server: str) -> list[tuple[str, Cost, Cost]]:
    """(what, first come first served, fair)"""
    found = []
    for name, counts in (("one due row", [1]), (f"{FLOOD:,} and {OTHERS} x {OF_EACH}", [FLOOD] + [OF_EACH] * OTHERS)):
        costs = []
        for claim in (by_age, fair):
            async with database(server) as db:
                if claim is by_age:
                    await old_index(db)
                await fill(db, counts)
                costs.append(await cost(db, claim, one=len(counts) == 1))
        found.append((name, costs[0], costs[1]))
    return found


class Sleep:
    """A job of five seconds of somebody else's time."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.left = JOBS
        self.done = asyncio.Event()

    async def execute(self, lease: Lease) -> None:
        await asyncio.sleep(JOB_S)
        async with self._db.begin() as tx:
            await leases.finish(tx, runs, lease=lease, ending=Ending("succeeded"), now=self._db.now())
        self.left -= 1
        if not self.left:
            self.done.set()

    async def cut_short(self, lease: Lease, end: End) -> None: ...


async def slots(server: str) -> tuple[float, float]:
    """(share of the ideal rate, CPU ms a job) of one worker with all of its slots taken."""
    async with database(server) as db:
        await fill(db, [JOBS // 10] * 10)
        job = Sleep(db)
        worker = Worker(Wakes(), lanes=[Lane(Holding(db, FAIR), "ai", job)], slots={"ai": SLOTS})
        began, used = time.monotonic(), time.process_time()
        await worker.start()
        await worker.work("ai")
        await job.done.wait()
        took_s = time.monotonic() - began
        await worker.stop(1)
        return JOBS * JOB_S / SLOTS / took_s, (time.process_time() - used) / JOBS * 1e3


async def main(server: str, *, with_slots: bool) -> None:
    printed = Printed("database", "due rows", "ms before", "ms", "CPU us before", "CPU us", "ratio", "statements")
    for name, url in (("sqlite", ""), ("postgresql", server)):
        for what, before, now in await measured(url):
            times = (f"{before.ms:.1f}", f"{now.ms:.1f}", f"{before.cpu_us:,.0f}", f"{now.cpu_us:,.0f}")
            printed.add_row(name, what, *times, f"{now.cpu_us / before.cpu_us:.2f}", f"{now.statements:.0f}")
    Console(width=120).print(printed)
    if with_slots:
        share, cpu_ms = await slots(server)
        Console().print(
            f"{SLOTS} slots, jobs of {JOB_S:.0f} s: {share:.0%} of the ideal rate, {cpu_ms:.1f} ms CPU a job"
        )


if __name__ == "__main__":
    with postgresql(fsync=True) as running:
        asyncio.run(main(running, with_slots="--slots" in sys.argv))
