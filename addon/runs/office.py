"""Everything of this room, wired: who starts runs, who works them, who shows them."""

import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from addon.queue.lane import Lane, Pace
from addon.queue.worker import Worker
from addon.runs.desk import Desk
from addon.runs.events import Events
from addon.runs.execute import RunJob
from addon.runs.feature import Feature, Target
from addon.runs.publish import PublicationJob, Publisher
from addon.runs.start import Starts
from addon.runs.view import Runs
from addon.store.holding import Holding
from addon.store.ids import new_id
from addon.store.leases import LEASE_S, Claims, Lease
from addon.store.tables import publications, runs

PRIORITY_SLOTS = 20
WRITING_SLOTS = 20
STOP_WAIT_S = 15.0
"""How long running work may finish when the process is told to go; what is left starts over elsewhere."""


@dataclass(frozen=True, slots=True)
class Size:
    """ai_slots: analyses worked at a time that nobody waits for. lease_s: how long a silent worker keeps its rows."""

    ai_slots: int
    pace: Pace = field(default_factory=Pace)
    lease_s: float = LEASE_S


@dataclass(frozen=True, slots=True)
class Office:
    """One per process."""

    desk: Desk
    worker: Worker[Lease]
    starts: Starts
    runs: Runs
    events: Events
    publisher: Publisher

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
    desk: Desk,
    *,
    features: Mapping[str, Feature],
    targets: Mapping[str, Target],
    addon_key: str,
    size: Size,
) -> Office:
    """features: by kind. targets: by name."""
    # A name nobody had before: a restarted process must not inherit what its predecessor held.
    name = f"{socket.gethostname()[:24]}-{os.getpid()}-{new_id()[-12:]}"
    run_rows = Holding(desk.db, Claims(runs, name, size.lease_s))
    publication_rows = Holding(desk.db, Claims(publications, name, size.lease_s))
    run_job = RunJob(desk, features)
    publication_job = PublicationJob(desk, targets, addon_key)
    lanes = [
        Lane(run_rows, "priority", run_job),
        Lane(publication_rows, "priority", publication_job),
        Lane(run_rows, "ai", run_job),
        Lane(publication_rows, "default", publication_job),
    ]
    slots = {"priority": PRIORITY_SLOTS, "ai": size.ai_slots, "default": WRITING_SLOTS}
    return Office(
        desk=desk,
        worker=Worker(desk.wakes, lanes=lanes, slots=slots, pace=size.pace),
        starts=Starts(desk.db, desk.wakes, desk.bus),
        runs=Runs(desk.db),
        events=Events(desk.db, desk.bus),
        publisher=Publisher(desk, features),
    )
