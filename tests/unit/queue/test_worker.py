"""The worker: full slots and no more, leases held, work stopped when told, nothing lost when it leaves."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Table

from addon.queue.broker import Wakes
from addon.queue.lane import End, Lane, Pace
from addon.queue.worker import Worker
from addon.store import leases
from addon.store.db import Database
from addon.store.holding import Holding
from addon.store.ids import new_id
from addon.store.leases import Claims, Ending, Lease
from addon.store.migrate import migrate
from addon.store.tables.runs import publications, runs
from addon.store.trouble import DatabaseDown
from tests.rows import add_publication, add_run, add_tenant, row_of, states
from tests.services import PostgreSQL

FAST = Pace(heartbeat_s=0.1, sweep_s=0.1, soft_s=60.0)


class Job:
    """Finishes rows after `work`, and keeps count."""

    def __init__(self, db: Database, table: Table, work: Callable[[Lease], Awaitable[None]]) -> None:
        self._db, self._table, self._work = db, table, work
        self.begun: list[str] = []
        self.now = self.most = 0

    async def execute(self, lease: Lease) -> None:
        self.begun.append(lease.id)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self._work(lease)
        finally:
            self.now -= 1
        await self._finish(lease, Ending("succeeded"))

    async def cut_short(self, lease: Lease, end: End) -> None:
        state = "cancelled" if end == "cancelled" else "failed"
        await self._finish(lease, Ending(state, {"error": end, "detail": ""}))

    async def _finish(self, lease: Lease, ending: Ending) -> None:
        async with self._db.begin() as tx:
            await leases.finish(tx, self._table, lease=lease, ending=ending, now=time.time())


def lane(db: Database, table: Table, queue: str, job: Job, lease_s: float = 5.0) -> Lane[Lease]:
    return Lane(Holding(db, Claims(table, "worker", lease_s)), queue, job)


async def briefly(lease: Lease) -> None:
    await asyncio.sleep(0.002)


async def for_ever(lease: Lease) -> None:
    await asyncio.sleep(3600)


@asynccontextmanager
async def at_work(
    db: Database, job: Job, *, slots: int = 10, pace: Pace = FAST, wait_s: float = 1.0, lease_s: float = 5.0
) -> AsyncIterator[tuple[Worker[Lease], Wakes]]:
    wakes = Wakes()
    holding = Holding(db, Claims(runs, new_id(), lease_s))
    lanes = [Lane(holding, "ai", job), Lane(holding, "priority", job)]
    worker = Worker(wakes, lanes=lanes, slots={"ai": slots, "priority": 2}, pace=pace)
    await wakes.start()
    await worker.start()
    try:
        yield worker, wakes
    finally:
        await worker.stop(wait_s)
        await wakes.stop()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the condition lives in a database
            await asyncio.sleep(0.02)


async def all_in(db: Database, table: Table, expected: dict[str, int]) -> None:
    async def reached() -> bool:
        return await states(db, table) == expected

    await until(reached)


async def test_worker_drains_two_hundred_rows_each_once_within_its_slots(database: Database) -> None:
    tenant_id = await add_tenant(database)
    for _ in range(200):
        await add_run(database, tenant_id)

    full = asyncio.Event()

    async def a_while(lease: Lease) -> None:
        if job.now == 7:
            full.set()
        # The first ones would be done before the last slot is taken where claims are slow.
        await full.wait()
        await asyncio.sleep(0.05)

    job = Job(database, runs, a_while)
    async with at_work(database, job, slots=7) as (_, wakes):
        await wakes.wake("ai")
        await all_in(database, runs, {"succeeded": 200})
    assert len(job.begun) == len(set(job.begun)) == 200
    assert job.most == 7


async def test_two_workers_share_the_rows_without_doing_one_twice(database: Database) -> None:
    tenant_id = await add_tenant(database)
    for _ in range(60):
        await add_run(database, tenant_id)
    one, two = Job(database, runs, briefly), Job(database, runs, briefly)
    async with at_work(database, one, slots=3) as (_, first), at_work(database, two, slots=3) as (_, second):
        await asyncio.gather(first.wake("ai"), second.wake("ai"))
        await all_in(database, runs, {"succeeded": 60})
    assert len(one.begun) + len(two.begun) == 60
    assert set(one.begun).isdisjoint(two.begun)


async def test_rows_nobody_woke_the_worker_for_are_found(database: Database) -> None:
    job = Job(database, runs, briefly)
    async with at_work(database, job):
        await add_run(database, await add_tenant(database))
        await all_in(database, runs, {"succeeded": 1})


async def test_row_that_becomes_due_later_is_worked_then(database: Database) -> None:
    job = Job(database, runs, briefly)
    run_id = await add_run(database, await add_tenant(database), run_at=time.time() + 0.5)
    async with at_work(database, job):
        await all_in(database, runs, {"succeeded": 1})
    row = await row_of(database, runs, run_id)
    assert row.started_at >= row.run_at


async def test_lease_is_renewed_while_the_work_lasts(database: Database) -> None:
    run_id = await add_run(database, await add_tenant(database))

    async def slowly(lease: Lease) -> None:
        await asyncio.sleep(3.0)

    job = Job(database, runs, slowly)
    async with at_work(database, job, lease_s=1.5, wait_s=30) as (_, wakes):
        await wakes.wake("ai")
        await all_in(database, runs, {"succeeded": 1})
    assert (await row_of(database, runs, run_id)).attempts == 1


async def test_work_whose_lease_was_lost_is_stopped_and_leaves_no_trace(database: Database) -> None:
    run_id = await add_run(database, await add_tenant(database))
    job = Job(database, runs, for_ever)
    async with at_work(database, job) as (worker, wakes):
        await wakes.wake("ai")
        await all_in(database, runs, {"running": 1})
        async with database.begin() as tx:
            await tx.execute(runs.update().values(worker="somebody else"))
        await idle(worker)
    row = await row_of(database, runs, run_id)
    assert (row.state, row.worker) == ("running", "somebody else")


async def test_row_left_by_a_silent_worker_is_taken_over(database: Database) -> None:
    await add_run(database, await add_tenant(database))
    async with database.begin() as tx:
        await Claims(runs, "dead", lease_s=0.3).claim(tx, "ai", limit=1, now=time.time())
    job = Job(database, runs, briefly)
    async with at_work(database, job):
        await all_in(database, runs, {"succeeded": 1})


async def test_request_to_cancel_stops_the_work(database: Database) -> None:
    tenant_id = await add_tenant(database)
    run_id = await add_run(database, tenant_id)
    calm = Pace(heartbeat_s=60, sweep_s=60)
    async with at_work(database, Job(database, runs, for_ever), pace=calm) as (_, wakes):
        await wakes.wake("ai")
        await all_in(database, runs, {"running": 1})
        async with database.begin() as tx:
            await leases.request_cancel(tx, runs, tenant_id=tenant_id, row_id=run_id, now=time.time())
        await wakes.look()
        await all_in(database, runs, {"cancelled": 1})


async def test_work_that_takes_too_long_fails_in_words(database: Database) -> None:
    run_id = await add_run(database, await add_tenant(database))
    hasty = Pace(heartbeat_s=5, sweep_s=5, soft_s=0.2)
    async with at_work(database, Job(database, runs, for_ever), pace=hasty) as (_, wakes):
        await wakes.wake("ai")
        await all_in(database, runs, {"failed": 1})
    assert (await row_of(database, runs, run_id)).error["error"] == "timed_out"


async def test_mistake_in_the_job_fails_its_row_and_no_other(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    tenant_id = await add_tenant(database)
    broken = await add_run(database, tenant_id)
    await add_run(database, tenant_id)

    async def work(lease: Lease) -> None:
        if lease.id == broken:
            raise ZeroDivisionError

    async with at_work(database, Job(database, runs, work)) as (_, wakes):
        await wakes.wake("ai")
        await all_in(database, runs, {"failed": 1, "succeeded": 1})
    assert (await row_of(database, runs, broken)).error["error"] == "crashed"
    assert "ZeroDivisionError" in caplog.text


async def test_stopping_waits_for_what_ends_soon_and_gives_the_rest_back(database: Database) -> None:
    tenant_id = await add_tenant(database)
    soon = await add_run(database, tenant_id)
    late = await add_run(database, tenant_id)

    leaving = asyncio.Event()

    async def work(lease: Lease) -> None:
        await leaving.wait()
        await asyncio.sleep(0.3 if lease.id == soon else 3600)

    async with at_work(database, Job(database, runs, work), wait_s=3.0) as (_, wakes):
        await wakes.wake("ai")
        await all_in(database, runs, {"running": 2})
        leaving.set()
        began = time.monotonic()
    assert time.monotonic() - began < 30
    row = await row_of(database, runs, late)
    assert (row.state, row.worker, row.crashes) == ("queued", None, 0)
    assert (await row_of(database, runs, soon)).state == "succeeded"


async def test_stopped_worker_claims_nothing_more(database: Database) -> None:
    tenant_id = await add_tenant(database)
    job = Job(database, runs, briefly)
    async with at_work(database, job) as (worker, _):
        pass
    await add_run(database, tenant_id)
    await worker.work("ai")
    assert job.begun == []


async def test_start_without_rivals_takes_everything_back_at_once(database: Database) -> None:
    await add_run(database, await add_tenant(database))
    async with database.begin() as tx:
        await Claims(runs, "dead", lease_s=3600).claim(tx, "ai", limit=1, now=time.time())
    wakes = Wakes()
    lanes = [lane(database, runs, "ai", Job(database, runs, briefly))]
    worker = Worker(wakes, lanes=lanes, slots={"ai": 1}, pace=FAST)
    await worker.start(alone=True)
    await all_in(database, runs, {"succeeded": 1})
    await worker.stop(1)
    await wakes.stop()


async def test_lanes_of_several_tables_share_a_queue(database: Database) -> None:
    tenant_id = await add_tenant(database)
    run_id = await add_run(database, tenant_id, queue="priority")
    await add_publication(database, tenant_id, run_id, queue="priority")
    wakes = Wakes()
    lanes = [lane(database, table, "priority", Job(database, table, briefly)) for table in (runs, publications)]
    worker = Worker(wakes, lanes=lanes, slots={"priority": 1}, pace=FAST)
    await worker.start()
    await wakes.wake("priority")
    for table in (runs, publications):
        await all_in(database, table, {"succeeded": 1})
    await worker.stop(1)
    await wakes.stop()


async def test_worker_goes_on_when_the_database_is_back() -> None:
    server = PostgreSQL()
    try:
        server.start()
        await migrate(server.url)
        db = Database.open(server.url)
        tenant_id = await add_tenant(db)
        job = Job(db, runs, briefly)
        async with at_work(db, job, lease_s=2.0):
            await add_run(db, tenant_id)
            await all_in(db, runs, {"succeeded": 1})
            server.kill()
            with pytest.raises(DatabaseDown):
                await add_run(db, tenant_id)
            await asyncio.sleep(0.5)
            server.start()
            await add_run(db, tenant_id)
            await all_in(db, runs, {"succeeded": 2})
        await db.close()
    finally:
        server.remove()


async def idle(worker: Worker[Lease]) -> None:
    async def reached() -> bool:
        return worker.busy == 0

    await until(reached)
