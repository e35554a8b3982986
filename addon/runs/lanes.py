"""The worker of this process: which rows it works in which queue, and how many at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from addon.queue.broker import QUEUES
from addon.queue.lane import Lane, Pace
from addon.queue.worker import Worker
from addon.runs.desk import Desk
from addon.runs.execute import RunJob
from addon.runs.feature import Feature, Target
from addon.runs.write import PublicationJob
from addon.store.fairness import ANY, Share
from addon.store.holding import Holding
from addon.store.leases import LEASE_S, Claims, Lease
from addon.store.repos.publications import turn
from addon.store.tables.runs import publications, runs

PRIORITY_SLOTS = 20
WRITING_SLOTS = 20
EXPORT_SLOTS = 4


@dataclass(frozen=True, slots=True)
class Size:
    """ai_slots: analyses worked at a time that nobody waits for. lease_s: how long a silent worker keeps its rows.

    site_slots, site_starts_per_minute: what of it all may be one site's, over all processes; 0 for any number.
    """

    ai_slots: int
    pace: Pace = field(default_factory=Pace)
    lease_s: float = LEASE_S
    site_slots: int = 0
    site_starts_per_minute: int = 0

    @property
    def shares(self) -> dict[str, Share]:
        """By queue. Only what comes by itself has a rate: a person who waits is never told to wait longer."""
        slots = self.site_slots or ANY
        return {queue: Share(slots, self.site_starts_per_minute if queue == "ai" else 0) for queue in QUEUES}


def hire(
    desk: Desk, *, features: Mapping[str, Feature], targets: Mapping[str, Target], addon_key: str, size: Size
) -> Worker[Lease]:
    """features: by kind. targets: by name."""
    run_rows = Holding(desk.db, Claims(runs, desk.me, size.lease_s, shares=size.shares))
    publication_rows = Holding(desk.db, Claims(publications, desk.me, size.lease_s, turn, size.shares))
    run_job = RunJob(desk, features)
    publication_job = PublicationJob(desk, targets, addon_key=addon_key)
    lanes = [
        Lane(run_rows, "priority", run_job),
        Lane(publication_rows, "priority", publication_job),
        Lane(run_rows, "ai", run_job),
        Lane(publication_rows, "default", publication_job),
        Lane(run_rows, "exports", run_job),
    ]
    # A person who waits has slots of its own, and so has writing: neither stands behind a flood of new issues.
    slots = {"priority": PRIORITY_SLOTS, "ai": size.ai_slots, "default": WRITING_SLOTS, "exports": EXPORT_SLOTS}
    return Worker(desk.wakes, lanes=lanes, slots=slots, pace=size.pace)
