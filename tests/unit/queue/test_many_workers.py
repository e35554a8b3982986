"""Several workers on one database: the living are left alone, the dead replaced, no row waits for the wrong one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import select

from addon.queue.broker import Wakes
from addon.queue.lane import Lane, Pace
from addon.queue.worker import Worker
from addon.store.db import Database
from addon.store.fairness import Share
from addon.store.holding import Holding
from addon.store.leases import Claims, Lease
from addon.store.tables.runs import runs
from tests.rows import add_run, add_tenant, row_of
from tests.unit.awake import awake
from tests.unit.queue.test_worker import Job, all_in, for_ever, until

LEASE_S = 2.0
PACE = Pace(heartbeat_s=0.4, sweep_s=0.2)


class Hand(Worker[Lease]):
    """A worker that can be struck dead: it says nothing more, and nobody is told."""

    def die(self) -> None:
        self._stopping = True
        for task in (*self._loops, *(working.task for working in self._attempts.at_work)):
            if task is not None:
                task.cancel()


@asynccontextmanager
async def crew(
    db: Database, jobs: Sequence[Job], *, slots: int = 10, share: Share | None = None
) -> AsyncIterator[list[Hand]]:
    """A worker for each job."""
    hands = []
    for number, job in enumerate(jobs):
        claims = Claims(runs, f"w{number}", LEASE_S, shares={"ai": share or Share()})
        hands.append(Hand(Wakes(), lanes=[Lane(Holding(db, claims), "ai", job)], slots={"ai": slots}, pace=PACE))
    for hand in hands:
        await hand.start()
    try:
        yield hands
    finally:
        for hand in hands:
            await hand.stop(0)


async def test_rows_of_a_dead_worker_are_taken_over_within_two_leases(database: Database) -> None:
    run_id = await add_run(database, await add_tenant(database))
    jobs = [Job(database, runs, for_ever), Job(database, runs, for_ever)]
    async with crew(database, jobs) as hands:
        await until_begun(jobs, 1)
        dead = next(number for number, job in enumerate(jobs) if job.begun)
        hands[dead].die()
        async with awake() as passed:
            await until_begun(jobs, 2)
            assert passed() < 2 * LEASE_S
        row = await row_of(database, runs, run_id)
        assert (row.worker, row.attempts, row.crashes) == (f"w{1 - dead}", 2, 1)


async def test_nothing_alive_is_worked_a_second_time(database: Database) -> None:
    tenant_id = await add_tenant(database)
    for _ in range(12):
        await add_run(database, tenant_id)

    async def through_several_leases(lease: Lease) -> None:
        await asyncio.sleep(2 * LEASE_S)

    jobs = [Job(database, runs, through_several_leases) for _ in range(3)]
    async with crew(database, jobs):
        await all_in(database, runs, {"succeeded": 12})
    async with database.begin() as tx:
        assert set((await tx.execute(select(runs.c.attempts))).scalars()) == {1}
    assert sum(len(job.begun) for job in jobs) == 12


async def test_worker_that_is_full_keeps_no_row_from_the_others(database: Database) -> None:
    tenant_id = await add_tenant(database)
    jobs = [Job(database, runs, for_ever), Job(database, runs, for_ever)]
    async with crew(database, jobs, slots=1) as hands:
        await add_run(database, tenant_id)
        await until_begun(jobs, 1)
        full = next(hand for hand, job in zip(hands, jobs, strict=True) if job.begun)
        await add_run(database, tenant_id)
        # The token comes to the one that cannot take it.
        await full.work("ai")
        await until_begun(jobs, 2)
    assert [len(job.begun) for job in jobs] == [1, 1]


async def test_slots_of_a_site_hold_over_all_workers(database: Database) -> None:
    tenant_id = await add_tenant(database)
    for _ in range(30):
        await add_run(database, tenant_id)
    most = 0

    async def briefly(lease: Lease) -> None:
        nonlocal most
        most = max(most, sum(job.now for job in jobs))
        await asyncio.sleep(0.01)

    jobs = [Job(database, runs, briefly), Job(database, runs, briefly)]
    async with crew(database, jobs, share=Share(3)):
        await all_in(database, runs, {"succeeded": 30})
    assert most <= 3


async def until_begun(jobs: Sequence[Job], count: int) -> None:
    async def reached() -> bool:
        return sum(len(job.begun) for job in jobs) >= count

    await until(reached)
