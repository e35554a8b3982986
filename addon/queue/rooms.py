"""The slots of each queue, who may claim for them first, and how fast they are filled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Generic

from addon.queue.broker import QUEUES
from addon.queue.lane import L, Lane

GULP = 4
"""Rows claimed at once: fifty that begin in the same instant would hold up everybody else in this process."""
GULPS = 16
"""A queue with many slots takes more rows at once, so that it is full after about so many claims."""
EASE = 2.0
"""A claim is followed by a rest of this many times its own length."""
LONGEST_EASE_S = 1.0
FILL_S = 1.0
"""All rests together, until every slot is taken."""


@dataclass(slots=True, eq=False)
class Room(Generic[L]):
    """One queue. wanted: rows may be due that no claim has looked for yet. waiting: rows were due at the last sweep."""

    queue: str
    slots: int
    lanes: list[Lane[L]] = field(default_factory=list)
    free: int = 0
    wanted: bool = False
    waiting: bool = False
    claiming: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.free = self.slots

    @property
    def rank(self) -> int:
        """The smaller, the more important."""
        return QUEUES.index(self.queue) if self.queue in QUEUES else len(QUEUES)

    @property
    def gulp(self) -> int:
        return max(GULP, -(-self.slots // GULPS))

    def rest_s(self, took_s: float) -> float:
        """How long nobody claims for this queue after a claim that took so long.

        Callers go first: the busier the process, the slower the claim and the longer this rest.
        """
        return min(EASE * took_s, LONGEST_EASE_S, FILL_S * self.gulp / max(self.slots, 1))


class Turns:
    """One claim at a time in this process; of those who wait, the most important queue is next."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._number = count()

    @asynccontextmanager
    async def turn(self, rank: int) -> AsyncIterator[None]:
        """rank: the smaller, the sooner."""
        if self._taken:
            await self._wait(rank)
        self._taken = True
        try:
            yield
        finally:
            self._next()

    async def _wait(self, rank: int) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (rank, next(self._number), mine))
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                # The turn came together with the cancellation: somebody else takes it.
                self._next()
            raise

    def _next(self) -> None:
        while self._waiting:
            waiting = heappop(self._waiting)[2]
            if not waiting.done():
                waiting.set_result(None)
                return
        self._taken = False
