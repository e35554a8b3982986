"""Works the rows of every queue: claims no more than it has slots for, holds on while it works, lets go when told.

It knows neither the database nor Jira: rows are claimed, renewed and given back through a `Holding`, and what a row
means is the business of a `Job`.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, Generic

from addon.errors import Unavailable
from addon.observe.metrics import QUEUE_DEPTH, QUEUE_OLDEST
from addon.observe.pulse import Pulse
from addon.observe.unbroken import unbroken
from addon.queue.attempts import Attempts, background, report
from addon.queue.broker import Wakes
from addon.queue.lane import L, Lane, Pace
from addon.queue.rooms import Room, Turns

log = logging.getLogger(__name__)

HALT_S = 1.0
"""How long a loop may take to end."""


class Worker(Generic[L]):
    """One per process. slots: rows of a queue worked at a time, by queue name."""

    def __init__(
        self, wakes: Wakes, *, lanes: Sequence[Lane[L]], slots: Mapping[str, int], pace: Pace | None = None
    ) -> None:
        self._wakes = wakes
        wakes.on_look(self.nudge)
        self._pace = pace or Pace()
        self.pulse = Pulse()
        self._holdings = {lane.holding.name: lane.holding for lane in lanes}
        self._rooms = {queue: Room[L](queue, count) for queue, count in slots.items()}
        for lane in lanes:
            self._rooms[lane.queue].lanes.append(lane)
        self._turns = Turns()
        self._attempts = Attempts[L](self._pace)
        self._loops: list[asyncio.Task[None]] = []
        self._stopping = False
        self._left = False
        self._unrenewed = False
        self._swept = 0.0
        self._patient_until = 0.0

    async def start(self, *, alone: bool = False) -> None:
        """alone: no other worker can exist, so whatever is running was left by a dead one. Raises Unavailable."""
        if alone:
            for holding in self._holdings.values():
                await holding.reclaim()
        self._wakes.deliver_to(self.work)
        self._swept = time.monotonic()
        if not alone:
            # The database may be back only just now.
            self._patient_until = self._swept + 2 * self._pace.heartbeat_s
        self._loops = [
            asyncio.create_task(self._every(self._pace.heartbeat_s, self.look), name="heartbeat"),
            asyncio.create_task(self._every(self._pace.sweep_s, self._sweep), name="sweep"),
            asyncio.create_task(self._every(self._pace.count_s, self._count), name="count"),
        ]

    async def stop(self, wait_s: float) -> None:
        """Claims nothing more, waits for what runs, then gives the rest back for others to start over.

        Takes a few seconds longer than wait_s at most, whatever the jobs or the database do.
        """
        self._stopping = True
        deadline = time.monotonic() + wait_s
        heartbeat, *others = self._loops
        await _end(others)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(wait_s, HALT_S)):
                for room in self._rooms.values():
                    async with room.claiming:
                        pass  # a claim under way may still bring rows, and they are waited for like the rest
        self._left = True
        tasks = [working.task for working in self._attempts.at_work if working.task]
        if tasks:
            await asyncio.wait(tasks, timeout=max(0.0, deadline - time.monotonic()))
        await _end([heartbeat])
        await self._attempts.leave()

    @property
    def busy(self) -> int:
        """How many rows are being worked now."""
        return len(self._attempts.at_work)

    @property
    def started(self) -> bool:
        return bool(self._loops)

    @property
    def load(self) -> dict[str, tuple[int, int]]:
        """By queue: how many rows are worked at a time, and how many now."""
        busy = Counter(working.lane.queue for working in self._attempts.at_work)
        return {queue: (room.slots, busy[queue]) for queue, room in self._rooms.items()}

    def stuck(self) -> int:
        """How many jobs run on although they were given up."""
        return self._attempts.deaf

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
                    await asyncio.sleep(room.rest_s(await self._claim(room)))
            except Unavailable:
                log.warning("cannot claim from %s: the database is away", queue)

    async def look(self) -> None:
        """Renews every lease that is held, and stops work whose lease was lost or that is to end or to wait."""
        for name, holding in self._holdings.items():
            # Of two attempts at a row this is the newer one: the older one was told to end when it began.
            held = {w.lease.id: w for w in self._attempts.at_work if w.lane.holding.name == name}
            try:
                answer = await holding.renew([w.lease for w in held.values()]) if held else {}
            except Unavailable:
                log.warning("cannot renew %d leases: the database is away", len(held))
                self._unrenewed = True
                continue
            for row_id, working in held.items():
                if row_id not in answer:
                    self._attempts.interrupt(working, "lost")
                elif order := answer[row_id]:
                    self._attempts.interrupt(working, order)

    def nudge(self) -> None:
        """Look soon: a tenant has left, or somebody asked for an end. May be called from anywhere in the loop."""
        background(self.look())

    async def _claim(self, room: Room[L]) -> float:
        """How many seconds it took."""
        took_s = 0.0
        for lane in room.lanes:
            limit = min(room.free, room.gulp)
            if limit <= 0:
                room.wanted = True
                break
            async with self._turns.turn(room.rank):
                began = time.monotonic()
                claimed = await lane.holding.claim(lane.queue, limit)
                took_s += time.monotonic() - began
            if self._left:
                # Nobody waits for what comes this late.
                await self._attempts.give_back(lane.holding, claimed)
                break
            room.wanted = room.wanted or len(claimed) == limit
            for lease in claimed:
                room.free -= 1
                self._attempts.start(lane, lease, ended=lambda: self._freed(room))
        return took_s

    def _freed(self, room: Room[L]) -> None:
        room.free += 1
        # Also for a site that had its share at work: another row of it may begin now.
        if (room.wanted or room.waiting) and not self._stopping:
            background(self.work(room.queue))

    async def _sweep(self) -> None:
        await self._make_good()
        began = time.monotonic()
        found: set[str] = set()
        for name, holding in self._holdings.items():
            lost, waiting = await holding.sweep(take_back=self._may_take_back())
            if lost:
                log.warning("took back %d %s whose worker fell silent", lost, name)
            found.update(waiting)
        # Not when it ended: a sweep that hung saw the database go away and come back.
        self._swept = began
        for room in sorted(self._rooms.values(), key=lambda room: room.rank):
            room.waiting = room.queue in found
            if room.waiting:
                background(self.work(room.queue))

    def _may_take_back(self) -> bool:
        """False for a while after the database was away: the others could not renew, and are about to."""
        now = time.monotonic()
        if now - self._swept > 2 * self._pace.heartbeat_s:
            self._patient_until = now + 2 * self._pace.heartbeat_s
        return now >= self._patient_until

    async def _count(self) -> None:
        for name, holding in self._holdings.items():
            waiting = (await holding.waiting()).values()
            QUEUE_DEPTH.labels(name).set(sum(w.count for w in waiting))
            QUEUE_OLDEST.labels(name).set(max((w.age_s for w in waiting), default=0.0))

    async def _make_good(self) -> None:
        """What a database that was away kept us from, before the sweep takes our silence for the death of a worker."""
        if self._unrenewed:
            self._unrenewed = False
            await self.look()
        await self._attempts.make_good()

    async def _every(self, period_s: float, step: Callable[[], Coroutine[Any, Any, None]]) -> None:
        failures = 0
        while True:
            # No longer than a heartbeat while the database is away: then leases are renewed before others end them.
            longest_s = max(self._pace.heartbeat_s, period_s)
            # Jitter keeps several processes from asking in the same instant.
            await asyncio.sleep(min(period_s * random.uniform(0.7, 1.0) * 2**failures, longest_s))  # noqa: S311
            self.pulse.beat(step.__name__.strip("_"))
            try:
                # Torn off by the stop, a statement would hold SQLite's one file until its connection is found dead.
                await unbroken(step())
                failures = 0
            except Unavailable:
                failures = min(failures + 1, 4)
            except Exception as error:  # noqa: BLE001 - without these loops nothing would ever be taken back
                report(f"{step.__name__} failed", error)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=HALT_S)
