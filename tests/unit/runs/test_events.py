"""Watching a run: nothing missed, nothing held while waiting, one last word."""

import asyncio
import time

import pytest

from addon.errors import NotFound
from addon.runs.bus import Bus
from addon.runs.events import Events
from addon.runs.progress import RunProgress
from addon.store.db import Database
from addon.store.leases import Claims, Lease
from addon.store.repos.events import Event
from addon.store.tables.runs import runs
from tests.rows import add_run, add_tenant


class Watched:
    """A claimed run with its progress and a place to watch it from."""

    def __init__(self, db: Database, lease: Lease, *, poll_s: float = 60.0) -> None:
        self.db, self.lease, self.bus = db, lease, Bus()
        self.progress = RunProgress(db, self.bus, lease=lease)
        self.events = Events(db, self.bus, poll_s=poll_s)

    async def end(self, state: str = "succeeded", *, tell: bool = True) -> None:
        async with self.db.begin() as tx:
            await tx.execute(runs.update().values(state=state, finished_at=time.time()))
        if tell:
            self.bus.tell(self.lease.id)

    async def collect(self, after: int = 0) -> list[Event]:
        async with asyncio.timeout(10):
            return [event async for event in self.events.follow(self.lease.id, self.lease.tenant_id, after=after)]


async def watched(db: Database, *, poll_s: float = 60.0) -> Watched:
    await add_run(db, await add_tenant(db))
    async with db.begin() as tx:
        (lease,) = await Claims(runs, "ann").claim(tx, "ai", limit=1, now=time.time())
    return Watched(db, lease, poll_s=poll_s)


def names(events: list[Event]) -> list[str]:
    return [str(event.data.get("stage", event.event)) for event in events]


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
    run = await watched(database, poll_s=0.1)
    collecting = asyncio.create_task(run.collect())
    await asyncio.sleep(0.05)
    await run.end(tell=False)
    assert names(await collecting) == ["done"]


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
    for step in range(6):
        await progress.partial({"n": step})
        moment[0] += 0.2
    await run.end()
    seen = await run.collect()
    assert [event.data.get("n") for event in seen if event.event == "token"] == [4]
    assert [event.seq for event in seen] == [3, 4]


async def test_watchers_leave_nothing_behind() -> None:
    bus = Bus()
    with bus.watch("r") as one, bus.watch("r") as two:
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
    assert run.bus._watchers == {}
