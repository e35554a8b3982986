"""Every slot is done once: by two keepers, after a crash, late, on a clock that jumps, and for each site alone."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.clockwork.leader import OFFICE
from addon.clockwork.schedules import Clock, Kinds, Schedules, Slot, Wanted
from addon.clockwork.slots import NoSchedule
from addon.errors import Forbidden, Unavailable
from addon.store.db import Database
from addon.store.repos import leaders
from addon.store.repos.audit import record
from addon.store.repos.schedules import Schedule
from addon.store.repos.tenants import change
from addon.store.tables.audit import audit
from tests.rows import add_tenant
from tests.stack import ROOT

pytestmark = pytest.mark.faults

DAY_S = 86400.0
MIDNIGHT = 20_000 * DAY_S
SLOT = MIDNIGHT + 2.5 * 3600


class Town:
    """A deployment with one schedule of one site, and a clock that is set by hand."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = MIDNIGHT
        self.tenant_id = ""
        self.woken: list[str] = []
        self.schedules = Schedules(db, now=lambda: self.now)

    async def open(self, kind: str = "start", holder: str = "a") -> None:
        self.tenant_id = await add_tenant(self.db)
        async with self.db.single() as tx:
            await leaders.hold(tx, OFFICE, holder=holder, lease_s=3600)
        await self.put(kind)

    async def put(self, kind: str = "start", cron: str = "30 2 * * *", zone: str = "UTC") -> None:
        payload = {"format": "csv"}
        await self.schedules.put(Wanted("x", kind, cron, zone, tenant_id=self.tenant_id, payload=payload))

    def clock(self, holder: str = "a", *, fail: Callable[[], None] = lambda: None) -> Clock:
        async def start(tx: AsyncConnection, slot: Slot) -> str:
            fail()
            assert slot.schedule.payload == {"format": "csv"}
            await record(tx, self.tenant_id, action="made.up", subject=str(slot.at))
            return "exports"

        async def chore(slot: Slot) -> None:
            fail()
            async with self.db.begin() as tx:
                await record(tx, self.tenant_id, action="made.up", subject=str(slot.at))

        async def wake(queue: str) -> None:
            self.woken.append(queue)

        kinds = Kinds({"start": start}, {"chore": chore})
        return Clock(self.db, kinds, holder=holder, wake=wake, now=lambda: self.now)

    async def at(self, now: float, *clocks: Clock) -> list[float]:
        """The slots done once every clock has looked at that time."""
        self.now = now
        await asyncio.gather(*(clock.tick() for clock in clocks))
        await asyncio.gather(*(clock.under_way() for clock in clocks))
        return await self.done()

    async def done(self) -> list[float]:
        query = select(audit.c.subject).where(audit.c.tenant_id == self.tenant_id, audit.c.action == "made.up")
        async with self.db.single() as tx:
            return sorted(float(subject) for subject in (await tx.execute(query)).scalars())

    async def marked(self) -> float | None:
        return (await self.schedule()).last_at

    async def schedule(self) -> Schedule:
        (found,) = await self.schedules.of(self.tenant_id)
        return found


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


KINDS = pytest.mark.parametrize("kind", ["start", "chore"])


@KINDS
async def test_a_slot_is_done_when_it_comes_and_once(town: Town, kind: str) -> None:
    await town.open(kind)
    clock = town.clock()
    assert await town.at(SLOT - 1, clock) == []
    assert await town.at(SLOT, clock) == [SLOT]
    assert await town.at(SLOT + 30, clock) == [SLOT]
    assert await town.at(SLOT + DAY_S, clock) == [SLOT, SLOT + DAY_S]
    schedule = await town.schedule()
    assert (schedule.last_at, schedule.next_at) == (SLOT + DAY_S, SLOT + 2 * DAY_S)
    assert town.woken == (["exports"] * 2 if kind == "start" else [])


async def test_two_clocks_of_one_leader_do_a_slot_once(town: Town) -> None:
    await town.open()
    assert await town.at(SLOT, *(town.clock() for _ in range(5))) == [SLOT]


@KINDS
async def test_missed_slots_are_made_up_for_once_and_late(town: Town, kind: str) -> None:
    await town.open(kind)
    clock = town.clock()
    week = SLOT + 7 * DAY_S
    assert await town.at(week - 1, clock) == [SLOT]
    assert await town.at(week - 0.5, clock) == [SLOT]
    assert await town.at(week, clock) == [SLOT, week]


@KINDS
async def test_a_clock_that_is_put_back_does_not_repeat_a_slot(town: Town, kind: str) -> None:
    await town.open(kind)
    clock = town.clock()
    await town.at(SLOT + 5, clock)
    town.now = SLOT - 60
    await clock.mend()
    for now in (SLOT - 60, SLOT, SLOT + 60):
        assert await town.at(now, clock) == [SLOT]
    assert await town.at(SLOT + DAY_S, clock) == [SLOT, SLOT + DAY_S]


async def test_a_clock_that_was_years_ahead_for_a_while_does_not_silence_a_schedule(town: Town) -> None:
    await town.open()
    clock = town.clock()
    await town.at(MIDNIGHT + 1000 * DAY_S, clock)
    assert (await town.schedule()).next_at > MIDNIGHT + 999 * DAY_S
    town.now = MIDNIGHT + 3600
    await clock.mend()
    assert (await town.schedule()).next_at == SLOT + DAY_S, "that of this night was done in advance"
    assert SLOT + DAY_S in await town.at(SLOT + DAY_S, clock)


