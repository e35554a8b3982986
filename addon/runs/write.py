"""Works a claimed publication: written once, by one writer at a time, its address kept; or taken back."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import AddonError
from addon.observe.metrics import PUBLISH_FAILED, PUBLISHED, UNDONE
from addon.queue.lane import End
from addon.runs.desk import Desk
from addon.runs.endings import ENDINGS, UNKNOWN_TARGET
from addon.runs.feature import CannotUndo, Keep, LeaseLost, Target, Writing, Written
from addon.runs.setbacks import failed, missing, persist, site_in_sight
from addon.store import clock, leases
from addon.store.leases import Again, Ending, Lease
from addon.store.repos import claimed
from addon.store.repos import publications as rows
from addon.store.repos.publications import SUPERSEDED, Publication
from addon.store.tables.runs import publications

log = logging.getLogger(__name__)

WAIT_TURN_S = 1.0
NOTHING_LEFT = {"undoing": False, "kept": {}, "remote_id": None, "remote_key": None, "url": None}
"""Of what is taken back. Nothing is kept, which is more than nothing known: nothing of it is on its way to Jira."""


class PublicationJob:
    """The job of the lanes of `publications`. targets: by name."""

    def __init__(self, desk: Desk, targets: Mapping[str, Target], *, addon_key: str) -> None:
        self._desk = desk
        self._targets = targets
        self._addon_key = addon_key

    async def execute(self, lease: Lease) -> None:
        """Raises DatabaseDown when the outcome could not be saved; the next attempt then looks for what was written."""
        found = await self._turn(lease)
        if found is None:
            return
        publication = found.publication
        try:
            ending = await self._outcome(lease, found)
        except LeaseLost:
            log.info("publication %s was taken over, or may have been", lease.id, extra={"attempt": lease.attempts})
            await self._let_go(lease)
        except AddonError as error:
            log.info("publication %s: %s", lease.id, error.code, extra={"attempt": lease.attempts})
            await self._failed(lease, publication, error=error)
        else:
            await self._ended(lease, ending)
            if ending.state == "succeeded":
                PUBLISHED.labels(publication.target).inc()
            elif ending.state == rows.UNDONE:
                UNDONE.labels(publication.target).inc()
        self._desk.bus.tell(publication.run_id)
        if publication.target in rows.IN_TURN:
            # The item behind it has only waited for this one, and would be found by the next sweep at the earliest.
            await self._desk.wakes.wake("priority" if publication.account_id else "default")

    async def cut_short(self, lease: Lease, end: End) -> None:
        """Raises DatabaseDown."""
        await self._ended(lease, ENDINGS[end])

    async def _failed(self, lease: Lease, publication: Publication, *, error: AddonError) -> None:
        async def write(tx: AsyncConnection) -> str | None:
            state = await failed(tx, publications, lease=lease, error=error, patience=self._desk.patience)
            if publication.undoing and state not in (None, "queued"):
                # What could not be taken back is still there.
                await rows.stays(tx, lease.tenant_id, publication_id=lease.id)
            return state

        state = await persist(self._desk.db, write, single=not publication.undoing)
        if state == "failed" and not publication.undoing:
            PUBLISH_FAILED.labels(publication.target).inc()

    async def _ended(self, lease: Lease, ending: Ending) -> None:
        await persist(
            self._desk.db,
            lambda tx: leases.finish(tx, publications, lease=lease, ending=ending, now=clock.now(tx)),
            single=True,
        )

    async def _let_go(self, lease: Lease) -> None:
        """If it is ours after all, another attempt begins at once, and looks for what this one has written."""
        await persist(
            self._desk.db,
            lambda tx: leases.retry(tx, publications, lease=lease, again=Again(clock.now(tx)), now=clock.now(tx)),
            single=True,
        )

    async def _turn(self, lease: Lease) -> claimed.Claimed | None:
        """None when the row is gone, or was put back or set aside because another one is at the same place."""
        found = await claimed.read(self._desk.db, lease.tenant_id, publication_id=lease.id)
        if found is None or found.publication.target not in rows.ONE_AT_A_TIME:
            return found
        if found.newer and not found.publication.undoing:
            async with self._desk.db.single() as tx:
                superseded = Ending("cancelled", SUPERSEDED)
                await leases.finish(tx, publications, lease=lease, ending=superseded, now=clock.now(tx))
            return None
        if not found.writing:
            return found
        async with self._desk.db.begin() as tx:
            if not await claimed.is_alone(tx, found.publication):
                again = Again(clock.now(tx) + WAIT_TURN_S)
                await leases.retry(tx, publications, lease=lease, again=again, now=clock.now(tx))
                return None
        # Whoever was there may have written something in the meantime.
        return await self._turn(lease)

    async def _outcome(self, lease: Lease, found: claimed.Claimed) -> Ending:
        publication = found.publication
        target = self._targets.get(publication.target)
        tenant = await self._desk.tenants.by_id(publication.tenant_id)
        if tenant is None or target is None:
            return await missing(self._desk.db, lease.tenant_id) if tenant is None else UNKNOWN_TARGET
        session = self._desk.jira.as_app(tenant.site, automatic=publication.account_id is None)
        writing = Writing(
            publication=publication,
            tenant=tenant,
            jira=replace(session, before_writing=lambda: _require_sure(lease)),
            addon_key=self._addon_key,
            repeated=lease.attempts > 1,
            previous=found.previous,
            keep=self._keeper(lease),
            others_at=await claimed.others_sent(self._desk.db, publication) if found.unfinished else 0.0,
            now=self._desk.db.now,
        )
        _require_sure(lease)
        async with site_in_sight(self._desk.troubles, tenant):
            return (
                await self._taken_back(writing, target) if publication.undoing else _done(await target.publish(writing))
            )

    async def _taken_back(self, writing: Writing, target: Target) -> Ending:
        publication = writing.publication
        async with self._desk.db.single() as tx:
            if publication.target in rows.ONE_AT_A_TIME and await rows.newer_written(tx, publication):
                raise CannotUndo("A newer result stands in its place; take that one back instead.")
        await target.undo(writing)
        return Ending(rows.UNDONE, values=NOTHING_LEFT)

    def _keeper(self, lease: Lease) -> Keep:
        async def keep(kept: Mapping[str, Any]) -> None:
            if not await persist(self._desk.db, lambda tx: rows.keep(tx, lease, kept=kept), single=True):
                raise LeaseLost

        return keep


def _require_sure(lease: Lease) -> None:
    """Raises LeaseLost when another worker may have the row: this process may have been stopped for a while."""
    if not lease.term.sure:
        raise LeaseLost


def _done(written: Written) -> Ending:
    where = {"remote_id": written.remote_id, "remote_key": written.remote_key, "url": written.url}
    return Ending("succeeded", values={**where, **({"kept": dict(written.kept)} if written.kept else {})})
