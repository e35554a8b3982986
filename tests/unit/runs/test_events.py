"""Watching a run: nothing missed, nothing held while waiting, one last word."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import event as sql_event

from addon.errors import NotFound
from addon.redis.connection import Redis
from addon.redis.hub import Hub
from addon.runs.bus import MANY, TOPIC, WATCHED, WATCHED_S, Bus
from addon.runs.events import READERS, Events, Pace
from addon.runs.progress import RunProgress
from addon.runs.watching import News
from addon.store.db import Database
from addon.store.leases import Claims, Lease
from addon.store.migrate import migrate
from addon.store.repos.events import Event, since
from addon.store.tables.runs import runs
from tests.rows import add_run, add_tenant
from tests.services import PostgreSQL

NEVER = Pace(deaf_s=60.0, hearing_s=60.0, gap_s=0.01, away_s=0.1)


class Watched:
    """A claimed run with its progress and a place to watch it from."""

    def __init__(self, db: Database, lease: Lease, *, pace: Pace = NEVER, bus: Bus | None = None) -> None:
        self.db, self.lease, self.bus = db, lease, bus or Bus()
        self.progress = RunProgress(db, self.bus, lease=lease)
        self.events = Events(db, self.bus, pace=pace)

    async def end(self, state: str = "succeeded", *, tell: bool = True) -> None:
        async with self.db.begin() as tx:
            await tx.execute(runs.update().values(state=state, finished_at=time.time()))
        if tell:
            self.bus.tell(self.lease.id)

    def stream(self, after: int = 0) -> AsyncIterator[News]:
        return self.events.follow(self.lease.id, self.lease.tenant_id, after=after)

    async def collect(self, after: int = 0) -> list[Event]:
        async with asyncio.timeout(60):
            return [event async for event in self.stream(after)]

    def collecting(self, number: int) -> "asyncio.Future[list[list[Event]]]":
        """So many streams at once."""
        return asyncio.gather(*(self.collect() for _ in range(number)))


async def watched(db: Database, *, pace: Pace = NEVER, bus: Bus | None = None) -> Watched:
    await add_run(db, await add_tenant(db))
    async with db.begin() as tx:
        (lease,) = await Claims(runs, "ann").claim(tx, "ai", limit=1, now=time.time())
    return Watched(db, lease, pace=pace, bus=bus)


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    """The statements that reach the database inside the block."""
    seen: list[str] = []

    def statement(_c: object, _k: object, sql: str, *_: object) -> None:
        seen.append(sql.split("\n")[0])

    sql_event.listen(db.engine.sync_engine, "before_cursor_execute", statement)
    try:
        yield seen
    finally:
        sql_event.remove(db.engine.sync_engine, "before_cursor_execute", statement)


def readings(statements: list[str]) -> list[str]:
    """Those that streams need, not those of the progress that a test reports meanwhile."""
    return [sql for sql in statements if sql.startswith("SELECT")]


async def until(condition: Callable[[], object], within_s: float = 60.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in tasks of the code under test
            await asyncio.sleep(0.01)


def is_read(events: Events, seq: int) -> bool:
    """Whether everything up to this number was read, and nobody is about to look again."""
    nobody = events._turns._value == READERS and not events._turns.locked()
    return nobody and all(each.seq == seq and not each.wanted.is_set() for each in events._watched.values())


def names(events: list[Event]) -> list[str]:
    return [str(event.data.get("stage", event.event)) for event in events]


async def leave(events: Events, streams: "Sequence[asyncio.Future[News]]") -> None:
    """Ends the streams, and waits for those who read for them."""
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    await until(lambda: not events._tasks and (events._asking is None or events._asking.done()))


async def test_late_watcher_gets_everything_and_then_the_end(database: Database) -> None:
    run = await watched(database)
    await run.progress.stage("reading")
    await run.progress.stage("thinking")
    await run.end()
    seen = await run.collect()
    assert names(seen) == ["reading", "thinking", "done"]
    assert [event.seq for event in seen] == [1, 2, 3]
    assert seen[-1].data["id"] == run.lease.id
    assert seen[-1].data["status"] == "succeeded"


async def test_watcher_who_comes_back_gets_only_what_is_new(database: Database) -> None:
    run = await watched(database)
    for name in ("reading", "thinking", "checking"):
        await run.progress.stage(name)
    await run.end()
    assert names(await run.collect(after=2)) == ["checking", "done"]
    assert names(await run.collect(after=4)) == ["done"]


async def test_live_events_come_as_they_happen_and_no_connection_is_held(database: Database) -> None:
    run = await watched(database)
    collecting = asyncio.create_task(run.collect())
    # On SQLite there is one connection: were it held, none of these could be written.
    for name in ("reading", "thinking"):
        await asyncio.sleep(0.05)
        await run.progress.stage(name)
    await asyncio.sleep(0.05)
    await run.end()
    assert names(await collecting) == ["reading", "thinking", "done"]


async def test_news_of_another_process_is_found_by_asking(database: Database) -> None:
    run = await watched(database, pace=replace(NEVER, deaf_s=0.1, hearing_s=0.1))
    collecting = asyncio.create_task(run.collect())
    await asyncio.sleep(0.05)
    await run.end(tell=False)
    assert names(await collecting) == ["done"]


async def test_news_that_nobody_told_of_is_found_as_soon_as_it_is_known_that_some_was_missed(
    database: Database,
) -> None:
    hub = Hub()
    run = await watched(database, bus=Bus(hub))
    collecting = asyncio.create_task(run.collect())
    await asyncio.sleep(0.05)
    await run.end(tell=False)
    hub.tell(TOPIC)
    assert names(await collecting) == ["done"]


async def test_who_hears_nobody_asks_more_often(database: Database) -> None:
    redis = Redis("redis://127.0.0.1:1/0", prefix="tests")
    for hub, asked in ((Hub(redis), True), (Hub(), False)):
        run = await watched(database, pace=replace(NEVER, deaf_s=0.1), bus=Bus(hub))
        async with aclosing(cast("Any", run.stream())) as stream:
            await run.progress.stage("reading")
            await anext(stream)
            with counted(database) as statements:
                await asyncio.sleep(0.5)
                if asked:
                    await until(lambda found=statements: found)
        assert bool(statements) is asked
    await redis.close()


async def test_five_hundred_streams_cost_what_one_costs(database: Database) -> None:
    """One query for each piece of news, four at the end, none for a stream that comes in between."""
    run = await watched(database)
    with counted(database) as statements:
        streams = run.collecting(499)
        await run.progress.stage("reading")
        await until(lambda: is_read(run.events, 1))
        await run.progress.stage("thinking")
        await until(lambda: is_read(run.events, 2))
        before = len(statements)
        late = asyncio.create_task(run.collect(after=1))
        await asyncio.sleep(0.1)
        assert len(statements) == before
        await run.end()
        seen = await streams
    assert all(names(each) == ["reading", "thinking", "done"] for each in seen)
    assert [event.seq for event in await late] == [2, 3]
    # The first look, one for each stage, one at the end; the whole run with what was written and judged.
    assert len(readings(statements)) <= 3 + 4
    assert run.events._watched == {}


async def test_watching_many_silent_runs_costs_one_query_each_time(database: Database) -> None:
    tenant_id = await add_tenant(database)
    run_ids = [await add_run(database, tenant_id) for _ in range(30)]
    events = Events(database, Bus(), pace=replace(NEVER, deaf_s=0.1, hearing_s=0.1))
    streams = [asyncio.ensure_future(anext(events.follow(run_id, tenant_id))) for run_id in run_ids]
    await until(lambda: len(events._tasks) == len(run_ids))
    await asyncio.sleep(0.2)
    await until(lambda: is_read(events, 0))
    began = time.monotonic()
    with counted(database) as statements:
        await asyncio.sleep(1.0)
        await until(lambda: len(statements) >= 3)
    assert len(statements) <= (time.monotonic() - began) / 0.1 + 1
    await leave(events, streams)


async def test_nobody_who_watches_means_nobody_who_asks(database: Database) -> None:
    run = await watched(database, pace=replace(NEVER, deaf_s=0.05, hearing_s=0.05))
    await run.progress.stage("reading")
    async with aclosing(cast("Any", run.stream())) as stream:
        await anext(stream)
    await until(lambda: not run.events._tasks and (run.events._asking is None or run.events._asking.done()))
    with counted(database) as statements:
        await asyncio.sleep(0.3)
    assert statements == []
    assert run.events._tasks == set()


async def test_many_runs_that_speak_at_once_leave_connections_free(database: Database) -> None:
    tenant_id = await add_tenant(database)
    run_ids = [await add_run(database, tenant_id) for _ in range(40)]
    bus = Bus()
    events = Events(database, bus, pace=NEVER)
    streams = [asyncio.ensure_future(anext(events.follow(run_id, tenant_id))) for run_id in run_ids]
    busiest = 0
    if database.dialect == "postgresql":
        for _ in range(50):
            for run_id in run_ids:
                bus.tell(run_id)
            await asyncio.sleep(0.01)
            busiest = max(busiest, 10 - database._free._value)
        assert 1 <= busiest <= 4
    await leave(events, streams)


async def test_a_flood_of_words_about_a_run_is_answered_with_few_looks(database: Database) -> None:
    run = await watched(database, pace=replace(NEVER, gap_s=0.3))
    collecting = run.collecting(3)
    began = time.monotonic()
    with counted(database) as statements:
        for _ in range(200):
            run.bus.tell(run.lease.id)
            await asyncio.sleep(0.005)
    assert len(statements) <= 3 * ((time.monotonic() - began) / 0.3 + 2)
    await run.end()
    await collecting


async def test_a_reader_that_does_not_read_holds_nobody_and_costs_no_memory(database: Database) -> None:
    run = await watched(database)
    progress = RunProgress(database, run.bus, lease=run.lease, clock=iter(range(10_000)).__next__)
    async with aclosing(cast("Any", run.stream())) as stuck:
        await progress.stage("reading")
        assert (await anext(stuck)).seq == 1
        quick = asyncio.create_task(run.collect())
        (held,) = run.events._watched.values()
        for number in range(30):
            await progress.partial(lambda n=number: {"n": n, "text": "x" * 10_000})
            # What is replaced before it was read is seen by nobody, and a slow machine reads slowly.
            await until(lambda seq=number + 2: held.seq >= seq)
        assert len(held._told) == 2
        await run.end()
        assert len([event for event in await quick if event.event == "token"]) > 10
        rest = [event async for event in stuck]
    assert [(event.event, event.data.get("n")) for event in rest] == [("token", 29), ("done", None)]


async def test_a_run_that_begins_anew_shows_no_partial_result_of_before(database: Database) -> None:
    run = await watched(database)
    async with aclosing(cast("Any", run.stream())) as stream:
        await run.progress.stage("thinking")
        with run.bus.watch(run.lease.id, asyncio.Event()):
            await run.progress.partial(lambda: {"n": 1})
        await run.progress.stage("queued")
        while (await anext(stream)).seq < 3:
            pass
        late = asyncio.create_task(run.collect())
        await asyncio.sleep(0.1)
        await run.end()
        assert names(await late) == ["thinking", "queued", "done"]


async def test_who_comes_back_at_another_process_gets_every_event_once(database: Database) -> None:
    """Two processes: what one has shown, the other goes on after."""
    hub = Hub()
    run = await watched(database, bus=Bus(hub))
    other = Events(database, Bus(hub), pace=NEVER)
    seen: list[Event] = []
    for number in range(6):
        await run.progress.stage(f"s{number}")
        events = (run.events, other)[number % 2]
        after = seen[-1].seq if seen else 0
        async with aclosing(cast("Any", events.follow(run.lease.id, run.lease.tenant_id, after=after))) as stream:
            seen.append(await anext(stream))
    await run.end()
    async for last in other.follow(run.lease.id, run.lease.tenant_id, after=seen[-1].seq):
        seen.append(last)
    assert names(seen) == [*(f"s{number}" for number in range(6)), "done"]
    assert [event.seq for event in seen] == list(range(1, 8))


async def test_streams_outlast_a_database_that_is_away() -> None:
    server = PostgreSQL()
    server.start()
    try:
        await migrate(server.url)
        db = Database.open(server.url)
        run = await watched(db, pace=replace(NEVER, deaf_s=0.1, hearing_s=0.1))
        collecting = run.collecting(3)
        await run.progress.stage("reading")
        await asyncio.sleep(0.2)
        server.kill()
        run.bus.tell(run.lease.id)
        await asyncio.sleep(1.0)
        server.start()
        await run.end(tell=False)
        assert [names(each) for each in await collecting] == [["reading", "done"]] * 3
        await db.close()
        # Connections that were cut off close at the loop's next turns.
        await asyncio.sleep(0.2)
    finally:
        server.remove()


@pytest.mark.parametrize("state", ["failed", "cancelled"])
async def test_run_without_a_result_ends_the_stream_with_failed(database: Database, state: str) -> None:
    run = await watched(database)
    await run.end(state)
    (last,) = await run.collect()
    assert (last.event, last.data["status"]) == ("failed", state)


async def test_stream_of_another_site_is_not_found(database: Database) -> None:
    run = await watched(database)
    with pytest.raises(NotFound):
        await anext(run.events.follow(run.lease.id, await add_tenant(database)))


async def test_partial_results_are_thinned_out_and_only_the_last_is_kept(database: Database) -> None:
    run = await watched(database)
    moment = [100.0]
    progress = RunProgress(database, run.bus, lease=run.lease, clock=lambda: moment[0])
    with run.bus.watch(run.lease.id, asyncio.Event()):
        for step in range(6):
            await progress.partial(lambda n=step: {"n": n})
            moment[0] += 0.2
    await run.end()
    seen = await run.collect()
    assert [event.data.get("n") for event in seen if event.event == "token"] == [4]
    assert [event.seq for event in seen] == [3, 4]


async def test_partial_results_that_nobody_watches_are_not_even_made(database: Database) -> None:
    hub = Hub()
    run, others = await watched(database, bus=Bus(hub)), Bus(hub, works=False)
    made: list[int] = []

    async def partial(number: int) -> list[Any]:
        await RunProgress(database, run.bus, lease=run.lease, after=number).partial(lambda: {"n": made.append(number)})
        async with database.begin() as tx:
            return await since(tx, run.lease.tenant_id, run_id=run.lease.id, after=number)

    assert not await partial(1)
    with others.watch("another run", asyncio.Event()):
        assert not await partial(2)
    with others.watch(run.lease.id, asyncio.Event()):
        assert [event.event for event in await partial(3)] == ["token"]
    assert made == [3]


def test_watched_elsewhere_is_believed_for_a_while_and_again_when_it_is_said_again() -> None:
    hub, moment = Hub(), [100.0]
    working, watching = Bus(hub, clock=lambda: moment[0]), Bus(hub, works=False)
    with watching.watch("run-1", asyncio.Event()):
        moment[0] += WATCHED_S - 1
        assert working.is_watched("run-1")
        moment[0] += 2
        assert not working.is_watched("run-1")
        watching.remind()
        assert working.is_watched("run-1")
        assert not working.is_watched("run-2")


def test_what_cannot_be_known_counts_as_watched() -> None:
    hub, moment = Hub(), [100.0]
    working = Bus(hub, clock=lambda: moment[0])
    hub.tell(WATCHED)
    assert working.is_watched("run-1")
    moment[0] += WATCHED_S + 1
    assert not working.is_watched("run-1")
    assert Bus(Hub(Redis("redis://127.0.0.1:1", prefix="t"))).is_watched("run-1")


def test_more_watched_runs_than_can_be_kept_count_as_all() -> None:
    hub, moment = Hub(), [100.0]
    working = Bus(hub, clock=lambda: moment[0])
    for number in range(MANY + 5):
        hub.tell(WATCHED, f"run-{number}")
    assert len(working._elsewhere) == MANY + 1
    assert working.is_watched("any")
    moment[0] += WATCHED_S + 1
    hub.tell(WATCHED, "run-1")
    assert list(working._elsewhere) == ["run-1"]
    assert not working.is_watched("any")


async def test_streams_say_again_what_is_watched(database: Database) -> None:
    hub = Hub()
    said: list[str] = []
    run = await watched(database, pace=replace(NEVER, deaf_s=0.05, hearing_s=0.05), bus=Bus(hub))
    hub.on(WATCHED, said.append)
    collecting = run.collecting(3)
    await until(lambda: len(said) >= 4)
    assert set(said) == {run.lease.id}
    await run.end()
    await collecting


async def test_watchers_leave_nothing_behind() -> None:
    bus = Bus()
    one, two = asyncio.Event(), asyncio.Event()
    with bus.watch("r", one), bus.watch("r", two):
        bus.tell("r")
        bus.tell("other")
        assert one.is_set()
        assert two.is_set()
    bus.tell("r")
    assert bus._watchers == {}


async def test_leaving_a_stream_early_frees_its_watcher(database: Database) -> None:
    run = await watched(database)
    await run.progress.stage("reading")
    stream = run.events.follow(run.lease.id, run.lease.tenant_id)
    assert (await anext(stream)).event == "stage"
    await stream.aclose()  # type: ignore[attr-defined]
    await until(lambda: run.bus._watchers == {})
    assert run.events._watched == {}
