"""What is done by itself goes on soon after the database was away, however rarely it is done."""

import asyncio

import pytest

from addon.clockwork.schedules import Schedules, Wanted
from addon.house import upkeep as house
from addon.house.upkeep import NIGHTLY, Upkeep
from addon.observe.pulse import Pulse
from addon.settings import Settings
from addon.store.db import Database
from addon.store.secrets import Seals
from addon.store.trouble import DatabaseDown
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
            await asyncio.wait_for(there.wait(), 5)
        finally:
            duties.cancel()
            await asyncio.gather(duties, return_exceptions=True)
        assert [schedule.name for schedule in await Schedules(database).of(None)] == [NIGHTLY]
        # The next look is an hour away again.
        assert asked == TIMES_AWAY + 1
