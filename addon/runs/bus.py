"""Tells those who watch a run in this process that there is news. Only a hint: the news itself is in the database."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Bus:
    """Runs by id, with the signals of those who watch them."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[asyncio.Event]] = {}

    def tell(self, run_id: str) -> None:
        for signal in self._watchers.get(run_id, ()):
            signal.set()

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
