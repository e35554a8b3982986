"""What a worker lets go of, and what it makes good once the database is back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from addon.errors import Unavailable
from addon.queue.broker import Wakes
from addon.queue.lane import End, Lane, Order, Pace, Waiting
from addon.queue.worker import Worker

CALM = Pace(heartbeat_s=60, sweep_s=60)
QUICK = Pace(heartbeat_s=60, sweep_s=0.05)


@dataclass(frozen=True)
class Row:
    id: str


@dataclass
class Rows:
    """One row in memory. away: the database does not answer. done: what was asked of it, in order."""

    order: Order = ""
    away: bool = False
    queued: list[Row] = field(default_factory=lambda: [Row("1")])
    done: list[str] = field(default_factory=list)
    name: str = "rows"

    def _asked(self, what: str) -> None:
        if self.away:
            raise Unavailable("Away.")
        self.done.append(what)

    async def claim(self, queue: str, limit: int) -> list[Row]:
        self._asked("claim")
        found, self.queued = self.queued[:limit], self.queued[limit:]
        return found

    async def renew(self, held: Collection[Row]) -> Mapping[str, Order]:
        self._asked("renew")
        return dict.fromkeys((row.id for row in held), self.order)

    async def release(self, held: Collection[Row]) -> None:
        self._asked(f"release {' '.join(row.id for row in held)}")

    async def reclaim(self) -> None:
        self._asked("reclaim")

    async def sweep(self, *, take_back: bool) -> tuple[int, Collection[str]]:
        self._asked("sweep")
        return 0, ()

    async def waiting(self) -> Mapping[str, Waiting]:
        return {}


@dataclass
class Job:
    work: Callable[[], Awaitable[None]]
    ends: list[End] = field(default_factory=list)

    async def execute(self, lease: Row) -> None:
        await self.work()

    async def cut_short(self, lease: Row, end: End) -> None:
        self.ends.append(end)


async def for_ever() -> None:
    await asyncio.sleep(3600)


@asynccontextmanager
async def at_work(rows: Rows, job: Job, *, pace: Pace = CALM) -> AsyncIterator[Worker[Row]]:
    worker = Worker(Wakes(), lanes=[Lane(rows, "ai", job)], slots={"ai": 2}, pace=pace)
    await worker.start()
    await worker.work("ai")
    try:
        yield worker
    finally:
        await worker.stop(0)


async def idle(worker: Worker[Row]) -> None:
    async with asyncio.timeout(60):
        while worker.busy:  # noqa: ASYNC110 - the worker tells nobody when it has nothing to do
            await asyncio.sleep(0.01)


async def test_row_of_a_paused_site_is_let_go_of_and_not_ended() -> None:
    rows, job = Rows(order="pause"), Job(for_ever)
    async with at_work(rows, job) as worker:
        await worker.look()
        await idle(worker)
        assert rows.done == ["claim", "renew", "release 1"]
    assert job.ends == []


async def test_row_to_be_cancelled_is_ended_and_not_given_back() -> None:
    rows, job = Rows(order="cancel"), Job(for_ever)
    async with at_work(rows, job) as worker:
        await worker.look()
        await idle(worker)
    assert job.ends == ["cancelled"]
    assert "release 1" not in rows.done


async def test_row_that_lost_the_database_is_given_back_before_the_next_sweep() -> None:
    rows = Rows()

    async def loses_it() -> None:
        rows.away = True
        raise Unavailable("Away.")

    job = Job(loses_it)
    async with at_work(rows, job, pace=QUICK) as worker:
        await idle(worker)
        await asyncio.sleep(0.2)
        rows.done.clear()
        rows.away = False
        await until_done(rows, "sweep")
    assert rows.done[:2] == ["release 1", "sweep"]
    assert job.ends == []


async def test_leases_that_could_not_be_renewed_are_renewed_before_the_next_sweep() -> None:
    rows, job = Rows(), Job(for_ever)
    async with at_work(rows, job, pace=QUICK) as worker:
        rows.away = True
        await worker.look()
        rows.done.clear()
        rows.away = False
        await until_done(rows, "sweep")
        assert rows.done[:2] == ["renew", "sweep"]
        assert worker.busy == 1


async def test_row_that_is_held_again_is_no_longer_owed() -> None:
    rows, fails = Rows(), [True]

    async def loses_it_once() -> None:
        if fails.pop() if fails else False:
            rows.away = True
            raise Unavailable("Away.")
        await for_ever()

    async with at_work(rows, Job(loses_it_once), pace=CALM) as worker:
        await idle(worker)
        rows.away, rows.queued = False, [Row("1")]
        await worker.work("ai")
        assert worker.busy == 1
        rows.done.clear()
        await worker._make_good()  # what a sweep does first
        assert rows.done == []


async def until_done(rows: Rows, what: str) -> None:
    async with asyncio.timeout(60):
        while what not in rows.done:  # noqa: ASYNC110 - the rows tell nobody when they are asked
            await asyncio.sleep(0.01)
