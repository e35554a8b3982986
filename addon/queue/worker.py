"""Works the rows of every queue: claims no more than it has slots for, holds on while it works, lets go when told.

It knows rows and leases, nothing of Jira: what a row means is the job's business.
"""

import asyncio
import logging
import os
import random
import socket
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from sqlalchemy import Table

from addon.observe.metrics import QUEUE_DEPTH, QUEUE_OLDEST
from addon.queue.broker import Wakes
from addon.store import leases
from addon.store.db import Database, DatabaseDown
from addon.store.ids import new_id
from addon.store.leases import LEASE_S, Claims, Ending, Lease

log = logging.getLogger(__name__)

TIMED_OUT = Ending("failed", {"error": "timed_out", "detail": "The work took too long and was stopped."})
CRASHED = Ending(
    "failed", {"error": "internal", "detail": "Something broke on our side. The operator finds the cause in the log."}
)
CANCELLED = Ending("cancelled")


class Job(Protocol):
    """What the rows of a lane are for."""

    async def execute(self, lease: Lease) -> None:
        """Works one row and records how that ended. May be cancelled at any await."""

    async def ended(self, lease: Lease, ending: Ending) -> None:
        """Records an end that the worker brought about: cancelled on request, out of time, or a mistake of ours."""


@dataclass(frozen=True, slots=True)
class Lane:
    """The rows of one table in one queue, and the job that works them."""

    table: Table
    queue: str
    job: Job


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. lease: must outlast several heartbeats. limit: the longest one attempt may take."""

    heartbeat_s: float = 10.0
    sweep_s: float = 1.0
    lease_s: float = LEASE_S
    limit_s: float = 600.0


@dataclass(slots=True)
class _Room:
    """The slots of one queue. wanted: rows may be due that no claim has looked for yet."""

    queue: str
    free: int
    lanes: list[Lane] = field(default_factory=list)
    wanted: bool = False
    claiming: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class _Working:
    lane: Lane
    lease: Lease
    task: asyncio.Task[None] | None = None
    stop: Literal["", "cancel", "lost", "leaving"] = ""


class Worker:
    """One per process. slots: rows of a queue worked at a time, by queue name."""

    def __init__(
        self, db: Database, wakes: Wakes, *, lanes: Sequence[Lane], slots: Mapping[str, int], pace: Pace | None = None
    ) -> None:
        self._db = db
        self._wakes = wakes
        self._pace = pace or Pace()
        # A name nobody had before: a restarted process must not inherit what its predecessor held.
        self.name = f"{socket.gethostname()[:24]}-{os.getpid()}-{new_id()[-12:]}"
        self._claims = {t.name: Claims(t, self.name, self._pace.lease_s) for t in {lane.table for lane in lanes}}
        self._rooms = {queue: _Room(queue, free) for queue, free in slots.items()}
        for lane in lanes:
            self._rooms[lane.queue].lanes.append(lane)
        self._working: dict[tuple[str, str], _Working] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self, *, alone: bool = False) -> None:
        """alone: no other worker can exist, so whatever is running was left by a dead one. Raises DatabaseDown."""
        if alone:
            async with self._db.begin() as tx:
                for claims in self._claims.values():
                    await leases.reclaim(tx, claims.table, now=time.time())
        self._wakes.deliver_to(self.work, self.look)
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
                    await self._claim(room)
            except DatabaseDown:
                log.warning("cannot claim from %s: the database is away", queue)

    async def look(self) -> None:
        """Renews every lease that is held, and stops work whose lease was lost or whose end was asked for."""
        for claims in self._claims.values():
            held = {row_id: w for (table, row_id), w in list(self._working.items()) if table == claims.table.name}
            if not held:
                continue
            try:
                async with self._db.begin() as tx:
                    answer = await claims.renew(tx, held, now=time.time())
            except DatabaseDown:
                log.warning("cannot renew %d leases: the database is away", len(held))
                continue
            for row_id, working in held.items():
                if row_id not in answer:
                    self._interrupt(working, "lost")
                elif answer[row_id]:
                    self._interrupt(working, "cancel")

    def nudge(self) -> None:
        """Look soon: a tenant has left, or somebody asked for an end. May be called from anywhere in the loop."""
        _background(self.look())

    async def _claim(self, room: _Room) -> None:
        for lane in room.lanes:
            limit = room.free
            if limit <= 0:
                room.wanted = True
                return
            async with self._db.begin() as tx:
                claimed = await self._claims[lane.table.name].claim(tx, lane.queue, limit=limit, now=time.time())
            room.wanted = room.wanted or len(claimed) == limit
            for lease in claimed:
                self._start(room, _Working(lane, lease))

    def _start(self, room: _Room, working: _Working) -> None:
        key = (working.lane.table.name, working.lease.id)
        room.free -= 1
        self._working[key] = working
        working.task = asyncio.create_task(self._run(working), name=f"{key[0]}:{key[1]}")
        working.task.add_done_callback(lambda _: self._freed(room, key))

    def _freed(self, room: _Room, key: tuple[str, str]) -> None:
        room.free += 1
        del self._working[key]
        if room.wanted and not self._stopping:
            _background(self._wakes.wake(room.queue))

    async def _run(self, working: _Working) -> None:
        ending = await self._attempt(working)
        if ending is None:
            return
        try:
            await working.lane.job.ended(working.lease, ending)
        except DatabaseDown:
            log.warning("cannot record the end of %s: its lease will run out", working.lease.id)

    async def _attempt(self, working: _Working) -> Ending | None:
        """How the worker itself has to end the row; None when the job did."""
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
            return CANCELLED if working.stop == "cancel" else None
        except DatabaseDown:
            log.warning("lost the database while working on %s: its lease will run out", working.lease.id)
            return None
        except Exception:
            if limit.expired():
                return TIMED_OUT
            log.exception("%s %s failed unexpectedly", working.lane.table.name, working.lease.id)
            return CRASHED
        return None

    def _interrupt(self, working: _Working, reason: Literal["cancel", "lost", "leaving"]) -> None:
        if working.task is not None and not working.stop:
            working.stop = reason
            working.task.cancel()

    async def _sweep(self) -> None:
        for claims in self._claims.values():
            now = time.time()
            async with self._db.begin() as tx:
                lost = await leases.sweep(tx, claims.table, now=now)
                due = await leases.due(tx, claims.table, now=now)
            if lost:
                log.warning("took back %d %s whose worker fell silent", lost, claims.table.name)
            QUEUE_DEPTH.labels(claims.table.name).set(sum(d.count for d in due.values()))
            QUEUE_OLDEST.labels(claims.table.name).set(max((now - d.oldest for d in due.values()), default=0.0))
            for queue in due:
                await self._wakes.wake(queue)

    async def _every(self, period_s: float, step: Callable[[], Coroutine[Any, Any, None]]) -> None:
        failures = 0
        while True:
            # Jitter keeps several processes from asking in the same instant.
            await asyncio.sleep(min(period_s * random.uniform(0.7, 1.0) * 2**failures, max(10.0, period_s)))  # noqa: S311
            try:
                await step()
                failures = 0
            except DatabaseDown:
                failures = min(failures + 1, 4)
            except Exception:
                log.exception("%s failed", step.__name__)

    async def _leave(self) -> None:
        left = list(self._working.values())
        for working in left:
            self._interrupt(working, "leaving")
        await asyncio.gather(*(w.task for w in left if w.task), return_exceptions=True)
        for claims in self._claims.values():
            ids = [w.lease.id for w in left if w.lane.table is claims.table]
            if not ids:
                continue
            try:
                async with self._db.begin() as tx:
                    await claims.release(tx, ids, now=time.time())
            except DatabaseDown:
                log.warning("cannot give %d %s back: their leases will run out", len(ids), claims.table.name)


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
