"""Tells those who watch a run, in whatever process, that there is news. Only a hint: the news is in the database."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from addon.redis.hub import Hub

TOPIC = "run"


class Bus:
    """Runs by id, with the signals of those who watch them. One per process.

    doubt: set when news may have been missed, of nobody knows which run.
    """

    def __init__(self, hub: Hub | None = None, *, watched: bool = True) -> None:
        """watched: False where nobody ever watches, so that no news needs to come here."""
        self._hub = hub or Hub()
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self.doubt = asyncio.Event()
        if watched:
            self._hub.on(TOPIC, self._heard)

    @property
    def hears(self) -> bool:
        """Whether news of other processes arrives at present."""
        return self._hub.hears

    def tell(self, run_id: str) -> None:
        self._hub.tell(TOPIC, run_id)

    @contextmanager
    def watch(self, run_id: str, signal: asyncio.Event) -> Iterator[None]:
        """Sets the signal at every `tell`. Begin to watch before reading, or news in between would be missed."""
        self._watchers.setdefault(run_id, set()).add(signal)
        try:
            yield
        finally:
            self._watchers[run_id].discard(signal)
            if not self._watchers[run_id]:
                del self._watchers[run_id]

    def _heard(self, run_id: str) -> None:
        if not run_id:
            self.doubt.set()
        for signal in self._watchers.get(run_id, ()):
            signal.set()
