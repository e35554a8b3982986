"""How publications come into being: planned with a result, or asked for by a person."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import Conflict, Invalid
from addon.policy.tenants import Tenant
from addon.queue.broker import Wakes
from addon.runs.feature import Draft, Feature
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.repos import publications as rows
from addon.store.repos.publications import Item, Publication
from addon.store.repos.runs import Run

ONE_AT_A_TIME = ("comment",)
"""Targets of which an issue has one: two writers at once would make two of it."""
PANEL_PRIORITY = 10


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants written. edits: item number as text -> changed fields."""

    target: str
    items: Sequence[int] = ()
    edits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


async def plan(tx: AsyncConnection, run: Run, *, drafts: Iterable[Draft], account_id: str | None = None) -> None:
    """Puts drafts in line, in the transaction of the result or of the request. account_id: the person who asked.

    What older runs still wanted to write at a place that has room for one is set aside.
    """
    now = time.time()
    drafts = list(drafts)
    for target in {draft.target for draft in drafts} & set(ONE_AT_A_TIME):
        await rows.supersede(tx, run, target=target, now=now)
    queue, priority = ("priority", PANEL_PRIORITY) if account_id else ("default", 0)
    items = [Item(d.target, d.item, d.marker, d.content, account_id, queue, priority) for d in drafts]
    await rows.add(tx, run, items=items, now=now)


class Publisher:
    """Takes wishes of people. features: by kind."""

    def __init__(self, db: Database, wakes: Wakes, *, features: Mapping[str, Feature]) -> None:
        self._db = db
        self._wakes = wakes
        self._features = features

    async def ask(self, tenant: Tenant, run: Run, *, wish: Wish, account_id: str) -> list[Publication]:
        """The publications wished for. What was written before is only returned, what failed before is tried again.

        Raises Invalid, Conflict while the run has no result, DatabaseDown.
        """
        if run.state != "succeeded":
            raise Conflict("This run has no result that could be written.")
        feature = self._features.get(run.kind)
        if feature is None or run.tenant_id != tenant.id:
            raise Invalid("Nothing of this run can be written.")
        drafts = feature.drafts(run, wish.target, items=wish.items, edits=wish.edits)
        async with self._db.begin() as tx:
            await plan(tx, run, drafts=drafts, account_id=account_id)
            asked = await rows.by_markers(tx, tenant.id, markers=[draft.marker for draft in drafts])
            await audit.record(
                tx,
                tenant.id,
                action="publication.asked",
                account_id=account_id,
                subject=run.issue_key or run.issue_id,
                detail={"run": run.id, "target": wish.target, "items": [draft.item for draft in drafts]},
            )
        await self._wakes.wake("priority")
        return asked
