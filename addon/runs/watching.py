"""One run as all its watchers in this process see it: read once, however many they are."""

import asyncio
import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from addon.store.repos.events import Event


# Without slots: what is worked out once for hundreds of watchers is kept.
@dataclass(frozen=True)
class News(Event):
    """An event with its data as JSON text."""

    @cached_property
    def text(self) -> str:
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))

    def numbered(self, seq: int) -> "News":
        """The same under another number."""
        if seq == self.seq:
            return self
        other = News(seq, self.event, self.data)
        other.__dict__["text"] = self.text
        return other


class Watched:
    """What the run has told so far. Watchers keep their place by number, so a slow one costs nothing but its place.

    seq: the highest number read. news: set, and replaced, when there is more. wanted: set when there may be more to
    read. last: how it ended. failure: why nothing can be told of it.
    """

    def __init__(self, tenant_id: str, run_id: str) -> None:
        self.key = (tenant_id, run_id)
        self.watchers = 0
        self.seq = 0
        self.news = asyncio.Event()
        self.wanted = asyncio.Event()
        self.last: News | None = None
        self.failure: Exception | None = None
        self._told: list[News] = []

    @property
    def over(self) -> bool:
        """Nothing will be added any more."""
        return self.last is not None or self.failure is not None

    def after(self, seq: int) -> News | None:
        """The first event with a higher number."""
        at = bisect_right(self._told, seq, key=lambda event: event.seq)
        return self._told[at] if at < len(self._told) else None

    def add(self, events: Iterable[Event]) -> None:
        """Events above `seq`, in order."""
        added = [News(event.seq, event.event, event.data) for event in events if event.seq > self.seq]
        for event in added:
            # As in the store: a partial result replaces those before it, and who begins anew has none.
            if event.event == "token" or event.data.get("stage") == "queued":
                self._told = [each for each in self._told if each.event != "token"]
            self._told.append(event)
        if added:
            self.seq = added[-1].seq
            self._spread()

    def end(self, event: str, data: Mapping[str, Any]) -> None:
        self.last = News(self.seq + 1, event, dict(data))
        self._spread()

    def fail(self, failure: Exception) -> None:
        self.failure = failure
        self._spread()

    def _spread(self) -> None:
        news, self.news = self.news, asyncio.Event()
        news.set()
