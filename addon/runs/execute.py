"""Works a claimed run: the feature finds the result, its attempt is closed."""

import logging
from collections.abc import Mapping

from addon.errors import AddonError
from addon.queue.lane import End
from addon.runs import closing
from addon.runs.desk import Desk
from addon.runs.endings import ENDINGS, UNKNOWN_KIND
from addon.runs.feature import Feature, LeaseLost, Outcome
from addon.runs.preparing import prepared
from addon.runs.setbacks import missing, site_in_sight
from addon.store.leases import Ending, Lease
from addon.store.repos import runs as rows
from addon.store.repos.runs import Run

log = logging.getLogger(__name__)


class RunJob:
    """The job of the lanes of `runs`. features: by kind."""

    def __init__(self, desk: Desk, features: Mapping[str, Feature]) -> None:
        self._desk = desk
        self._features = features

    async def execute(self, lease: Lease) -> None:
        """Raises DatabaseDown when the outcome could not be saved; the run then starts over elsewhere."""
        async with self._desk.db.single() as tx:
            found = await rows.taken_up(tx, lease.tenant_id, run_id=lease.id)
        if found is None:
            return
        run, seq = found
        try:
            outcome = await self._outcome(lease, run, seq=seq)
        except LeaseLost:
            log.info("run %s was taken over", lease.id)
        except AddonError as error:
            log.info("run %s: %s", lease.id, error.code, extra={"attempt": lease.attempts})
            await closing.fail(self._desk, lease, error=error)
        else:
            if isinstance(outcome, Ending):
                await closing.end(self._desk, lease, ending=outcome)
            else:
                await closing.succeed(self._desk, lease, run=run, outcome=outcome)

    async def cut_short(self, lease: Lease, end: End) -> None:
        """Raises DatabaseDown."""
        await closing.end(self._desk, lease, ending=ENDINGS[end])

    async def _outcome(self, lease: Lease, run: Run, *, seq: int) -> Outcome | Ending:
        if run.result is not None:
            return Ending("succeeded")
        desk = self._desk
        tenant = await desk.acquainted(lease.tenant_id)
        feature = self._features.get(run.kind)
        if tenant is None or feature is None:
            return await missing(desk.db, lease.tenant_id) if tenant is None else UNKNOWN_KIND
        work = await prepared(desk, lease, run=run, tenant=tenant, seq=seq)
        async with site_in_sight(desk.troubles, tenant):
            return await feature.run(work)
