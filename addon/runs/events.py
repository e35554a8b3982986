"""One run as a stream: what was reported so far, what is reported now, and how it ended."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from addon.errors import NotFound
from addon.runs.bus import Bus
from addon.runs.view import run_view, written_of
from addon.runs.watching import News, Watched
from addon.store.db import Database
from addon.store.repos import events, runs, verdicts
from addon.store.repos.runs import ENDED
from addon.store.trouble import DatabaseDown

log = logging.getLogger(__name__)

READERS = 3
"""Runs read at once: however many are watched, most connections stay free for everybody else."""
ASKED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the database is asked for news of all watched runs at once, in seconds.

    deaf_s: while nothing is heard of other processes. hearing_s: otherwise, for what was said and lost on the way.
    gap_s: between two looks at the same run. away_s: before the next try when the database is away.
    """

    deaf_s: float = 2.0
    hearing_s: float = 6.0
    gap_s: float = 0.05
    away_s: float = 1.0


class Events:
    """Streams of events. A run is read once per process and piece of news, for all who watch it."""

    def __init__(self, db: Database, bus: Bus, *, pace: Pace | None = None) -> None:
        self._db = db
        self._bus = bus
        self._pace = pace or Pace()
        self._watched: dict[tuple[str, str], Watched] = {}
        self._turns = asyncio.Semaphore(READERS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: asyncio.Task[None] | None = None

    async def follow(self, run_id: str, tenant_id: str, *, after: int = 0) -> AsyncIterator[News]:
        """Events numbered above `after`, then live ones; ends after `done` (succeeded) or `failed` (failed, cancelled).

        The last event carries the whole run as the API shows it. While the database is away nothing comes. Who reads
        slowly misses partial results that were replaced meanwhile, nothing else. Raises NotFound.
        """
        with self._joined(tenant_id, run_id) as watched:
            while True:
                # Taken before the look: what is added between the two is then not waited for.
                more = watched.news
                while (event := watched.after(after)) is not None:
                    after = event.seq
                    yield event
                if watched.failure is not None:
                    raise watched.failure
                if watched.last is not None:
                    yield watched.last.numbered(max(after + 1, watched.last.seq))
                    return
                await more.wait()

    @contextmanager
    def _joined(self, tenant_id: str, run_id: str) -> Iterator[Watched]:
        watched = self._watched.get((tenant_id, run_id))
        if watched is None:
            watched = self._watched[tenant_id, run_id] = Watched(tenant_id, run_id)
            self._begin(watched)
        watched.watchers += 1
        try:
            yield watched
        finally:
            watched.watchers -= 1
            if not watched.watchers:
                self._forget(watched)
                # Woken, not cancelled: a query that is cut off costs its connection.
                watched.wanted.set()

    def _begin(self, watched: Watched) -> None:
        reading = asyncio.create_task(self._read(watched), name=f"watching run {watched.key[1]}")
        self._tasks.add(reading)
        reading.add_done_callback(self._tasks.discard)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="news of watched runs")

    def _forget(self, watched: Watched) -> None:
        if self._watched.get(watched.key) is watched:
            del self._watched[watched.key]
        if not self._watched:
            self._bus.doubt.set()

    async def _read(self, watched: Watched) -> None:
        """Until the run has ended or nobody watches it any more."""
        with self._bus.watch(watched.key[1], watched.wanted):
            while watched.watchers and not watched.over:
                watched.wanted.clear()
                try:
                    async with self._turns:
                        await self._look(watched)
                except DatabaseDown:
                    # Whoever watches has nothing better to do than to wait as well.
                    await asyncio.sleep(self._pace.away_s)
                    watched.wanted.set()
                except Exception as error:  # noqa: BLE001 - or who watches would wait for ever
                    _report(f"run {watched.key[1]} cannot be shown", error)
                    watched.fail(error)
                if not watched.over:
                    # Words may come faster than anybody can read.
                    await asyncio.sleep(self._pace.gap_s)
                    await watched.wanted.wait()
        # Who comes now sees the run as it then is.
        self._forget(watched)

    async def _look(self, watched: Watched) -> None:
        """Raises DatabaseDown."""
        tenant_id, run_id = watched.key
        async with self._db.single() as tx:
            told = await events.told(tx, tenant_id, run_id=run_id, after=watched.seq)
        if told is None:
            watched.fail(NotFound("There is no such run, or you may not see it."))
            return
        state, news = told
        watched.add(news)
        if state in ENDED:
            # Read from the row, not from a stored event: also a run nobody could speak for any more has an end.
            await self._end(watched)

    async def _end(self, watched: Watched) -> None:
        tenant_id, run_id = watched.key
        async with self._db.begin() as tx:
            run = await runs.get(tx, tenant_id, run_id=run_id)
            if run is None:
                return
            written = await written_of(tx, tenant_id, found=[run])
            standing = await verdicts.of_run(tx, tenant_id, run_id=run_id)
        shown = run_view(run, written.get(run_id, ()), verdicts=standing)
        watched.end("done" if run.state == "succeeded" else "failed", shown)

    async def _ask(self) -> None:
        """Wakes the readers of runs that have news nobody told us of, as long as any run is watched."""
        while self._watched:
            await self._until_due()
            self._bus.remind()
            try:
                await self._compare(list(self._watched))
            except DatabaseDown:
                log.debug("watched runs were not asked for")
            except Exception as error:  # noqa: BLE001 - without this loop nothing that was missed would be found
                _report("watched runs were not asked for", error)
            await asyncio.sleep(self._pace.gap_s)

    async def _until_due(self) -> None:
        waited = 0.0
        while waited < self._pace.hearing_s:
            try:
                async with asyncio.timeout(self._pace.deaf_s):
                    await self._bus.doubt.wait()
                break
            except TimeoutError:
                waited += self._pace.deaf_s
            if not self._bus.hears:
                break
        self._bus.doubt.clear()

    async def _compare(self, keys: list[tuple[str, str]]) -> None:
        for start in range(0, len(keys), ASKED_AT_ONCE):
            some = keys[start : start + ASKED_AT_ONCE]
            async with self._db.single() as tx:
                found = await events.standing(tx, some)
            for key in some:
                watched = self._watched.get(key)
                state, seq = found.get(key, (None, 0))
                if watched is not None and (state is None or state in ENDED or seq > watched.seq):
                    watched.wanted.set()


def _report(what: str, error: Exception) -> None:
    log.error("%s", what, exc_info=error)
