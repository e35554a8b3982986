"""Works the rows of every queue: claims no more than it has slots for, holds on while it works, lets go when told.

It knows neither the database nor Jira: rows are claimed, renewed and given back through a `Holding`, and what a row
means is the business of a `Job`.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal

from addon.errors import Unavailable
from addon.observe.metrics import QUEUE_DEPTH, QUEUE_OLDEST
from addon.queue.broker import Wakes
from addon.queue.lane import End, L, Lane, Pace

log = logging.getLogger(__name__)

GULP = 4
"""Rows claimed at once: fifty that begin in the same instant would hold up everybody else in this process."""
EASE = 2.0
"""A claim is followed by a rest of this many times its own length."""
LONGEST_EASE_S = 1.0


@dataclass(slots=True)
class _Room(Generic[L]):
    """The slots of one queue. wanted: rows may be due that no claim has looked for yet."""

    queue: str
    free: int
    lanes: list[Lane[L]] = field(default_factory=list)
    wanted: bool = False
    claiming: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class _Working(Generic[L]):
    lane: Lane[L]
    lease: L
    task: asyncio.Task[None] | None = None
    stop: Literal["", "cancel", "pause", "lost", "leaving"] = ""


class Worker(Generic[L]):
    """One per process. slots: rows of a queue worked at a time, by queue name."""

    def __init__(
        self, wakes: Wakes, *, lanes: Sequence[Lane[L]], slots: Mapping[str, int], pace: Pace | None = None
    ) -> None:
        self._wakes = wakes
        wakes.on_look(self.nudge)
        self._pace = pace or Pace()
        self._holdings = {lane.holding.name: lane.holding for lane in lanes}
        self._rooms = {queue: _Room[L](queue, free) for queue, free in slots.items()}
        for lane in lanes:
            self._rooms[lane.queue].lanes.append(lane)
        self._working: dict[tuple[str, str], _Working[L]] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._stopping = False
        self._unrenewed = False
        self._owed: set[tuple[str, str]] = set()

    async def start(self, *, alone: bool = False) -> None:
        """alone: no other worker can exist, so whatever is running was left by a dead one. Raises Unavailable."""
        if alone:
            for holding in self._holdings.values():
                await holding.reclaim()
        self._wakes.deliver_to(self.work)
        self._loops = [
            asyncio.create_task(self._every(self._pace.heartbeat_s, self.look), name="heartbeat"),
            asyncio.create_task(self._every(self._pace.sweep_s, self._sweep), name="sweep"),
        ]

    async def stop(self, wait_s: float) -> None:
        """Claims nothing more, waits for what runs, then gives the rest back for others to start over."""
        self._stopping = True
        heartbeat, *others = self._loops
        await _end(others)
        deadline = time.monotonic() + wait_s
        for room in self._rooms.values():
            async with room.claiming:
                pass  # a claim under way may still bring rows, and they are waited for like the rest
        tasks = [w.task for w in self._working.values() if w.task]
        if tasks:
            await asyncio.wait(tasks, timeout=max(0.0, deadline - time.monotonic()))
        await _end([heartbeat])
        await self._leave()

    @property
    def busy(self) -> int:
        """How many rows are being worked now."""
        return len(self._working)

    async def work(self, queue: str) -> None:
        """What a token does: claim due rows of that queue while there are slots, and start them."""
        room = self._rooms.get(queue)
        if room is None:
            return
        room.wanted = True
        if room.claiming.locked():
            return
        async with room.claiming:
            try:
                while room.wanted and room.free > 0 and not self._stopping:
                    room.wanted = False
                    began = time.monotonic()
                    await self._claim(room)
                    # Callers go first: the busier the process, the slower the claim and the longer this rest.
                    await asyncio.sleep(min(EASE * (time.monotonic() - began), LONGEST_EASE_S))
            except Unavailable:
                log.warning("cannot claim from %s: the database is away", queue)

    async def look(self) -> None:
        """Renews every lease that is held, and stops work whose lease was lost or that is to end or to wait."""
        for name, holding in self._holdings.items():
            held = {row_id: w for (table, row_id), w in list(self._working.items()) if table == name}
            try:
                answer = await holding.renew(held) if held else {}
            except Unavailable:
                log.warning("cannot renew %d leases: the database is away", len(held))
                self._unrenewed = True
                continue
            for row_id, working in held.items():
                if row_id not in answer:
                    self._interrupt(working, "lost")
                elif order := answer[row_id]:
                    self._interrupt(working, order)

    def nudge(self) -> None:
        """Look soon: a tenant has left, or somebody asked for an end. May be called from anywhere in the loop."""
        _background(self.look())

    async def _claim(self, room: _Room[L]) -> None:
        for lane in room.lanes:
            limit = min(room.free, GULP)
            if limit <= 0:
                room.wanted = True
                return
            claimed = await lane.holding.claim(lane.queue, limit)
            room.wanted = room.wanted or len(claimed) == limit
            for lease in claimed:
                self._start(room, _Working(lane, lease))

    def _start(self, room: _Room[L], working: _Working[L]) -> None:
        key = (working.lane.holding.name, working.lease.id)
        room.free -= 1
        self._working[key] = working
        working.task = asyncio.create_task(self._run(working), name=f"{key[0]}:{key[1]}")
        working.task.add_done_callback(lambda _: self._freed(room, key))

    def _freed(self, room: _Room[L], key: tuple[str, str]) -> None:
        room.free += 1
        del self._working[key]
        if room.wanted and not self._stopping:
            _background(self.work(room.queue))

    async def _run(self, working: _Working[L]) -> None:
        end = await self._attempt(working)
        if end == "back":
            await self._give_back(working.lane.holding.name, [working.lease.id])
        elif end is not None:
            try:
                await working.lane.job.cut_short(working.lease, end)
            except Unavailable:
                log.warning("cannot record the end of %s: its lease will run out", working.lease.id)

    async def _attempt(self, working: _Working[L]) -> End | Literal["back"] | None:
        """How the worker itself has to end the row, "back" when it has to let go of it, None when neither."""
        limit = asyncio.timeout(self._pace.limit_s)
        try:
            async with limit:
                await working.lane.job.execute(working.lease)
        except asyncio.CancelledError:
            # Ours only when the reason was noted before; otherwise the loop is going down.
            if working.stop in ("", "leaving"):
                raise
            if working.task is not None:
                working.task.uncancel()
            return "cancelled" if working.stop == "cancel" else "back" if working.stop == "pause" else None
        except Unavailable:
            log.warning("lost the database while working on %s", working.lease.id)
            return "back"
        except Exception as error:  # noqa: BLE001 - one broken row must neither stop the worker nor stay running for ever
            if limit.expired():
                return "timed_out"
            _report(f"{working.lane.holding.name} {working.lease.id} failed unexpectedly", error)
            return "crashed"
        return None

    def _interrupt(self, working: _Working[L], reason: Literal["cancel", "pause", "lost", "leaving"]) -> None:
        if working.task is not None and not working.stop:
            working.stop = reason
            working.task.cancel()

    async def _sweep(self) -> None:
        await self._make_good()
        for name, holding in self._holdings.items():
            lost, waiting = await holding.sweep()
            if lost:
                log.warning("took back %d %s whose worker fell silent", lost, name)
            QUEUE_DEPTH.labels(name).set(sum(w.count for w in waiting.values()))
            QUEUE_OLDEST.labels(name).set(max((time.time() - w.oldest for w in waiting.values()), default=0.0))
            for queue in waiting:
                _background(self.work(queue))

    async def _make_good(self) -> None:
        """What a database that was away kept us from, before the sweep takes our silence for the death of a worker."""
        if self._unrenewed:
            self._unrenewed = False
            await self.look()
        # What we hold again by now is another attempt and no debt of this one.
        owed, self._owed = self._owed - self._working.keys(), set()
        for name in self._holdings:
            await self._give_back(name, [row_id for table, row_id in owed if table == name])

    async def _give_back(self, name: str, ids: Sequence[str]) -> None:
        try:
            if ids:
                await self._holdings[name].release(ids)
        except Unavailable:
            log.warning("cannot give %d %s back: the database is away", len(ids), name)
            self._owed.update((name, row_id) for row_id in ids)

    async def _every(self, period_s: float, step: Callable[[], Coroutine[Any, Any, None]]) -> None:
        failures = 0
        while True:
            # Jitter keeps several processes from asking in the same instant.
            await asyncio.sleep(min(period_s * random.uniform(0.7, 1.0) * 2**failures, max(10.0, period_s)))  # noqa: S311
            try:
                await step()
                failures = 0
            except Unavailable:
                failures = min(failures + 1, 4)
            except Exception as error:  # noqa: BLE001 - without these loops nothing would ever be taken back
                _report(f"{step.__name__} failed", error)

    async def _leave(self) -> None:
        left = list(self._working.values())
        for working in left:
            self._interrupt(working, "leaving")
        await asyncio.gather(*(w.task for w in left if w.task), return_exceptions=True)
        for name in self._holdings:
            await self._give_back(name, [w.lease.id for w in left if w.lane.holding.name == name])


def _report(what: str, error: Exception) -> None:
    log.error("%s", what, exc_info=error)


_tasks: set[asyncio.Task[None]] = set()


def _background(work: Coroutine[Any, Any, None]) -> None:
    # The loop keeps only weak references to its tasks.
    task = asyncio.ensure_future(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
