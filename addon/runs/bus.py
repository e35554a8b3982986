"""Between who works on a run and who watches it, in whatever processes: there is news, somebody watches.

Only hints: the news is in the database.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from addon.redis.hub import Hub

TOPIC = "run"
WATCHED = "watched"
WATCHED_S = 20.0
"""So long a run counts as watched after another process has said so; they say it again every few seconds."""
MANY = 10_000


class Bus:
    """Runs by id, with the signals of those who watch them. One per process.

    doubt: set when news may have been missed, of nobody knows which run.
    """

    def __init__(
        self,
        hub: Hub | None = None,
        *,
        watched: bool = True,
        works: bool = True,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """watched: False where nobody ever watches, so that no news needs to come here; works: where nobody works."""
        self._hub = hub or Hub()
        self._clock = clock
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self._elsewhere: dict[str, float] = {}
        self.doubt = asyncio.Event()
        if watched:
            self._hub.on(TOPIC, self._heard)
        if works:
            self._hub.on(WATCHED, self._noted)

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
        self._hub.tell(WATCHED, run_id)
        try:
            yield
        finally:
            self._watchers[run_id].discard(signal)
            if not self._watchers[run_id]:
                del self._watchers[run_id]

    def remind(self) -> None:
        """Says again what is watched here, for who has begun to work on it since, or did not hear it."""
        for run_id in self._watchers:
            self._hub.tell(WATCHED, run_id)

    def is_watched(self, run_id: str) -> bool:
        """Whether somebody watches the run, in whatever process; True as well while that cannot be known."""
        if run_id in self._watchers or not self._hub.hears:
            return True
        now = self._clock()
        return any(self._elsewhere.get(known, now) > now for known in (run_id, ""))

    def _noted(self, run_id: str) -> None:
        """ "": somebody may have said of any run that it is watched."""
        now = self._clock()
        if len(self._elsewhere) >= MANY:
            self._elsewhere = {known: until for known, until in self._elsewhere.items() if until > now}
        if len(self._elsewhere) >= MANY:
            run_id = ""
        self._elsewhere[run_id] = now + WATCHED_S

    def _heard(self, run_id: str) -> None:
        if not run_id:
            self.doubt.set()
        for signal in self._watchers.get(run_id, ()):
            signal.set()
