"""One run as a stream: what was reported so far, what is reported now, and how it ended."""

import asyncio
from collections.abc import AsyncIterator

from addon.errors import NotFound
from addon.runs.bus import Bus
from addon.runs.view import run_view, written_of
from addon.store.db import Database
from addon.store.repos import events, runs, verdicts
from addon.store.repos.events import Event

POLL_S = 2.0
"""How long news from another process, which cannot reach our bus, may take to show."""


class Events:
    """Streams of events. poll_s: how often the database is asked when the bus is silent."""

    def __init__(self, db: Database, bus: Bus, *, poll_s: float = POLL_S) -> None:
        self._db = db
        self._bus = bus
        self._poll_s = poll_s

    async def follow(self, run_id: str, tenant_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Events numbered above `after`, then live ones; ends after `done` (succeeded) or `failed` (failed, cancelled).

        The last event carries the whole run as the API shows it. No connection is held while waiting. Raises NotFound,
        DatabaseDown.
        """
        ended = False
        while not ended:
            with self._bus.watch(run_id) as signal:
                news, ended = await self._news(run_id, tenant_id, after=after)
                for event in news:
                    after = max(after, event.seq)
                    yield event
                if not ended:
                    await _either(signal, self._poll_s)

    async def _news(self, run_id: str, tenant_id: str, *, after: int) -> tuple[list[Event], bool]:
        async with self._db.begin() as tx:
            # The run before its events: one reported in between is then read, and an end in between is seen next time.
            run = await runs.get(tx, tenant_id, run_id=run_id)
            if run is None:
                raise NotFound("There is no such run, or you may not see it.")
            news = await events.since(tx, tenant_id, run_id=run_id, after=after)
            written = await written_of(tx, tenant_id, found=[run]) if run.ended else {}
            standing = await verdicts.of_run(tx, tenant_id, run_id=run_id) if run.ended else {}
        if not run.ended:
            return news, False
        # The end is read from the row, not from a stored event: also a run nobody could speak for any more has one.
        last = Event(
            max([after, *(event.seq for event in news)]) + 1,
            "done" if run.state == "succeeded" else "failed",
            run_view(run, written.get(run_id, ()), verdicts=standing),
        )
        return [*news, last], True


async def _either(signal: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await signal.wait()
    except TimeoutError:
        pass
