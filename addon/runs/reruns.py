"""Analyses of issues that were changed: noted by the door, started once they are due."""

import asyncio
from dataclasses import replace

from addon.policy.tenants import Tenant
from addon.runs.desk import Desk
from addon.store.repos import reruns as rows
from addon.store.repos import runs as run_rows
from addon.store.repos.reruns import Intake, Rerun
from addon.store.repos.runs import NewRun, Run

HOUR_S = 3600.0
MOST_PER_HOUR = 12
"""Runs of one issue that nobody asked for; beyond them a change waits for the next hour, whatever the project says."""
LOOK_S = 1.0
IDLE_S = 30.0
"""Between two looks, while something waits and while nothing does."""
PORTION = 100
"""Changes that one look starts, divided among the sites; at least one of each."""
BUSY_S = 15.0
"""How long a change waits for the run it came in the middle of, from when that one may be at work."""


class Reruns:
    """What waits, of every site."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._noted = asyncio.Event()
        desk.wakes.on_noted(self._noted.set)
        self._any = True
        self._more = False

    async def intake(self, tenant: Tenant, project_id: str, *, issue_id: str) -> Intake:
        """What decides on a change, straight from the rows. Raises DatabaseDown."""
        async with self._desk.db.single() as tx:
            since = self._desk.db.now() - HOUR_S
            return await rows.intake(tx, tenant.id, project_id=project_id, issue_id=issue_id, since=since)

    async def note(self, rerun: Rerun) -> bool:
        """One statement, which commits itself. False when the issue waits already. Raises DatabaseDown."""
        async with self._desk.db.single() as tx:
            new = await rows.put(tx, rerun)
        self._desk.wakes.note()
        return new

    async def rest(self) -> None:
        """Returns when it is worth looking again: at once when more is due than one look starts, soon while something
        waits, else when something new does."""
        if self._more:
            return
        if self._any:
            await asyncio.sleep(LOOK_S)
        else:
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._noted.wait()
            except TimeoutError:
                # The word that something was noted may have been lost.
                pass
        self._noted.clear()

    async def start_due(self) -> int:
        """Starts a portion of what is due, the sites in turn; how many runs that made. Raises DatabaseDown."""
        # Also for a look that fails: the next one comes after a rest.
        self._more = False
        async with self._desk.db.single() as tx:
            fronts = await rows.fronts(tx)
        self._any = bool(fronts)
        now = self._desk.db.now()
        sites = [tenant_id for tenant_id, due_at in fronts.items() if due_at <= now]
        share = max(1, PORTION // max(1, len(sites)))
        found = [await self._start_of(tenant_id, most=share, now=now) for tenant_id in sites]
        started = sum(runs for _, runs in found)
        if started:
            await self._desk.wakes.wake("ai")
        self._more = any(taken == share for taken, _ in found)
        return started

    async def _start_of(self, tenant_id: str, *, most: int, now: float) -> tuple[int, int]:
        """Of one site. How many changes were due, of `most`, and how many runs they made."""
        async with self._desk.db.single() as tx:
            waiting = await rows.soonest(tx, tenant_id, limit=most)
        due = [rerun for rerun in waiting if rerun.due_at <= now]
        return len(due), sum([await self._start(rerun) for rerun in due])

    async def _start(self, rerun: Rerun) -> bool:
        settings = await self._desk.projects.get(rerun.tenant_id, rerun.project_id)
        new = NewRun(
            kind=rows.KIND,
            trigger="update",
            issue_id=rerun.issue_id,
            issue_key=rerun.issue_key,
            project_id=rerun.project_id,
        )
        async with self._desk.db.begin() as tx:
            # Whoever takes the row starts the run, in one transaction: of two processes one does.
            if not await rows.take(tx, rerun) or not settings.reruns:
                return False
            now = self._desk.db.now()
            if await run_rows.insert(tx, rerun.tenant_id, new=new, now=now) is not None:
                return True
            at_work = await run_rows.active(tx, rerun.tenant_id, kind=rows.KIND, issue_id=rerun.issue_id)
            if at_work is None:
                # What stood in the way has just ended.
                await rows.put(tx, replace(rerun, due_at=now))
            elif not _will_read(at_work):
                await rows.put(tx, replace(rerun, due_at=max(now, at_work.run_at) + BUSY_S))
            return False


def due_at(known: Intake, *, now: float, settle_s: float, cooldown_s: float) -> float:
    """When a changed issue may be analysed: people change several things in a row, and not all of them matter.

    settle_s: counted from this change. cooldown_s: counted from the last analysis.
    """
    cool = (known.last_at or 0.0) + cooldown_s
    rested = now + HOUR_S if known.recent_runs >= MOST_PER_HOUR else now
    return max(now + settle_s, cool, rested)


def _will_read(run: Run) -> bool:
    """Whether an active run is yet to read its issue, and with it every change so far."""
    # One at work may have read it before the change. One that waits for another try judges what its first one read,
    # and one that writes a single item anew what an earlier run did.
    return run.state == "queued" and run.facts is None and "regenerate" not in run.params
