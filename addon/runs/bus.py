"""Tells those who watch a run, in whatever process, that there is news. Only a hint: the news is in the database."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from addon.redis.hub import Hub

TOPIC = "run"


class Bus:
    """Runs by id, with the signals of those who watch them. One per process."""

    def __init__(self, hub: Hub | None = None, *, watched: bool = True) -> None:
        """watched: False where nobody ever watches, so that no news needs to come here."""
        self._hub = hub or Hub()
        self._watchers: dict[str, set[asyncio.Event]] = {}
        if watched:
            self._hub.on(TOPIC, self._heard)

    def tell(self, run_id: str) -> None:
        self._hub.tell(TOPIC, run_id)

    @contextmanager
    def watch(self, run_id: str) -> Iterator[asyncio.Event]:
        """A signal set at every `tell`. Begin to watch before reading, or news in between would be missed."""
        signal = asyncio.Event()
        self._watchers.setdefault(run_id, set()).add(signal)
        try:
            yield signal
        finally:
            self._watchers[run_id].discard(signal)
            if not self._watchers[run_id]:
                del self._watchers[run_id]

    def _heard(self, run_id: str) -> None:
        # No name: nobody knows what was missed, so everybody looks.
        for watched in [run_id] if run_id else list(self._watchers):
            for signal in self._watchers.get(watched, ()):
                signal.set()
