"""What is done by itself while the house is open: by one process at a time, whoever leads."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from addon.clockwork.leader import Leader
from addon.clockwork.schedules import Clock, Kinds, Schedules, Slot, Wanted
from addon.errors import AddonError
from addon.jira.users import own_account
from addon.observe.pulse import Pulse
from addon.observe.unbroken import unbroken
from addon.policy.retention import purge, tidy
from addon.queue.broker import QUEUES
from addon.runs.desk import Desk
from addon.runs.reruns import Reruns
from addon.settings import Settings
from addon.store.trouble import DatabaseDown

log = logging.getLogger(__name__)

NIGHTLY = "nightly"
"""The name of the deployment's own schedule, and its kind."""
HOUR_S = 3600.0
PROBE_LOOK_S = 10.0
AGAIN_S = 30.0
BACK_S = 60.0
"""The longest rest after the database was away: a first start must not be an hour without its timetable."""

Step = Callable[[], Coroutine[Any, Any, object]]


@dataclass(frozen=True, slots=True)
class Upkeep:
    """One per process that may lead. pulse: told of every turn."""

    desk: Desk
    reruns: Reruns
    settings: Settings
    pulse: Pulse

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Stands ready to lead inside the block, and leaves the office to the next one afterwards."""
        # On SQLite the file's lock says that nobody else is there.
        leader = Leader(self.desk.db, self.desk.me, alone=self.desk.db.dialect == "sqlite")
        task = asyncio.create_task(leader.lead(self._duties, beat=partial(self.pulse.beat, "leader")), name="leader")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.pulse.ended("leader")

    async def _duties(self) -> None:
        """Everything that one process does for all; ends when it is cancelled."""
        desk = self.desk
        kinds = Kinds(chores={NIGHTLY: self._nightly})
        clock = Clock(desk.db, kinds, holder=desk.me, wake=desk.wakes.wake)
        async with asyncio.TaskGroup() as group:
            group.create_task(clock.keep(), name="schedules")
            group.create_task(_for_ever("the timetable", self._timetable, rest=partial(asyncio.sleep, HOUR_S)))
            group.create_task(_for_ever("the look at rivals", self._settle, rest=partial(asyncio.sleep, HOUR_S)))
            group.create_task(_for_ever("probing", self._probe, rest=partial(asyncio.sleep, PROBE_LOOK_S)))
            group.create_task(_for_ever("the look at changes", self.reruns.start_due, rest=self.reruns.rest))

    async def _timetable(self) -> None:
        wanted = Wanted(NIGHTLY, NIGHTLY, cron=self.settings.nightly, zone=self.settings.timezone)
        await Schedules(self.desk.db).put(wanted)

    async def _nightly(self, slot: Slot) -> None:
        """Deletes what is past its retention."""
        db = self.desk.db
        # On SQLite one of the two stays ahead after the machine's clock was, and deleting too late does less harm.
        now = min(db.now(), db.utc())
        tenants = await purge(db, now)
        gone = await tidy(db, now)
        late_s = round(now - slot.at)
        log.info("cleaned up", extra={"tenants": tenants, **gone, "late_s": late_s})

    async def _settle(self) -> None:
        """Finds out which tenants were superseded at their site."""
        await self.desk.tenants.settle(partial(own_account, self.desk.jira))

    async def _probe(self) -> None:
        """Asks sites that refused the add-on, when they are due, whether they still do."""
        if await self.desk.troubles.probe():
            for queue in QUEUES:
                await self.desk.wakes.wake(queue)


async def _for_ever(what: str, step: Step, *, rest: Step) -> None:
    while True:
        try:
            await unbroken(step())
        except DatabaseDown as error:
            log.warning("%s was cut short: %s", what, error.code)
            with suppress(TimeoutError):
                async with asyncio.timeout(BACK_S):
                    await rest()
            continue
        except AddonError as error:
            log.warning("%s was cut short: %s", what, error.code)
        except Exception as error:  # noqa: BLE001 - the other duties go on, and so does this one after a while
            _report(what, error)
            await asyncio.sleep(AGAIN_S)
        await rest()


def _report(what: str, error: Exception) -> None:
    log.error("%s failed unexpectedly", what, exc_info=error)
