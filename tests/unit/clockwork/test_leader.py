"""One of several leads: taken over when it falls silent, and nothing done by one that comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select, text

from addon.clockwork.leader import OFFICE, Leader, Tenure
from addon.store.db import Database
from addon.store.repos import leaders
from addon.store.tables.clockwork import leaders as rows

QUICK = Tenure(lease_s=2.0, renew_s=0.4)
"""A leader may be kept from saying that it is one for a second and more."""


@asynccontextmanager
async def standing(leader: Leader, log: list[str]) -> AsyncIterator[asyncio.Task[None]]:
    async def work() -> None:
        log.append(f"{leader.me} begins")
        try:
            await asyncio.Event().wait()
        finally:
            log.append(f"{leader.me} ends")

    task = asyncio.create_task(leader.lead(work))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(log: list[str], line: str) -> None:
    async with asyncio.timeout(60):
        while True:
            if line in log:
                return
            await asyncio.sleep(0.02)


async def test_one_of_two_works_and_the_other_follows_when_it_goes(database: Database) -> None:
    log: list[str] = []
    async with standing(Leader(database, "a", tenure=QUICK), log):
        await until(log, "a begins")
        other = standing(Leader(database, "b", tenure=QUICK), log)
        await other.__aenter__()
        await asyncio.sleep(QUICK.lease_s + 0.5)
        assert log == ["a begins"]
    await until(log, "b begins")
    assert log == ["a begins", "a ends", "b begins"]
    await other.__aexit__(None, None, None)


async def test_a_silent_one_is_followed_when_its_lease_is_over_and_fenced_off(database: Database) -> None:
    """As after kill -9 or a freeze: no word of goodbye."""
    async with database.single() as tx:
        assert await leaders.hold(tx, OFFICE, holder="dead", lease_s=2.0)
    async with database.single() as tx:
        assert not await leaders.hold(tx, OFFICE, holder="b", lease_s=2.0)
    log: list[str] = []
    async with standing(Leader(database, "b", tenure=QUICK), log):
        await until(log, "b begins")
        async with database.single() as tx:
            assert not await leaders.hold(tx, OFFICE, holder="dead", lease_s=2.0)
            term = await leaders.term(tx, OFFICE)
        assert term is not None
        assert (term.holder, term.over) == ("b", False)


async def test_who_loses_the_office_stops_working(database: Database) -> None:
    log: list[str] = []
    leader = Leader(database, "a", tenure=QUICK)
    async with standing(leader, log):
        await until(log, "a begins")
        async with database.single() as tx:
            assert await leaders.hold(tx, OFFICE, holder="b", lease_s=60, by_force=True)
        await until(log, "a ends")
        assert not leader.leads


async def test_a_leader_that_cannot_reach_the_database_stops_when_its_lease_is_over(database: Database) -> None:
    log: list[str] = []
    leader = Leader(database, "a", tenure=QUICK)
    async with standing(leader, log):
        await until(log, "a begins")
        # Nobody else comes to the only connection of SQLite meanwhile, and on PostgreSQL not to the row.
        async with database.begin() as tx:
            await tx.execute(select(rows).with_for_update())
            await until(log, "a ends")
    assert log[:2] == ["a begins", "a ends"]


async def test_alone_it_does_not_wait_for_the_dead(database: Database) -> None:
    async with database.single() as tx:
        assert await leaders.hold(tx, OFFICE, holder="dead", lease_s=3600)
    log: list[str] = []
    async with standing(Leader(database, "a", tenure=QUICK, alone=True), log):
        await until(log, "a begins")


async def test_the_term_goes_on_while_it_is_renewed(database: Database) -> None:
    async with database.begin() as tx:
        await leaders.hold(tx, OFFICE, holder="a", lease_s=5)
        first = await leaders.term(tx, OFFICE)
        await leaders.hold(tx, OFFICE, holder="a", lease_s=10)
        second = await leaders.term(tx, OFFICE)
    assert first is not None
    assert second is not None
    assert (second.since, second.until > first.until) == (first.since, True)


async def test_work_that_fails_is_begun_again(database: Database) -> None:
    tries: list[str] = []

    async def work() -> None:
        tries.append("begun again" if tries else "begun")
        raise ZeroDivisionError

    task = asyncio.create_task(Leader(database, "a", tenure=QUICK).lead(work))
    await until(tries, "begun again")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_refusal_that_nobody_expected_ends_nobody_who_stands_ready(database: Database) -> None:
    """Such as a right that was taken away for a while, or a table that a restore has not brought back yet."""
    log: list[str] = []
    async with standing(Leader(database, "a", tenure=QUICK), log):
        await until(log, "a begins")
        async with database.begin() as tx:
            await tx.execute(text("ALTER TABLE leaders RENAME TO leaders_away"))
        await until(log, "a ends")
        async with database.begin() as tx:
            await tx.execute(text("ALTER TABLE leaders_away RENAME TO leaders"))
        log.clear()
        await until(log, "a begins")
