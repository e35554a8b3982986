"""Keeps our requests within what one Jira site bears: few at a time, none during a pause, writes per issue spaced."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from addon.jira.errors import JiraBusy
from addon.jira.limits import Pause

IN_FLIGHT = 8
"""Atlassian advises 5 to 10 requests at a time per app and tenant."""
_WRITE_GAP_S = 0.3  # 100 writes per issue in 30 s are allowed, and 20 in 2 s
_REMEMBERED = 2_000
_SHORTEST_PAUSE_S = 1.0  # gateways answer 429 without a word on how long, or with "Retry-After: 0"


@dataclass(slots=True)
class _Lane:
    """One site. until, free_at: on the clock of time.monotonic."""

    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_FLIGHT))
    until: float = 0.0
    free_at: OrderedDict[str, float] = field(default_factory=OrderedDict)


class Limiter:
    """All sites of one process."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}
        self._everywhere_until = 0.0

    @asynccontextmanager
    async def slot(self, client_key: str, issue: str | None, *, patience_s: float) -> AsyncIterator[None]:
        """Waits for pauses and a free place, and holds the place.

        issue: the issue written to, None for reads. Raises JiraBusy when a pause outlasts `patience_s` seconds, so that
        nobody sleeps through it while holding a worker.
        """
        lane = self._lanes.setdefault(client_key, _Lane())
        deadline = time.monotonic() + patience_s
        await self._open(lane, deadline)
        # Before taking a place: twenty writers of one issue must not keep the readers of others out.
        if issue is not None:
            await self._spaced(lane, issue, deadline=deadline)
        async with lane.slots:
            # Whoever waited for a place may find that a pause began meanwhile.
            await self._open(lane, deadline)
            yield

    def pause(self, client_key: str, pause: Pause, *, issue: str | None) -> None:
        """Holds back what the answer told us to hold back; pauses never become shorter."""
        until = time.monotonic() + max(pause.seconds, _SHORTEST_PAUSE_S)
        if pause.scope == "everywhere":
            self._everywhere_until = max(self._everywhere_until, until)
            return
        lane = self._lanes.setdefault(client_key, _Lane())
        if pause.scope == "issue" and issue is not None:
            lane.free_at[issue] = max(lane.free_at.get(issue, 0.0), until)
        else:
            lane.until = max(lane.until, until)

    def forget(self, client_key: str) -> None:
        self._lanes.pop(client_key, None)

    async def _open(self, lane: _Lane, deadline: float) -> None:
        while (wait := max(lane.until, self._everywhere_until) - time.monotonic()) > 0:
            await _rest(wait, deadline)

    async def _spaced(self, lane: _Lane, issue: str, *, deadline: float) -> None:
        # The next free moment is taken at once and waited for afterwards, so that writers queue in order.
        now = time.monotonic()
        at = max(now, lane.free_at.pop(issue, 0.0))
        if at > deadline:
            lane.free_at[issue] = at
            raise JiraBusy(at - now)
        lane.free_at[issue] = at + _WRITE_GAP_S
        # Oldest first: an issue that nobody wrote to for so long needs no spacing any more.
        while len(lane.free_at) > _REMEMBERED:
            lane.free_at.popitem(last=False)
        if at > now:
            await asyncio.sleep(at - now)


async def _rest(wait: float, deadline: float) -> None:
    if time.monotonic() + wait > deadline:
        raise JiraBusy(wait)
    await asyncio.sleep(wait)
