"""Looks at one place shared by all who want to know the same at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
_MOST = 500


@dataclass(slots=True)
class _Look(Generic[T]):
    began: float
    found: T


class Looks(Generic[T]):
    """Thirty items of one result ask thirty times for the same issue: one answer serves all whose attempt is older.

    An answer counts for whoever wants to know what stood there at `since` or later, so an item never misses what its
    own earlier attempt wrote. Times are UTC seconds by the clock that dates rows: an attempt that another process put
    back tells nothing by a clock of one's own.
    """

    def __init__(self, now: Callable[[], float], *, keep_s: float = 60.0) -> None:
        self._now = now
        self._keep_s = keep_s
        self._known: dict[Hashable, _Look[T]] = {}
        self._locks: dict[Hashable, asyncio.Lock] = {}

    async def at(self, place: Hashable, ask: Callable[[], Awaitable[T]], *, since: float) -> T:
        """What stands there, asked for unless it was seen since that moment. Raises what `ask` raises."""
        async with self._locks.setdefault(place, asyncio.Lock()):
            known = self._known.get(place)
            if known is not None and known.began >= since and self._now() - known.began < self._keep_s:
                return known.found
            began = self._now()
            found = await ask()
            self._forget()
            self._known[place] = _Look(began, found)
            return found

    def _forget(self) -> None:
        if len(self._known) >= _MOST:
            self._known.clear()
            self._locks = {place: lock for place, lock in self._locks.items() if lock.locked()}
