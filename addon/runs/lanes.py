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
_RUNS_OF_A_SITE = {"priority": PRIORITY_SLOTS // 2, "exports": EXPORT_SLOTS * 3 // 4}
_WRITINGS_OF_A_SITE = {"priority": PRIORITY_SLOTS // 4, "default": WRITING_SLOTS * 3 // 4}
"""Most of one site at a time in a queue: also the only worker has slots left for others, whatever hangs there. In
`priority` both tables share the slots."""


@dataclass(frozen=True, slots=True)
class Size:
    """ai_slots: analyses worked at a time that nobody waits for. lease_s: how long a silent worker keeps its rows.

    site_slots, site_starts_per_minute: what of it all may be one site's, over all processes; 0 for any number. Where
    a process has few slots, a site gets fewer.
    """

    ai_slots: int
    pace: Pace = field(default_factory=Pace)
    lease_s: float = LEASE_S
    site_slots: int = 0
    site_starts_per_minute: int = 0

    @property
    def run_shares(self) -> dict[str, Share]:
        """By queue. Only what comes by itself has a rate: a person who waits is never told to wait longer."""
        return self._shares(_RUNS_OF_A_SITE)

    @property
    def publication_shares(self) -> dict[str, Share]:
        """By queue."""
        return self._shares(_WRITINGS_OF_A_SITE)

    def _shares(self, most: Mapping[str, int]) -> dict[str, Share]:
        slots = {queue: min(self.site_slots, most.get(queue, ANY)) if self.site_slots else ANY for queue in QUEUES}
        return {queue: Share(slots[queue], self.site_starts_per_minute if queue == "ai" else 0) for queue in QUEUES}


def hire(
    desk: Desk, *, features: Mapping[str, Feature], targets: Mapping[str, Target], addon_key: str, size: Size
) -> Worker[Lease]:
    """features: by kind. targets: by name."""
    run_rows = Holding(desk.db, Claims(runs, desk.me, size.lease_s, shares=size.run_shares))
    publication_rows = Holding(desk.db, Claims(publications, desk.me, size.lease_s, turn, size.publication_shares))
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
