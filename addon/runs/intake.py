"""What was decided about a project when a delivery last asked: enough to judge the next one, not to act on it.

A judgement is written down together with the question whether it still holds, so that nothing here can be outdated.
"""

from collections import OrderedDict
from dataclasses import dataclass

from addon.policy.projects import ProjectSettings, read
from addon.policy.tenants import Tenant
from addon.store.db import Database
from addon.store.repos import deliveries
from addon.store.repos.deliveries import Intake, Judged

HOUR_S = 3600.0
MAX_PROJECTS = 10_000


@dataclass(frozen=True, slots=True)
class Decided:
    """changed_at: when the settings were saved, UTC seconds; 0 when they never were."""

    settings: ProjectSettings
    changed_at: float


class Intakes:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._decided: OrderedDict[tuple[str, str], Decided] = OrderedDict()

    def decided(self, tenant: Tenant, project_id: str) -> Decided | None:
        """What a delivery may be judged by, None when nothing is known; it may have changed meanwhile."""
        return self._decided.get((tenant.id, project_id))

    def judged(self, decided: Decided, *, most: int) -> Judged:
        """What has to hold still. most: automatic runs of one issue within an hour."""
        return Judged(decided.changed_at, self._db.now() - HOUR_S, most)

    async def ask(self, tenant: Tenant, project_id: str, *, issue_id: str) -> tuple[Intake, Decided]:
        """What is known of the issue and decided about its project, straight from the rows. Raises DatabaseDown."""
        async with self._db.single() as tx:
            since = self._db.now() - HOUR_S
            found = await deliveries.intake(tx, tenant.id, project_id=project_id, issue_id=issue_id, since=since)
        decided = Decided(read(found.settings), found.changed_at)
        self._decided[tenant.id, project_id] = decided
        self._decided.move_to_end((tenant.id, project_id))
        if len(self._decided) > MAX_PROJECTS:
            self._decided.popitem(last=False)
        return found, decided
