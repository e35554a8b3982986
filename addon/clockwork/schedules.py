"""What is done at times that a schedule names: the schedules, for who makes them, and the clock, for who keeps them.

Of slots that passed while nobody was up the oldest is done, late, and no other: one run makes up for any number.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.clockwork.leader import OFFICE
from addon.clockwork.slots import NoSchedule, following
from addon.errors import AddonError, Forbidden
from addon.observe.unbroken import unbroken
from addon.store.db import Database
from addon.store.repos import schedules as rows
from addon.store.repos.schedules import Schedule
from addon.store.trouble import DatabaseDown

log = logging.getLogger(__name__)

AT_ONCE = 50
DAY_S = 86400.0
TICK_S = 2.0
AGAIN_S = 60.0
"""How long a schedule rests whose slot could not be done."""

Now = Callable[[], float]
"""UTC seconds of the clock that all processes share; with SQLite, where there is one, of the clock on its wall."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One time of one schedule. at: UTC seconds, in the past when it is late."""

    schedule: Schedule
    at: float


Start = Callable[[AsyncConnection, Slot], Awaitable[str]]
"""Does what a slot is for in the transaction that takes it: the rows it inserts come to be exactly once.

Returns the queue in which something is due now, or "". Must not commit.
"""
Chore = Callable[[Slot], Awaitable[None]]
"""Does what a slot is for by itself; the slot is over when it returns.

Begun again when the process dies before that, so doing it twice must be as good as once.
"""


@dataclass(frozen=True, slots=True)
class Kinds:
    """What schedules are for, by their kind: either a start or a chore."""

    starts: Mapping[str, Start] = field(default_factory=dict)
    chores: Mapping[str, Chore] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A schedule to be. cron: five fields, meant in the IANA time zone `zone`. payload: what its kind needs to know."""

    name: str
    kind: str
    cron: str
    zone: str = "UTC"
    tenant_id: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


class Schedules:
    """For who makes schedules. `tenant_id` None is the deployment's own."""

    def __init__(self, db: Database, *, now: Now | None = None) -> None:
        self._db = db
        self._now = now or db.utc

    async def put(self, wanted: Wanted) -> None:
        """Makes or changes the schedule of that name; only other times move its slot.

        Raises NoSchedule, Forbidden when the name belongs to another tenant, DatabaseDown.
        """
        next_at = following(wanted.cron, wanted.zone, after=self._now())
        schedule = Schedule(
            name=wanted.name,
            kind=wanted.kind,
            cron=wanted.cron,
            zone=wanted.zone,
            next_at=next_at,
            last_at=None,
            tenant_id=wanted.tenant_id,
            payload=wanted.payload,
        )
        async with self._db.single() as tx:
            if not await rows.put(tx, schedule):
                raise Forbidden("A schedule of that name belongs to somebody else.")

    async def remove(self, name: str, *, tenant_id: str | None) -> bool:
        """False when there is none. Raises DatabaseDown."""
        async with self._db.single() as tx:
            return await rows.remove(tx, name, tenant_id=tenant_id)

    async def of(self, tenant_id: str | None) -> list[Schedule]:
        """By name. Raises DatabaseDown."""
        async with self._db.single() as tx:
            return await rows.of(tx, tenant_id)


