"""Rows that come back to the worker that had them, and workers that were alive all along while nobody could renew."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from addon.queue.broker import Wakes
from addon.queue.lane import Pace
from addon.queue.worker import Worker
from addon.store.db import Database
from addon.store.holding import MOST_WAIT_S, Holding
from addon.store.leases import Claims, Lease
from addon.store.migrate import migrate
from addon.store.tables.runs import runs
from tests.rows import add_run, add_tenant, row_of, states
from tests.services import PostgreSQL
from tests.unit.queue.test_worker import Job, all_in, at_work, lane, until

CALM = Pace(heartbeat_s=60, sweep_s=60)


@pytest.fixture
async def server() -> AsyncIterator[PostgreSQL]:
    server = PostgreSQL()
    try:
        server.start()
        await migrate(server.url)
        yield server
    finally:
        server.remove()


async def test_row_that_comes_back_ends_its_older_attempt_and_every_slot_comes_free(database: Database) -> None:
    run_id = await add_run(database, await add_tenant(database))
    told: list[int] = []
    cleared, go = asyncio.Event(), asyncio.Event()

    async def ends_slowly(lease: Lease) -> None:
        try:
            await go.wait()
        except asyncio.CancelledError:
            told.append(lease.attempts)
            await cleared.wait()
            raise

    job = Job(database, runs, ends_slowly)
    async with at_work(database, job, slots=2, pace=CALM) as (worker, _):
        for attempt in (1, 2):
            await worker.work("ai")
            await until(partial(begun, job, attempt))
            if attempt == 1:
                # As the sweep of another process does when our lease ran out.
                async with database.begin() as tx:
                    await tx.execute(update(runs).values(state="queued", worker=None, lease_until=None))
        await until(lambda: is_true(told == [1]))
        assert worker.load["ai"] == (2, 2)
        await worker.look()
        cleared.set()
        await until(lambda: is_true(worker.busy == 1))
        go.set()
        await all_in(database, runs, {"succeeded": 1})
        await until(lambda: is_true(worker.busy == 0))
        assert worker._rooms["ai"].free == 2
    assert (told, (await row_of(database, runs, run_id)).attempts) == ([1], 2)


@pytest.mark.parametrize("stale", [False, True])
async def test_sweep_that_hung_with_the_database_takes_nobody_s_row(server: PostgreSQL, stale: bool) -> None:
    holder, sweeper = Database.open(server.url), Database.open(server.url)
    try:
        await add_run(holder, await add_tenant(holder))
        await Holding(holder, Claims(runs, "holder", 2 * MOST_WAIT_S)).claim("ai", 1)
        others = Holding(sweeper, Claims(runs, "other"))
        await others.sweep()
        if stale:
            # The time is asked for first, and said when the database is back.
            sweeper._clock._looked -= 100
        server.freeze()
        sweep = asyncio.create_task(others.sweep())
        await asyncio.sleep(2 * MOST_WAIT_S + 1)
        server.thaw()
        assert (await sweep)[0] == 0
        # As soon as the database answers in its usual time.
        await until(partial(takes_one, others))
    finally:
        await holder.close()
        await sweeper.close()


@pytest.mark.parametrize("hangs", [False, True])
async def test_worker_waits_for_the_others_when_it_begins_and_when_its_sweep_hung(
    database: Database, hangs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = await add_run(database, await add_tenant(database))
    await Holding(database, Claims(runs, "silent")).claim("ai", 1)
    job, pace, moment = Job(database, runs, begun_only), Pace(heartbeat_s=50, sweep_s=600), [1000.0]
    monkeypatch.setattr("addon.queue.worker.time", SimpleNamespace(monotonic=lambda: moment[0]))
    worker = Worker(Wakes(), lanes=[lane(database, runs, "ai", job)], slots={"ai": 1}, pace=pace)
    await worker.start()
    if hangs:
        for _ in range(2):
            moment[0] += 60
            await worker._sweep()
        sweep = Holding.sweep

        async def hung(self: Holding, *, take_back: bool = True) -> object:
            moment[0] += 110
            return await sweep(self, take_back=False)

        with monkeypatch.context() as patched:
            patched.setattr(Holding, "sweep", hung)
            await worker._sweep()
    async with database.begin() as tx:
        await tx.execute(update(runs).values(lease_until=1.0))
    await worker._sweep()
    assert await states(database, runs) == {"running": 1}
    for _ in range(3):
        moment[0] += 40
        await worker._sweep()
    assert (await row_of(database, runs, run_id)).crashes == 1
    await worker.stop(0)


async def takes_one(holding: Holding) -> bool:
    return (await holding.sweep())[0] == 1


async def begun_only(lease: Lease) -> None:
    """Done at once."""


async def begun(job: Job, count: int) -> bool:
    return len(job.begun) >= count


async def is_true(value: bool) -> bool:
    return value
