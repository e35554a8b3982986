"""The worker of this process: which rows it works in which queue, and how many at a time."""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from addon.queue.lane import Lane, Pace
from addon.queue.worker import Worker
from addon.runs.desk import Desk
from addon.runs.execute import RunJob
from addon.runs.feature import Feature, Target
from addon.runs.write import PublicationJob
from addon.store.holding import Holding
from addon.store.leases import LEASE_S, Claims, Lease
from addon.store.repos.publications import turn
from addon.store.tables.runs import publications, runs

PRIORITY_SLOTS = 20
WRITING_SLOTS = 20


@dataclass(frozen=True, slots=True)
class Size:
    """ai_slots: analyses worked at a time that nobody waits for. lease_s: how long a silent worker keeps its rows."""

    ai_slots: int
    pace: Pace = field(default_factory=Pace)
    lease_s: float = LEASE_S


def hire(
    desk: Desk, *, features: Mapping[str, Feature], targets: Mapping[str, Target], addon_key: str, size: Size
) -> Worker[Lease]:
    """features: by kind. targets: by name."""
    # A name nobody had before: a restarted process must not inherit what its predecessor held.
    name = f"{socket.gethostname()[:24]}-{os.getpid()}-{secrets.token_hex(6)}"
    run_rows = Holding(desk.db, Claims(runs, name, size.lease_s))
    publication_rows = Holding(desk.db, Claims(publications, name, size.lease_s, turn))
    run_job = RunJob(desk, features)
    publication_job = PublicationJob(desk, targets, addon_key=addon_key)
    lanes = [
        Lane(run_rows, "priority", run_job),
        Lane(publication_rows, "priority", publication_job),
        Lane(run_rows, "ai", run_job),
        Lane(publication_rows, "default", publication_job),
    ]
    # A person who waits has slots of its own, and so has writing: neither stands behind a flood of new issues.
    slots = {"priority": PRIORITY_SLOTS, "ai": size.ai_slots, "default": WRITING_SLOTS}
    return Worker(desk.wakes, lanes=lanes, slots=slots, pace=size.pace)
