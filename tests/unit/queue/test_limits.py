"""Time limits and the end of a process: a job that does not listen holds neither its slot nor the stop."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from addon.queue import attempts
from addon.queue.broker import Wakes
from addon.queue.lane import End, Lane, Order, Pace, Waiting
from addon.queue.rooms import Turns
from addon.queue.worker import Worker

CALM = Pace(heartbeat_s=60, sweep_s=60)
HASTY = Pace(heartbeat_s=60, sweep_s=60, soft_s=0.1, hard_s=0.3)


@dataclass(frozen=True)
class Row:
    id: str


@dataclass
class Rows:
    """Rows in memory. order: what a renewal says of each. released: ids that were given back."""

    queued: list[Row]
    order: Order = ""
    released: list[str] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    swept: list[bool] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)
    due: Collection[str] = ()
    name: str = "rows"
    hangs: bool = False

    async def claim(self, queue: str, limit: int) -> list[Row]:
        self.claims.append(queue)
        found, self.queued = self.queued[:limit], self.queued[limit:]
        return found

    async def renew(self, held: Collection[Row]) -> Mapping[str, Order]:
        self.renewed += [row.id for row in held]
        return dict.fromkeys((row.id for row in held), self.order)

    async def release(self, held: Collection[Row]) -> None:
        if self.hangs:
            await asyncio.sleep(3600)
        self.released += [row.id for row in held]

    async def reclaim(self) -> None: ...

    async def sweep(self, *, take_back: bool) -> tuple[int, Collection[str]]:
        self.swept.append(take_back)
        return 0, self.due

    async def waiting(self) -> Mapping[str, Waiting]:
        return {}


@dataclass
class Job:
    """works: what each row does. recording: what writing its end takes."""

    works: Callable[[], Awaitable[None]]
    recording: Callable[[], Awaitable[None]] | None = None
    begun: int = 0
    ends: list[tuple[str, End]] = field(default_factory=list)

    async def execute(self, lease: Row) -> None:
        self.begun += 1
        await self.works()

    async def cut_short(self, lease: Row, end: End) -> None:
        self.ends.append((lease.id, end))
        if self.recording is not None:
            await self.recording()


async def for_ever() -> None:
    await asyncio.sleep(3600)


async def deaf() -> None:
    """Goes on whatever it is told."""
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            continue


@asynccontextmanager
async def at_work(rows: Rows, job: Job, *, pace: Pace = CALM, wait_s: float = 0.0) -> AsyncIterator[Worker[Row]]:
    worker = Worker(Wakes(), lanes=[Lane(rows, "ai", job)], slots={"ai": 1}, pace=pace)
    await worker.start()
    await worker.work("ai")
    try:
        yield worker
    finally:
        await worker.stop(wait_s)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_job_past_its_soft_limit_is_ended_in_words_and_its_slot_used_again() -> None:
    rows, job = Rows([Row("1"), Row("2")]), Job(for_ever)
    async with at_work(rows, job, pace=HASTY):
        await until(lambda: len(job.ends) == 2)
    assert job.ends == [("1", "timed_out"), ("2", "timed_out")]


async def test_job_that_does_not_hear_is_given_up_at_the_hard_limit(caplog: pytest.LogCaptureFixture) -> None:
    rows, job = Rows([Row("1"), Row("2")]), Job(deaf)
    # Not so hasty that the second one is given up as well before anybody has looked.
    async with at_work(rows, job, pace=Pace(heartbeat_s=60, sweep_s=60, soft_s=0.5, hard_s=2.5)) as worker:
        await until(lambda: job.begun == 2)
        assert job.ends == [("1", "timed_out")]
        assert (worker.busy, worker.stuck()) == (1, 1)
        await worker.look()
        assert rows.renewed == ["2"]
    assert "rows 1 does not end although it was told to" in caplog.text


async def test_end_that_hangs_while_it_is_recorded_frees_the_slot_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "RECORD_S", 0.05)
    rows, job = Rows([Row("1"), Row("2")]), Job(for_ever, recording=for_ever)
    async with at_work(rows, job, pace=HASTY):
        await until(lambda: job.begun == 2)


async def test_job_that_does_not_hear_a_request_to_end_is_given_up_and_ended(caplog: pytest.LogCaptureFixture) -> None:
    rows, job = Rows([Row("1"), Row("2")], order="cancel"), Job(deaf)
    async with at_work(rows, job, pace=Pace(heartbeat_s=60, sweep_s=60, soft_s=3600, hard_s=3600.1)) as worker:
        await worker.look()
        await until(lambda: job.begun == 2)
        assert job.ends == [("1", "cancelled")]


async def test_job_that_ends_in_time_is_given_up_by_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def briefly() -> None:
        await asyncio.sleep(0.01)

    rows, job = Rows([Row("1")]), Job(briefly)
    with caplog.at_level(logging.WARNING):
        async with at_work(rows, job, pace=Pace(heartbeat_s=60, sweep_s=60, soft_s=2.0, hard_s=2.1)) as worker:
            await until(lambda: worker.busy == 0)
            await asyncio.sleep(2.3)
    assert (job.ends, rows.released, caplog.text) == ([], [], "")


async def test_stop_is_not_held_by_a_job_that_does_not_hear_and_its_row_is_given_back() -> None:
    rows = Rows([Row("1")])
    began = time.monotonic()
    async with at_work(rows, Job(deaf), wait_s=0.2):
        pass
    assert time.monotonic() - began < 0.2 + attempts.LEAVE_S + attempts.GIVE_BACK_S + 20
    assert rows.released == ["1"]
    # Nothing of it keeps the loop, and with it the process, from ending.
    await asyncio.sleep(0)
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("rows:")] == []


async def test_stop_is_not_held_by_a_database_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "GIVE_BACK_S", 0.1)
    rows = Rows([Row("1")], hangs=True)
    async with asyncio.timeout(60):
        async with at_work(rows, Job(for_ever)):
            pass
    assert rows.released == []


async def test_row_claimed_while_the_process_leaves_is_given_back() -> None:
    class Late(Rows):
        async def claim(self, queue: str, limit: int) -> list[Row]:
            while not worker._left:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
            return await super().claim(queue, limit)

    rows, job = Late([Row("1")]), Job(for_ever)
    worker = Worker(Wakes(), lanes=[Lane(rows, "ai", job)], slots={"ai": 1}, pace=CALM)
    await worker.start()
    claiming = asyncio.create_task(worker.work("ai"))
    await asyncio.sleep(0.05)
    await worker.stop(0)
    await claiming
    assert (job.begun, rows.released) == (0, ["1"])


async def test_nothing_is_taken_back_right_after_the_database_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, moment = Rows([]), [100.0]
    monkeypatch.setattr("addon.queue.worker.time", SimpleNamespace(monotonic=lambda: moment[0]))
    worker = Worker(Wakes(), lanes=[Lane(rows, "ai", Job(for_ever))], slots={"ai": 1}, pace=Pace(20, 60))
    # Alone: otherwise it begins as patiently as after an outage.
    await worker.start(alone=True)
    await worker._sweep()
    # So long nobody could renew: whoever is alive does so first.
    moment[0] += 50
    for pause_s in (10, 10, 30):
        await worker._sweep()
        moment[0] += pause_s
    await worker._sweep()
    assert rows.swept == [True, False, False, False, True]
    await worker.stop(0)


async def test_sweep_claims_for_the_important_queues_first() -> None:
    rows = Rows([], due=("exports", "ai", "default", "priority"))
    lanes = [Lane(rows, queue, Job(for_ever)) for queue in ("exports", "ai", "default", "priority")]
    slots = dict.fromkeys(("exports", "ai", "default", "priority"), 1)
    worker = Worker(Wakes(), lanes=lanes, slots=slots, pace=CALM)
    await worker.start()
    await worker._sweep()
    await until(lambda: len(rows.claims) == 4)
    assert rows.claims == ["priority", "ai", "default", "exports"]
    await worker.stop(0)


async def test_of_claims_that_wait_the_most_important_is_next() -> None:
    turns, order = Turns(), list[int]()

    async def claim(rank: int) -> None:
        async with turns.turn(rank):
            order.append(rank)
            await asyncio.sleep(0)

    gone = [asyncio.create_task(claim(rank)) for rank in (3, 2, 0, 1, 0)]
    await asyncio.sleep(0)
    gone[1].cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    assert order == [3, 0, 0, 1]
    await claim(2)
    assert order[-1] == 2


async def test_turn_handed_to_somebody_who_is_cancelled_goes_to_the_next() -> None:
    turns, order = Turns(), list[str]()

    async def claim(name: str) -> None:
        async with turns.turn(0):
            order.append(name)

    async with turns.turn(0):
        first, second = (asyncio.create_task(claim(name)) for name in ("first", "second"))
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert order == ["second"]
