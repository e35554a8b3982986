"""One of several processes does what must be done once: whoever holds the office, by the clock of the database."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from addon.observe.unbroken import unbroken
from addon.store.db import Database
from addon.store.repos import leaders as rows
from addon.store.trouble import DatabaseDown

log = logging.getLogger(__name__)

OFFICE = "scheduler"


@dataclass(frozen=True, slots=True)
class Tenure:
    """Seconds. lease_s: how long a silent leader keeps the office. renew_s: between two words of it."""

    lease_s: float = 6.0
    renew_s: float = 1.5


class Leader:
    """One per process that could lead. me: a name no other process ever had.

    alone: no other process can exist, so whoever holds the office is dead.
    """

    def __init__(self, db: Database, me: str, *, tenure: Tenure | None = None, alone: bool = False) -> None:
        self.me = me
        self._db = db
        self._tenure = tenure or Tenure()
        self._alone = alone
        self._until = 0.0
        self._work: asyncio.Task[None] | None = None

    @property
    def leads(self) -> bool:
        """As far as this process can tell; what must not happen twice asks the row (`repos.leaders.holds`)."""
        return time.monotonic() < self._until

    async def lead(self, work: Callable[[], Awaitable[None]], *, beat: Callable[[], None] = lambda: None) -> None:
        """Runs `work` whenever and as long as this process leads; for ever. Resigns when it is cancelled.

        beat: called at every turn.
        """
        try:
            while True:
                beat()
                await unbroken(self._ask())
                if not self.leads:
                    await self._rest()
                elif self._work is None or self._work.done():
                    _look_back(self._work)
                    log.info("this process leads")
                    self._work = asyncio.ensure_future(work())
                await asyncio.sleep(self._tenure.renew_s)
        finally:
            await self._rest()
            await self._resign()

    async def _ask(self) -> None:
        # Counted from before the question: the lease began some time between then and the answer.
        asked = time.monotonic()
        try:
            # An answer that comes late is as good as none, and the work has to end with the lease.
            async with asyncio.timeout(2 * self._tenure.renew_s), self._db.single() as tx:
                held = await rows.hold(tx, OFFICE, holder=self.me, lease_s=self._tenure.lease_s, by_force=self._alone)
        except (DatabaseDown, TimeoutError):
            return
        except Exception as error:  # noqa: BLE001 - whoever stopped asking would never lead again, unnoticed
            _unasked(error)
            return
        self._until = asked + self._tenure.lease_s if held else 0.0

    async def _rest(self) -> None:
        if self._work is None:
            return
        # Forgotten first: whoever cancels us while it ends must not begin it again.
        work, self._work = self._work, None
        if not work.done():
            log.info("this process leads no longer")
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    async def _resign(self) -> None:
        with suppress(DatabaseDown, TimeoutError):
            async with asyncio.timeout(self._tenure.renew_s), self._db.single() as tx:
                await rows.resign(tx, OFFICE, holder=self.me)
        self._until = 0.0


def _unasked(error: Exception) -> None:
    log.error("the office could not be asked for", exc_info=error)


def _look_back(work: asyncio.Task[None] | None) -> None:
    """Work goes on for ever: it ends by itself only through a mistake, which must not stay unsaid."""
    if work is not None and not work.cancelled() and (error := work.exception()) is not None:
        log.error("what the leader does ended unexpectedly", exc_info=error)
