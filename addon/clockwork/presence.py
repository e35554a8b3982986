"""The row by which the others know of this process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from addon.observe.unbroken import unbroken
from addon.store.db import Database
from addon.store.repos import processes as rows
from addon.store.repos.processes import Identity, Load
from addon.store.trouble import DatabaseDown

log = logging.getLogger(__name__)

REPORT_S = 5.0
LAST_WORD_S = 2.0

Busy = Callable[[], Mapping[str, tuple[int, int]]]
"""By queue: rows worked at a time, and rows worked now."""


class Presence:
    """One per process that stays."""

    def __init__(self, db: Database, identity: Identity, *, busy: Busy = dict, beat: Callable[[], None]) -> None:
        self.identity = identity
        self._db = db
        self._busy = busy
        self._beat = beat
        self._draining = False

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """The row is there inside the block, as long as the database is."""
        task = asyncio.create_task(self._report_on(), name="presence")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            with suppress(DatabaseDown, TimeoutError):
                async with asyncio.timeout(LAST_WORD_S), self._db.single() as tx:
                    await rows.remove(tx, self.identity.name)

    async def drain(self) -> None:
        """From now on the row says that this process takes no more."""
        self._draining = True
        with suppress(DatabaseDown, TimeoutError):
            async with asyncio.timeout(LAST_WORD_S):
                await self._report()

    async def _report_on(self) -> None:
        while True:
            self._beat()
            try:
                async with asyncio.timeout(REPORT_S):
                    await unbroken(self._report())
            except (DatabaseDown, TimeoutError):
                # Of a database that is away others have warned already.
                pass
            except Exception as error:  # noqa: BLE001 - a process that falls silent here counts as dead while it works
                _untold(error)
            await asyncio.sleep(REPORT_S)

    async def _report(self) -> None:
        load = self._busy()
        slots = {queue: most for queue, (most, _) in load.items()}
        busy = {queue: now for queue, (_, now) in load.items()}
        async with self._db.single() as tx:
            await rows.report(tx, self.identity, load=Load(slots, busy, self._draining))


def _untold(error: Exception) -> None:
    log.error("the others could not be told that this process lives", exc_info=error)
