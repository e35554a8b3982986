"""What is done by itself goes on: soon after the database was away, and past what cannot be done."""

import asyncio

import pytest
from sqlalchemy import insert, select, update

from addon.clockwork.schedules import Schedules, Slot, Wanted
from addon.house import upkeep as house
from addon.house.upkeep import NIGHTLY, Upkeep
from addon.observe.pulse import Pulse
from addon.settings import Settings
from addon.store.db import Database
from addon.store.repos import remains
from addon.store.secrets import Seals
from addon.store.tables.money import person_minutes
from addon.store.tables.tenants import tenants
from addon.store.trouble import DatabaseDown
from tests.rows import add_tenant
from tests.unit.runs.make import stage

TIMES_AWAY = 3


async def test_first_start_has_its_night_although_the_database_was_away(
    database: Database, seals: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert house.BACK_S <= 60
    monkeypatch.setattr(house, "BACK_S", 0.01)
    asked = 0
    there = asyncio.Event()
    put = Schedules.put

    async def away_at_first(schedules: Schedules, wanted: Wanted) -> None:
        nonlocal asked
        asked += 1
        if asked <= TIMES_AWAY:
            raise DatabaseDown
        await put(schedules, wanted)
        there.set()

    monkeypatch.setattr(Schedules, "put", away_at_first)
    async with stage(database, seals, at_work=False) as s:
        upkeep = Upkeep(s.office.desk, s.office.reruns, Settings(_env_file=None), Pulse())
        duties = asyncio.create_task(upkeep._duties())
        try:
            await asyncio.wait_for(there.wait(), 60)
        finally:
            duties.cancel()
            await asyncio.gather(duties, return_exceptions=True)
        assert [schedule.name for schedule in await Schedules(database).of(None)] == [NIGHTLY]
        # The next look is an hour away again.
        assert asked == TIMES_AWAY + 1


async def test_site_that_cannot_be_deleted_does_not_keep_the_night_from_the_rest(
    database: Database, seals: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> float | str | None:
        raise RuntimeError("odd rows")

    monkeypatch.setattr(remains, "of_site", broken)
    async with stage(database, seals, at_work=False) as s:
        left = await add_tenant(database, state="uninstalled")
        async with database.begin() as tx:
            await tx.execute(update(tenants).where(tenants.c.id == left).values(purge_after=1.0))
            spent = {"account_id": "ann", "minute": 1, "tokens": 1}
            await tx.execute(insert(person_minutes).values(tenant_id=s.tenant.id, **spent))
        upkeep = Upkeep(s.office.desk, s.office.reruns, Settings(_env_file=None), Pulse())
        schedules = Schedules(database)
        await schedules.put(Wanted(NIGHTLY, NIGHTLY, cron="0 2 * * *"))
        (nightly,) = await schedules.of(None)
        await upkeep._nightly(Slot(nightly, nightly.next_at))
        async with database.begin() as tx:
            assert (await tx.execute(select(person_minutes))).all() == []
            assert left in (await tx.execute(select(tenants.c.id))).scalars().all()
