"""A clock that was ahead for a while: what was dated by it neither lasts above what is newer nor deletes anything."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from addon.clockwork.schedules import Clock, Kinds, Schedules, Slot, Wanted
from addon.house.upkeep import Upkeep
from addon.observe.pulse import Pulse
from addon.runs.chosen import Wish
from addon.runs.publish import plan
from addon.settings import Settings
from addon.store.clock import StoreClock
from addon.store.db import Database
from addon.store.repos import publications as rows
from addon.store.repos.schedules import Schedule
from addon.store.secrets import Seals
from addon.store.tables.runs import publications
from addon.store.tables.tenants import tenants
from tests.rows import add_publication, add_run, add_tenant, row_of, run_of
from tests.unit.runs.make import Stage, comment, stage
from tests.unit.runs.test_publish import settled

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
AHEAD_S = 2 * HOUR_S


@dataclass
class Machine:
    """off_s: how far its clock is ahead now."""

    url: str
    off_s: float = 0.0
    db: Database = field(init=False)

    def __post_init__(self) -> None:
        self.db = Database.open(self.url, clock=StoreClock(wall=lambda: time.time() + self.off_s))

    def was_ahead(self, off_s: float) -> None:
        """For as long as somebody asks what time it is."""
        self.off_s = off_s
        self.db.now()
        self.off_s = 0.0


@pytest.fixture
def sqlite_file(tmp_path: Path, sqlite_template: Path) -> Path:
    file = tmp_path / "jiravision.db"
    file.write_bytes(sqlite_template.read_bytes())
    return file


@pytest.fixture
async def machine(sqlite_file: Path) -> AsyncIterator[Machine]:
    """With SQLite, which has no clock of its own."""
    made = Machine(f"sqlite+aiosqlite:///{sqlite_file}")
    yield made
    await made.db.close()


async def night(s: Stage) -> None:
    upkeep = Upkeep(s.office.desk, s.office.reruns, Settings(_env_file=None), Pulse())
    schedule = Schedule("nightly", "nightly", "30 2 * * *", "UTC", 1.0, None, None, {})
    await upkeep._nightly(Slot(schedule, time.time()))


async def test_night_deletes_no_site_before_its_day_because_the_clock_was_ahead(machine: Machine, seals: Seals) -> None:
    machine.was_ahead(60 * DAY_S)
    assert machine.db.now() > time.time() + 59 * DAY_S
    async with stage(machine.db, seals, at_work=False) as s:
        tenant_id = await add_tenant(machine.db, state="uninstalled")
        await purge_after(machine.db, tenant_id, time.time() + 30 * DAY_S)
        await night(s)
        assert await known(machine.db, tenant_id)
        await purge_after(machine.db, tenant_id, time.time() - 1)
        await night(s)
        assert not await known(machine.db, tenant_id)


async def test_day_of_deletion_of_a_superseded_site_is_counted_from_now(machine: Machine, seals: Seals) -> None:
    machine.was_ahead(60 * DAY_S)
    async with stage(machine.db, seals, at_work=False) as s:
        before = await add_tenant(machine.db)
        await s.office.desk.tenants.proven(s.tenant, "the-add-on")
        row = await row_of(machine.db, tenants, before)
    assert row.state == "superseded"
    assert row.purge_after < time.time() + 31 * DAY_S


async def test_slots_come_at_the_hour_of_the_wall_again(machine: Machine) -> None:
    wanted = Wanted("x", "chore", "30 2 * * *")
    machine.off_s = 60 * DAY_S
    await Schedules(machine.db).put(wanted)
    machine.off_s = 0.0
    done: list[Slot] = []

    async def chore(slot: Slot) -> None:
        done.append(slot)

    async def wake(_: str) -> None:
        raise AssertionError

    clock = Clock(machine.db, Kinds(chores={"chore": chore}), holder="a", wake=wake)
    await clock.mend()
    (schedule,) = await Schedules(machine.db).of(None)
    assert time.time() < schedule.next_at <= time.time() + DAY_S
    await clock.tick()
    await clock.under_way()
    assert done == []


@pytest.mark.parametrize("asked", [False, True], ids=["planned", "asked"])
async def test_new_result_takes_the_place_of_one_that_was_written_ahead_of_time(
    database: Database, seals: Seals, asked: bool
) -> None:
    async with stage(database, seals, at_work=False) as s:
        old_run, new_run = [await a_run(s) for _ in range(2)]
        ahead = database.now() + AHEAD_S
        old = partial(add_publication, database, s.tenant.id, old_run, state="succeeded", remote_id="77")
        old_id = await old(created_at=ahead, finished_at=ahead)
        run = await run_of(database, s.tenant.id, new_run)
        if asked:
            (row,) = await s.office.publisher.ask(s.tenant, run, wish=Wish("comment"), account_id="ann")
        else:
            async with database.begin() as tx:
                await plan(tx, run, drafts=[comment(run)])
                (row,) = await rows.by_markers(tx, s.tenant.id, markers=[comment(run).marker])
        assert row.created_at > ahead
        async with s.office.at_work():
            await settled(database, succeeded=2)
        (writing,) = s.comments.seen
        assert writing.previous is not None
        assert writing.previous.id == old_id
        # And the next one that of this one, by whatever clock.
        again = await a_run(s)
        run = await run_of(database, s.tenant.id, again)
        async with database.begin() as tx:
            await plan(tx, run, drafts=[comment(run)])
            (last,) = await rows.by_markers(tx, s.tenant.id, markers=[comment(run).marker])
        assert last.created_at > row.created_at


async def test_failed_one_that_is_tried_again_is_newer_than_what_was_written_ahead_of_time(
    database: Database, seals: Seals
) -> None:
    async with stage(database, seals, at_work=False) as s:
        run_id = await a_run(s)
        ahead = database.now() + AHEAD_S
        for issue_id, created_at in (("10001", ahead), ("10002", ahead + 5)):
            await add_publication(
                database, s.tenant.id, run_id, state="succeeded", issue_id=issue_id, created_at=created_at
            )
        failed_id = await add_publication(database, s.tenant.id, run_id, state="failed")
        async with database.begin() as tx:
            failed = await rows.get(tx, s.tenant.id, publication_id=failed_id)
        assert failed is not None
        await s.office.publisher.retry(failed, account_id="ann")
        assert (await row_of(database, publications, failed_id)).created_at == pytest.approx(ahead, abs=1)
        async with s.office.at_work():
            await settled(database, succeeded=3)


async def test_what_is_asked_for_by_a_right_clock_is_dated_by_it(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run = await run_of(database, s.tenant.id, await a_run(s))
        elsewhere = database.now() + AHEAD_S
        for place in ({"slot": "criteria"}, {"issue_id": "10002"}, {"target": "subtasks"}):
            await add_publication(database, s.tenant.id, run.id, **{"created_at": elsewhere, **place})
        stranger = await add_tenant(database)
        await add_publication(database, stranger, await add_run(database, stranger), created_at=elsewhere)
        async with database.begin() as tx:
            now = database.now()
            await plan(tx, run, drafts=[comment(run)])
            (row,) = await rows.by_markers(tx, s.tenant.id, markers=[comment(run).marker])
        assert now <= row.created_at <= database.now()


async def a_run(s: Stage) -> str:
    return await add_run(s.db, s.tenant.id, issue_id="10001", state="succeeded", result={"overall": 1})


async def purge_after(db: Database, tenant_id: str, moment: float) -> None:
    async with db.begin() as tx:
        await tx.execute(tenants.update().where(tenants.c.id == tenant_id).values(purge_after=moment))


async def known(db: Database, tenant_id: str) -> bool:
    async with db.begin() as tx:
        return (await tx.execute(select(tenants.c.id).where(tenants.c.id == tenant_id))).first() is not None