@KINDS
async def test_the_nights_on_which_clocks_are_moved_have_one_run_each(town: Town, kind: str) -> None:
    for first in (1_774_652_400.0, 1_792_792_800.0):  # noon before: 2026-03-28 and 2026-10-24 in Paris
        town.now = first
        await town.open(kind) if not town.tenant_id else await town.put(kind, "31 2 * * *", "Europe/Paris")
        await town.put(kind, "30 2 * * *", "Europe/Paris")
        before = len(await town.done())
        clock = town.clock()
        for quarter in range(4 * 24):
            await town.at(first + 900 * quarter, clock)
        assert len(await town.done()) - before == 1


async def test_who_does_not_lead_starts_nothing(town: Town) -> None:
    """As a leader that was frozen and comes back in the middle of its work."""
    await town.open(holder="somebody else")
    assert await town.at(SLOT, town.clock()) == []
    assert (await town.schedule()).next_at == SLOT
    async with town.db.single() as tx:
        await leaders.hold(tx, OFFICE, holder="a", lease_s=-1, by_force=True)
    assert await town.at(SLOT + 1, town.clock()) == [], "its lease is over"


@KINDS
async def test_what_cannot_be_done_stays_due_and_keeps_nobody_else_waiting(town: Town, kind: str) -> None:
    await town.open(kind)
    other = Wanted("y", "start", "31 2 * * *", tenant_id=town.tenant_id, payload={"format": "csv"})
    await town.schedules.put(other)
    trouble: list[Exception] = [ZeroDivisionError(), Unavailable("later")]

    def fail() -> None:
        if trouble:
            raise trouble.pop()

    clock = town.clock(fail=fail)
    await town.at(SLOT, clock)
    await town.at(SLOT + 60, clock)
    assert await town.done() == []
    assert await town.at(SLOT + 120, town.clock(fail=fail)) == [SLOT, SLOT + 60]


async def test_a_kind_of_a_later_release_waits_for_it(town: Town) -> None:
    await town.open("unheard-of")
    assert await town.at(SLOT + DAY_S, town.clock()) == []
    assert (await town.schedule()).next_at == SLOT


async def test_a_site_that_is_not_served_has_no_slots_and_one_when_it_is_back(town: Town) -> None:
    await town.open()
    clock = town.clock()
    async with town.db.begin() as tx:
        await change(tx, town.tenant_id, values={"state": "disabled"})
    assert await town.at(SLOT + 3 * DAY_S, clock) == []
    async with town.db.begin() as tx:
        await change(tx, town.tenant_id, values={"state": "installed"})
    assert await town.at(SLOT + 3 * DAY_S, clock) == [SLOT]


async def test_only_other_times_move_a_slot(town: Town) -> None:
    await town.open()
    town.now = SLOT + 10
    await town.put()
    assert (await town.schedule()).next_at == SLOT, "still due"
    await town.put(cron="0 4 * * *")
    assert (await town.schedule()).next_at == MIDNIGHT + 4 * 3600


async def test_a_schedule_belongs_to_one_site(town: Town) -> None:
    await town.open()
    stranger = await add_tenant(town.db)
    with pytest.raises(Forbidden):
        await town.schedules.put(Wanted("x", "start", "0 4 * * *", tenant_id=stranger))
    assert not await town.schedules.remove("x", tenant_id=stranger)
    assert not await town.schedules.remove("x", tenant_id=None)
    assert await town.schedules.of(stranger) == await town.schedules.of(None) == []
    assert (await town.schedule()).cron == "30 2 * * *"
    assert await town.schedules.remove("x", tenant_id=town.tenant_id)


async def test_a_schedule_that_never_comes_is_refused(town: Town) -> None:
    with pytest.raises(NoSchedule):
        await town.schedules.put(Wanted("x", "start", "0 0 30 2 *"))


@KINDS
async def test_a_keeper_killed_between_taking_a_slot_and_doing_it_is_followed(
    database_url: str, tmp_path: Path, kind: str
) -> None:
    db = Database.open(database_url)
    town = Town(db)
    town.tenant_id = await add_tenant(db)
    town.now = db.now() - 2 * DAY_S
    await town.put(kind)
    first = await keeper(database_url, "first", "hang")
    await line(first, b"taken")
    second = await keeper(database_url, "second")
    await line(second, b"up")
    await asyncio.sleep(0.5)
    first.send_signal(signal.SIGKILL)
    await first.wait()
    try:
        async with asyncio.timeout(60):
            await passed(town.done)
            # A chore is done before its slot is marked.
            await passed(town.marked)
        schedule = await town.schedule()
        assert await town.done() == [schedule.last_at]
        assert schedule.next_at > db.now()
    finally:
        second.kill()
        await second.wait()
        await db.close()


async def passed(look: Callable[[], Awaitable[object]]) -> None:
    while True:
        if await look():
            return
        await asyncio.sleep(0.1)


async def keeper(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.unit.clockwork.keeper", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )


async def line(process: asyncio.subprocess.Process, wanted: bytes) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(120):
        while (said := await process.stdout.readline()).strip() != wanted:
            assert said, "it ended"
