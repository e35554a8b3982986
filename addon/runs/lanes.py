"""The worker of this process: which rows it works in which queue, and how many at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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

PRIORITY_SLOTS = 40
WRITING_SLOTS = 20
EXPORT_SLOTS = 4
_RUNS_OF_A_SITE = {"priority": PRIORITY_SLOTS // 2, "exports": EXPORT_SLOTS * 3 // 4}
_WRITINGS_OF_A_SITE = {"priority": PRIORITY_SLOTS // 4, "default": WRITING_SLOTS * 3 // 4}
"""Most of one site at a time in a queue of each worker: every one has slots left for others, whatever hangs there, and
more workers are more for everybody. In `priority` both tables share the slots. A slot that nobody takes costs nothing:
there are so many that the share is enough for the people of a site that is alone."""


@dataclass(frozen=True, slots=True)
class Size:
    """ai_slots: analyses worked at a time that nobody waits for. lease_s: how long a silent worker keeps its rows.

    site_slots, site_starts_per_minute: how many of those may be one site's, over all processes; 0 for any number.
    """

    ai_slots: int
    pace: Pace = field(default_factory=Pace)
    lease_s: float = LEASE_S
    site_slots: int = 0
    site_starts_per_minute: int = 0

    @property
    def run_shares(self) -> dict[str, Share]:
        """By queue. Only what comes by itself has a rate: a person who waits is never told to wait longer."""
        return {"ai": Share(self.site_slots or ANY, self.site_starts_per_minute), **_of_each_worker(_RUNS_OF_A_SITE)}

    @property
    def publication_shares(self) -> dict[str, Share]:
        """By queue."""
        return _of_each_worker(_WRITINGS_OF_A_SITE)


def _of_each_worker(most: Mapping[str, int]) -> dict[str, Share]:
    return {queue: Share(slots, each_worker=True) for queue, slots in most.items()}


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
