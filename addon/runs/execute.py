"""Works a claimed run: the feature finds the result, and result, drafts and the end of the run are saved as one."""

import logging
import time
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import AddonError
from addon.observe.metrics import RUN_SECONDS, RUNS
from addon.queue.lane import End
from addon.runs.desk import ENDINGS, Desk, persist
from addon.runs.feature import Feature, Outcome
from addon.runs.preparing import prepared
from addon.runs.progress import LeaseLost, back_in_the_queue
from addon.runs.publish import plan
from addon.runs.setbacks import failed, missing, site_in_sight
from addon.store.leases import Ending, Lease, finish
from addon.store.repos import events
from addon.store.repos import runs as rows
from addon.store.repos.runs import Run
from addon.store.tables.runs import runs

log = logging.getLogger(__name__)

UNKNOWN_KIND = Ending("failed", {"error": "unknown_kind", "detail": "This release does not know this kind of run."})


class RunJob:
    """The job of the lanes of `runs`. features: by kind."""

    def __init__(self, desk: Desk, features: Mapping[str, Feature]) -> None:
        self._desk = desk
        self._features = features

    async def execute(self, lease: Lease) -> None:
        """Raises DatabaseDown when the outcome could not be saved; the run then starts over elsewhere."""
        async with self._desk.db.begin() as tx:
            run = await rows.get(tx, lease.tenant_id, run_id=lease.id)
            seq = await events.last_seq(tx, lease.tenant_id, run_id=lease.id)
        if run is None:
            return
        try:
            outcome = await self._outcome(lease, run, seq=seq)
        except LeaseLost:
            log.info("run %s was taken over", lease.id)
        except AddonError as error:
            log.info("run %s: %s", lease.id, error.code, extra={"attempt": lease.attempts})
            await self._failed(lease, error)
        else:
            if isinstance(outcome, Ending):
                await self._ended(lease, outcome)
            else:
                await self._succeeded(lease, run, outcome=outcome)

    async def cut_short(self, lease: Lease, end: End) -> None:
        """Raises DatabaseDown."""
        await self._ended(lease, ENDINGS[end])

    async def _ended(self, lease: Lease, ending: Ending) -> None:
        async def write(tx: AsyncConnection) -> str | None:
            done = await finish(tx, runs, lease=lease, ending=ending, now=time.time())
            return await self._closed(tx, lease, state=ending.state if done else None)

        self._told(lease, await persist(self._desk.db, write))

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

    async def _failed(self, lease: Lease, error: AddonError) -> None:
        async def write(tx: AsyncConnection) -> str | None:
            state = await failed(tx, runs, lease=lease, error=error, patience=self._desk.patience)
            if state == "queued":
                await back_in_the_queue(tx, lease)
            return await self._closed(tx, lease, state=state)

        self._told(lease, await persist(self._desk.db, write))

    async def _succeeded(self, lease: Lease, run: Run, *, outcome: Outcome) -> None:
        values = {"result": outcome.result, "usage": outcome.usage}

        async def write(tx: AsyncConnection) -> str | None:
            # The fence stands first: an attempt that lost its lease must leave no drafts behind either.
            if not await finish(tx, runs, lease=lease, ending=Ending("succeeded", values=values), now=time.time()):
                return None
            if not run.preview:
                await plan(tx, run, drafts=outcome.drafts, account_id=_asked_to_write(run))
            return await self._closed(tx, lease, state="succeeded")

        self._told(lease, await persist(self._desk.db, write))
        if outcome.drafts:
            await self._desk.wakes.wake("priority" if _asked_to_write(run) else "default")

    async def _closed(self, tx: AsyncConnection, lease: Lease, *, state: str | None) -> str | None:
        if state is not None:
            await events.drop_partials(tx, lease.tenant_id, run_id=lease.id)
            run = await rows.get(tx, lease.tenant_id, run_id=lease.id)
            if run is not None and run.finished_at is not None:
                RUNS.labels(run.kind, state).inc()
                RUN_SECONDS.labels(run.kind).observe(run.finished_at - run.created_at)
        return state

    def _told(self, lease: Lease, state: str | None) -> None:
        if state is None:
            log.info("run %s was taken over; its outcome is dropped", lease.id)
        self._desk.bus.tell(lease.id)


def _asked_to_write(run: Run) -> str | None:
    """Who asked for the writing together with the run; None where the project's settings did."""
    return run.account_id if run.params.get("publish") else None
