"""A busy process takes work up slowly, so that callers come first."""

import asyncio
import time
from collections.abc import Collection, Mapping
from itertools import pairwise

from addon.queue.broker import Wakes
from addon.queue.lane import End, Lane, Order, Pace, Waiting
from addon.queue.rooms import EASE, FILL_S, GULP, GULPS, Room
from addon.queue.worker import Worker

SLOW_S = 0.03
CALM = Pace(heartbeat_s=60, sweep_s=60)


class Row:
    def __init__(self, number: int) -> None:
        self.id = str(number)


class SlowRows:
    """A holding whose claims take as long as they do in a busy process. asked: when, and for how many rows."""

    name = "rows"

    def __init__(self, count: int) -> None:
        self._left = [Row(number) for number in range(count)]
        self.asked: list[tuple[float, int]] = []

    async def claim(self, queue: str, limit: int) -> list[Row]:
        self.asked.append((time.monotonic(), limit))
        await asyncio.sleep(SLOW_S)
        claimed, self._left = self._left[:limit], self._left[limit:]
        return claimed

    async def renew(self, ids: Collection[str]) -> Mapping[str, Order]:
        return dict.fromkeys(ids, "")

    async def release(self, ids: Collection[str]) -> None: ...

    async def reclaim(self) -> None: ...

    async def sweep(self, *, take_back: bool) -> tuple[int, Collection[str]]:
        return 0, ()

    async def waiting(self) -> Mapping[str, Waiting]:
        return {}


class Count:
    """A job that only counts."""

    def __init__(self, *, for_ever: bool = False) -> None:
        self.begun: list[str] = []
        self._for_ever = for_ever

    async def execute(self, lease: Row) -> None:
        self.begun.append(lease.id)
        if self._for_ever:
            await asyncio.sleep(3600)

    async def cut_short(self, lease: Row, end: End) -> None: ...


def test_rests_never_keep_two_hundred_slots_from_filling_within_seconds() -> None:
    room = Room[Row]("ai", 200)
    claims = -(-room.slots // room.gulp)
    assert claims <= GULPS
    assert claims * room.rest_s(3600.0) <= FILL_S * 1.1
    # While claims are quick there is hardly any rest at all.
    assert claims * room.rest_s(0.005) < 0.3


async def test_two_hundred_slots_are_full_after_a_few_claims() -> None:
    rows, wakes = SlowRows(1000), Wakes()
    job = Count(for_ever=True)
    worker = Worker(wakes, lanes=[Lane(rows, "ai", job)], slots={"ai": 200}, pace=CALM)
    await worker.start()
    await worker.work("ai")
    assert worker.busy == 200
    assert len(rows.asked) <= GULPS
    await worker.stop(0)


async def test_work_is_taken_up_a_few_rows_at_a_time_with_rests_between() -> None:
    rows, job, wakes = SlowRows(3 * GULP - 1), Count(), Wakes()
    worker = Worker(wakes, lanes=[Lane(rows, "ai", job)], slots={"ai": 50}, pace=CALM)
    await wakes.start()
    await worker.start()
    await worker.work("ai")
    assert len(job.begun) == 3 * GULP - 1
    times, limits = zip(*rows.asked, strict=True)
    assert set(limits) == {GULP}
    assert min(later - sooner for sooner, later in pairwise(times)) >= SLOW_S * (1 + EASE) * 0.9
    await worker.stop(0)
    await wakes.stop()
