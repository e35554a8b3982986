"""Keeps our requests within what Jira bears: few at a time, none during a pause, writes spaced, points left."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from addon.jira.errors import JiraBusy, JiraSpent
from addon.jira.gates import Gates, Passage, Together, Turn, Wait
from addon.jira.limits import Ease, Pause
from addon.jira.points import Points
from addon.observe.metrics import JIRA_POINTS, JIRA_POINTS_LIMIT, JIRA_WAITS
from addon.redis.connection import RedisDown

IN_FLIGHT = 8
"""Atlassian advises 5 to 10 requests at a time per app and tenant."""
_SHORTEST_PAUSE_S = 1.0  # gateways answer 429 without a word on how long, or with "Retry-After: 0"


class Limiter:
    """All sites. together: what the processes count between them; without it this one counts for itself alone."""

    def __init__(self, together: Together | None = None, *, points: Points | None = None) -> None:
        self.points = points or Points()
        self._gates = Gates(self.points)
        self._together = together
        self._places: dict[str, asyncio.Semaphore] = {}
        JIRA_POINTS.set_function(lambda: self.points.used)
        JIRA_POINTS_LIMIT.set(self.points.most)

    @asynccontextmanager
    async def slot(self, passage: Passage, *, patience_s: float) -> AsyncIterator[None]:
        """Waits for pauses, its turn and a free place, and holds the place.

        Raises JiraBusy when a wait outlasts `patience_s` seconds, so that nobody sleeps through it while holding a
        worker; JiraSpent when it is for the next hour's points.
        """
        deadline = time.monotonic() + patience_s
        # Before taking a place: twenty writers of one issue must not keep the readers of others out.
        await self._pass_here(passage, deadline)
        turn = self._together.turn(passage) if self._together is not None else Turn(passage, "")
        while True:
            async with self._places.setdefault(passage.site, asyncio.Semaphore(IN_FLIGHT)):
                # Whoever waited for a place may find that a pause began meanwhile.
                wait = self._gates.paused(passage) or await self._pass_together(turn, deadline)
                if wait is None:
                    try:
                        yield
                    finally:
                        if self._together is not None:
                            self._together.leave(turn)
                    return
            turn = replace(turn, queued=turn.queued or wait.queued)
            await _rest(wait, deadline)

    def pause(self, passage: Passage, pause: Pause) -> None:
        """Holds back what the answer told us to hold back; pauses never become shorter."""
        seconds = max(pause.seconds, _SHORTEST_PAUSE_S)
        self._gates.hold(passage, pause.scope, seconds=seconds)
        if self._together is not None:
            self._together.hold(passage, pause.scope, seconds=seconds)

    def ease(self, passage: Passage, ease: Ease) -> None:
        """Slows down before there is nothing left."""
        self._gates.ease(passage, ease)
        if self._together is not None:
            self._together.ease(passage, ease)

    def spent(self, points: int) -> None:
        """An answer cost so many points more than was expected."""
        self.points.add(points)

    async def close(self) -> None:
        if self._together is not None:
            await self._together.close()

    async def _pass_here(self, passage: Passage, deadline: float) -> None:
        queued = False
        while (wait := self._gates.admit(passage, patience_s=_left(deadline), queued=queued)) is not None:
            queued = queued or wait.queued
            await _rest(wait, deadline)

    async def _pass_together(self, turn: Turn, deadline: float) -> Wait | None:
        if self._together is not None:
            with suppress(RedisDown):
                return await self._together.admit(turn, patience_s=_left(deadline))
        self.points.add(turn.passage.points)
        return None


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.0)


async def _rest(wait: Wait, deadline: float) -> None:
    if wait.cause != "places":
        JIRA_WAITS.labels(wait.cause).inc()
    if wait.seconds > _left(deadline):
        raise JiraSpent(wait.seconds) if wait.cause == "points" else JiraBusy(wait.seconds)
    await asyncio.sleep(wait.seconds)
