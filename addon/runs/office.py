"""Everything of this room, wired: who starts runs, who works them, who shows them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from addon.queue.worker import Worker
from addon.runs.desk import Desk
from addon.runs.events import Events
from addon.runs.feature import Feature, Target
from addon.runs.lanes import Size, hire
from addon.runs.publish import Publisher
from addon.runs.reruns import Reruns
from addon.runs.start import Starts
from addon.runs.view import Runs
from addon.store.leases import Lease

STOP_WAIT_S = 15.0
"""How long running work may finish when the process is told to go; what is left starts over elsewhere.

With what telling and giving back may take after it, the process is gone within 30 s whatever the work does.
"""


@dataclass(frozen=True, slots=True)
class Office:
    """One per process."""

    desk: Desk
    worker: Worker[Lease]
    starts: Starts
    runs: Runs
    events: Events
    publisher: Publisher
    reruns: Reruns

    @asynccontextmanager
    async def at_work(self, *, stop_wait_s: float = STOP_WAIT_S) -> AsyncIterator[None]:
        """Works the queues inside the block. On SQLite the caller holds the file's lock: no other worker exists."""
        await self.desk.wakes.start()
        await self.worker.start(alone=self.desk.db.dialect == "sqlite")
        try:
            yield
        finally:
            await self.worker.stop(stop_wait_s)
            await self.desk.wakes.stop()


def furnish(
    desk: Desk, *, features: Mapping[str, Feature], targets: Mapping[str, Target], addon_key: str, size: Size
) -> Office:
    """features: by kind. targets: by name."""
    return Office(
        desk=desk,
        worker=hire(desk, features=features, targets=targets, addon_key=addon_key, size=size),
        starts=Starts(desk.db, desk.wakes, bus=desk.bus),
        runs=Runs(desk.db),
        events=Events(desk.db, desk.bus),
        publisher=Publisher(desk, features=features, targets=targets, addon_key=addon_key),
        reruns=Reruns(desk),
    )