class Clock:
    """Keeps the schedules while its process leads. holder: that process. wake: told the queues that have work now."""

    def __init__(
        self, db: Database, kinds: Kinds, *, holder: str, wake: Callable[[str], Awaitable[None]], now: Now | None = None
    ) -> None:
        self._db = db
        self._kinds = kinds
        self._holder = holder
        self._wake = wake
        self._now = now or db.utc
        self._resting: dict[str, float] = {}
        self._chores: dict[str, asyncio.Task[None]] = {}

    async def keep(self) -> None:
        """Does what is due, for ever; what is under way ends with it."""
        mended_until = 0.0
        try:
            while True:
                try:
                    if time.monotonic() >= mended_until:
                        await unbroken(self.mend())
                        mended_until = time.monotonic() + DAY_S / 24
                    await unbroken(self.tick())
                except DatabaseDown:
                    log.warning("schedules cannot be kept: the database is away")
                await asyncio.sleep(TICK_S)
        finally:
            under_way = list(self._chores.values())
            for chore in under_way:
                chore.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def tick(self) -> None:
        """Starts what is due and begins the chores that are. Raises DatabaseDown."""
        # A clock that goes wrong in between costs nothing: what counts is the slot that was read.
        now = self._now()
        kinds = [*self._kinds.starts, *self._kinds.chores]
        async with self._db.single() as tx:
            due = await rows.due(tx, kinds=kinds, before=now, limit=AT_ONCE)
        for schedule in due:
            if self._resting.get(schedule.name, 0.0) > time.monotonic() or schedule.name in self._chores:
                continue
            slot = Slot(schedule, schedule.next_at)
            if schedule.kind in self._kinds.chores:
                self._chores[schedule.name] = asyncio.create_task(self._do(slot), name=f"chore {schedule.kind}")
            else:
                await self._guarded(slot, partial(self._start, slot, now))

    async def under_way(self) -> None:
        """Returns when the chores that were begun are over."""
        await asyncio.gather(*self._chores.values(), return_exceptions=True)

    async def mend(self) -> None:
        """Brings slots back that a clock which was wrong for a while put too far away. Raises DatabaseDown."""
        now = self._now()
        async with self._db.single() as tx:
            far = await rows.coming(tx, after=now + DAY_S, limit=500)
        for schedule in far:
            # A slot that was done is not done again because the clock was put back a little.
            done = schedule.last_at if schedule.last_at and schedule.last_at < now + DAY_S else now
            right = _following(schedule, after=max(now, done))
            if right is not None and right < schedule.next_at:
                async with self._db.single() as tx:
                    await rows.move(tx, schedule, next_at=right)

    async def _start(self, slot: Slot, now: float) -> None:
        async with self._db.begin() as tx:
            if not await self._take(tx, slot, now=now):
                return
            queue = await self._kinds.starts[slot.schedule.kind](tx, slot)
        if queue:
            await self._wake(queue)

    async def _do(self, slot: Slot) -> None:
        async def chore() -> None:
            await self._kinds.chores[slot.schedule.kind](slot)
            now = self._now()
            async with self._db.begin() as tx:
                await self._take(tx, slot, now=now)

        try:
            await self._guarded(slot, chore)
        finally:
            del self._chores[slot.schedule.name]

    async def _take(self, tx: AsyncConnection, slot: Slot, *, now: float) -> bool:
        schedule = slot.schedule
        next_at = following(schedule.cron, schedule.zone, after=max(now, slot.at))
        return await rows.take(tx, schedule, next_at=next_at, office=OFFICE, holder=self._holder)

    async def _guarded(self, slot: Slot, work: Callable[[], Awaitable[None]]) -> None:
        """One schedule that cannot be kept must not keep the others from it."""
        kind, name = slot.schedule.kind, slot.schedule.name
        try:
            await work()
        except AddonError as error:
            log.warning("a slot of %s (%s) could not be done: %s", name, kind, error.code)
        except Exception as error:  # noqa: BLE001 - what somebody's schedule holds must not stop the clock of everybody
            _report(slot, error)
        else:
            self._resting.pop(name, None)
            return
        self._resting[name] = time.monotonic() + AGAIN_S


def _report(slot: Slot, error: Exception) -> None:
    log.error("a slot of %s (%s) failed unexpectedly", slot.schedule.name, slot.schedule.kind, exc_info=error)


def _following(schedule: Schedule, *, after: float) -> float | None:
    try:
        return following(schedule.cron, schedule.zone, after=after)
    except NoSchedule:
        # A time zone that this machine does not know; another process may.
        return None
