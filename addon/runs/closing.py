"""Saves how an attempt at a run ended: result, drafts and state as one, and everything its watchers are told."""

import logging
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import AddonError
from addon.observe.metrics import RUN_SECONDS, RUNS
from addon.runs.desk import Desk
from addon.runs.feature import Outcome
from addon.runs.progress import back_in_the_queue
from addon.runs.publish import plan, plan_asked
from addon.runs.setbacks import failed, persist
from addon.store import clock
from addon.store.leases import Ending, Lease, finish
from addon.store.repos import checkpoints, events
from addon.store.repos import runs as rows
from addon.store.repos.runs import ENDED, Run
from addon.store.tables.runs import runs

log = logging.getLogger(__name__)


async def end(desk: Desk, lease: Lease, *, ending: Ending) -> None:
    """The run ends without a result of this attempt. Raises DatabaseDown."""

    async def write(tx: AsyncConnection) -> str | None:
        done = await finish(tx, runs, lease=lease, ending=ending, now=desk.db.now())
        return await _closed(tx, lease, state=ending.state if done else None)

    _told(desk, lease, state=await persist(desk.db, write))


async def fail(desk: Desk, lease: Lease, *, error: AddonError) -> None:
    """Back into the queue while the error is worth another try, else the end in its words. Raises DatabaseDown."""

    async def write(tx: AsyncConnection) -> str | None:
        state = await failed(tx, runs, lease=lease, error=error, patience=desk.patience)
        if state == "queued":
            await back_in_the_queue(tx, lease)
        return await _closed(tx, lease, state=state)

    _told(desk, lease, state=await persist(desk.db, write))


async def succeed(desk: Desk, lease: Lease, *, run: Run, outcome: Outcome) -> None:
    """Result and drafts, or nothing when the lease was lost. Raises DatabaseDown."""
    values: dict[str, Any] = {"result": outcome.result, "usage": outcome.usage}
    if outcome.origin:
        values["params"] = {**run.params, "origin": outcome.origin}
    asker = run.account_id if run.params.get("publish") else None

    async def write(tx: AsyncConnection) -> str | None:
        # The fence stands first: an attempt that lost its lease must leave no drafts behind either.
        if not await finish(tx, runs, lease=lease, ending=Ending("succeeded", values=values), now=desk.db.now()):
            return None
        if asker and not run.preview:
            await plan_asked(tx, run, drafts=outcome.drafts, account_id=asker)
        elif not run.preview:
            await plan(tx, run, drafts=outcome.drafts)
        return await _closed(tx, lease, state="succeeded")

    _told(desk, lease, state=await persist(desk.db, write))
    if outcome.drafts:
        # What a person asked to have written together with the run is written before what settings ask for.
        await desk.wakes.wake("priority" if asker else "default")


async def _closed(tx: AsyncConnection, lease: Lease, *, state: str | None) -> str | None:
    if state is None:
        return None
    await events.drop_partials(tx, lease.tenant_id, run_id=lease.id)
    if state in ENDED:
        await checkpoints.drop(tx, lease.tenant_id, run_id=lease.id)
        kind = await rows.kind(tx, lease.tenant_id, run_id=lease.id)
        RUNS.labels(kind, state).inc()
        RUN_SECONDS.labels(kind).observe(clock.now(tx) - lease.created_at)
    return state


def _told(desk: Desk, lease: Lease, *, state: str | None) -> None:
    if state is None:
        log.info("run %s was taken over; its outcome is dropped", lease.id)
    desk.bus.tell(lease.id)
