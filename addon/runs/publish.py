"""How publications come into being: planned with a result, or asked for by a person."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import Conflict, Invalid, NotFound
from addon.policy.tenants import Tenant
from addon.policy.verdicts import Published, note_published
from addon.runs import titles
from addon.runs.chosen import Wish, chosen
from addon.runs.desk import Desk
from addon.runs.feature import Draft, Feature, Preview, Target, Writing
from addon.store import clock
from addon.store.repos import audit
from addon.store.repos import publications as rows
from addon.store.repos.publications import Item, Publication
from addon.store.repos.runs import Run

PANEL_PRIORITY = 10
HINTS = frozenset({"fresh", "service_desk", "in_comment"})


class NoField(Invalid):
    code = "no_field"


async def plan(
    tx: AsyncConnection,
    run: Run,
    *,
    drafts: Iterable[Draft],
    account_id: str | None = None,
    rewrite: Collection[str] = (),
) -> None:
    """Puts drafts in line, in the transaction of the result or of the request. account_id: the person who asked.

    What older runs still wanted to write at a place that has room for one is set aside. rewrite: as rows.add has it.
    """
    now = clock.now(tx)
    drafts = list(drafts)
    for target, slot in {(draft.target, slot_of(draft)) for draft in drafts if draft.target in rows.ONE_AT_A_TIME}:
        await rows.supersede(tx, run, target=target, slot=slot, now=now)
    await rows.add(tx, run, items=[_item(d, account_id) for d in drafts], now=now, rewrite=rewrite)


async def plan_asked(tx: AsyncConnection, run: Run, *, drafts: Iterable[Draft], account_id: str) -> None:
    """Plans what a person asked to have written together with the run, who has not seen its items.

    So items that an earlier result has put there under the same title are left out, and their rows say so.
    """
    drafts = list(drafts)
    twins = await titles.twins(tx, run, drafts=drafts)
    await plan(tx, run, drafts=[draft for draft in drafts if draft.marker not in twins], account_id=account_id)
    for draft in drafts:
        if draft.marker in twins:
            reason = titles.reason(twins[draft.marker])
            await rows.leave(tx, run, item=_item(draft, account_id), error=reason, now=clock.now(tx))


def _item(draft: Draft, account_id: str | None) -> Item:
    queue, priority = ("priority", PANEL_PRIORITY) if account_id else ("default", 0)
    return Item(
        draft.target, draft.item, draft.marker, draft.content, account_id, queue, priority, slot_of(draft), draft.run_id
    )


def slot_of(draft: Draft) -> str:
    """Which of several places of its target a draft takes, "" where there is one or no limit."""
    name = rows.ONE_AT_A_TIME.get(draft.target)
    default = "analysis" if draft.target == "comment" else ""
    return str(draft.content.get(name) or default)[:64] if name else ""


class Publisher:
    """Takes wishes of people. features: by kind. targets: by name."""

    def __init__(
        self, desk: Desk, *, features: Mapping[str, Feature], targets: Mapping[str, Target], addon_key: str
    ) -> None:
        self._desk = desk
        self._features = features
        self._targets = targets
        self._addon_key = addon_key

    async def ask(self, tenant: Tenant, run: Run, *, wish: Wish, account_id: str) -> list[Publication]:
        """The publications wished for. What was written before is only returned, what failed before is tried again.

        Of a place that holds one thing, other words take the place of what was written. Raises Invalid, Conflict while
        the run has no result or the same thing is being written with other words, DatabaseDown.
        """
        drafts = await self._drafts(tenant, run, wish=wish)
        markers = [draft.marker for draft in drafts]
        async with self._desk.db.begin() as tx:
            known = {row.marker: row for row in await rows.by_markers(tx, tenant.id, markers=markers)}
            changed = [d for d in drafts if d.marker in known and not _same(d.content, known[d.marker].content)]
            if any(known[draft.marker].state == "running" for draft in changed):
                raise Conflict("This is being written just now; try again in a moment.", retry_after_s=2)
            rewrite = {draft.marker for draft in changed if draft.target in rows.ONE_AT_A_TIME}
            await plan(tx, run, drafts=drafts, account_id=account_id, rewrite=rewrite)
            asked = await rows.by_markers(tx, tenant.id, markers=markers)
            # A worker may have claimed one since it was looked at; then it writes the older words.
            require_taken(drafts, asked)
            published = Published(wish.target, wish.items, wish.edits)
            await note_published(tx, run, published=published, account_id=account_id)
            detail = {"run": run.id, "target": wish.target, "items": [draft.item for draft in drafts]}
            await _noted(tx, asked[0], action="publication.asked", account_id=account_id, detail=detail)
        await self._desk.wakes.wake("priority")
        return asked

    async def preview(self, tenant: Tenant, run: Run, *, wish: Wish) -> Preview:
        """What `ask` would write, from the same words. Writes nothing. Raises as `ask` does, and what Jira raises."""
        drafts = await self._drafts(tenant, run, wish=wish)
        target = self._targets.get(wish.target)
        if target is None:
            raise Invalid("This release cannot write there.")
        return await target.preview([self._unwritten(tenant, run, draft=draft) for draft in drafts])

    async def get(self, tenant_id: str, publication_id: str) -> Publication:
        """The row. Raises NotFound, alike for one of another tenant."""
        async with self._desk.db.single() as tx:
            found = await rows.get(tx, tenant_id, publication_id=publication_id)
        if found is None:
            raise NotFound("There is no such publication, or you may not see it.")
        return found

    async def retry(self, publication: Publication, *, account_id: str) -> Publication:
        """A failed one starts over with the words it had; any other is only returned. Raises NotFound, DatabaseDown."""
        return await self._set_going(publication, action="publication.retried", account_id=account_id)

    async def undo(self, publication: Publication, *, account_id: str) -> Publication:
        """What is written is taken back; what is being taken back already, or not written, is only returned.

        Raises Conflict for a place that takes nothing back, NotFound, DatabaseDown.
        """
        if publication.target in rows.FINAL:
            raise Conflict("Zephyr Scale has no way to delete a test case; archive it there.")
        return await self._set_going(publication, action="publication.undo", account_id=account_id)

    async def _set_going(self, publication: Publication, *, action: str, account_id: str) -> Publication:
        act = rows.take_back if action == "publication.undo" else rows.again
        async with self._desk.db.begin() as tx:
            if await act(tx, publication.tenant_id, publication_id=publication.id, now=clock.now(tx)):
                detail = {"publication": publication.id, "target": publication.target, "item": publication.item}
                await _noted(tx, publication, action=action, account_id=account_id, detail=detail)
            now = await rows.get(tx, publication.tenant_id, publication_id=publication.id)
        await self._desk.wakes.wake("priority")
        self._desk.bus.tell(publication.run_id)
        return now or publication

    async def _drafts(self, tenant: Tenant, run: Run, *, wish: Wish) -> list[Draft]:
        if run.state != "succeeded":
            raise Conflict("This run has no result that could be written.")
        feature = self._features.get(run.kind)
        if feature is None or run.tenant_id != tenant.id or run.preview or run.issue_id is None:
            raise Invalid("Nothing of this run can be written.")
        wish = await chosen(self._desk.db, run, wish=wish)
        drafts = list(feature.drafts(run, wish.target, items=wish.items, edits=wish.edits))
        if not drafts:
            raise Invalid("There is nothing in this result to write there.")
        return [await self._placed(run, draft, wish=wish) for draft in drafts] if wish.target == "field" else drafts

    async def _placed(self, run: Run, draft: Draft, *, wish: Wish) -> Draft:
        """The draft with the field it goes into: a feature knows the words, not the project's fields."""
        settings = await self._desk.projects.get(run.tenant_id, run.project_id or "")
        field = wish.field or draft.content.get("field") or settings.criteria_field
        if not field:
            raise NoField("Choose the field to write into; the project's settings name none.")
        content = {**draft.content, "field": field, "replace": wish.replace}
        return replace(draft, content=content, marker=f"field:{run.id}:{field}")

    def _unwritten(self, tenant: Tenant, run: Run, *, draft: Draft) -> Writing:
        now = self._desk.db.now()
        publication = Publication(
            id="", tenant_id=tenant.id, run_id=run.id, issue_id=run.issue_id or "", issue_key=run.issue_key,
            project_id=run.project_id, target=draft.target, item=draft.item, marker=draft.marker,
            content=dict(draft.content), account_id=None, remote_id=None, remote_key=None, url=None, state="queued",
            attempts=0, created_at=now, finished_at=None, error=None, run_at=now, slot=slot_of(draft),
        )  # fmt: skip
        session = self._desk.jira.as_app(tenant.site)
        return Writing(
            publication=publication, tenant=tenant, jira=session, addon_key=self._addon_key,
            repeated=False, previous=None, keep=_forget,
        )  # fmt: skip


def require_taken(drafts: Iterable[Draft], asked: Iterable[Publication]) -> None:
    """Raises Conflict for words that came too late for what is being written."""
    wanted = {draft.marker: draft.content for draft in drafts}
    if any(row.state == "running" and not _same(wanted[row.marker], row.content) for row in asked):
        raise Conflict("This is being written just now; try again in a moment.", retry_after_s=2)


async def _forget(kept: Mapping[str, Any]) -> None:
    """Nothing of a preview is kept."""


def _same(new: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    """Whether both would stand in Jira alike; hints to the target about how to look first make no difference."""
    plain = json.loads(json.dumps(new))
    names = (plain.keys() | stored.keys()) - HINTS
    return all(plain.get(name) == stored.get(name) for name in names)


async def _noted(
    tx: AsyncConnection, publication: Publication, *, action: str, account_id: str, detail: Mapping[str, Any]
) -> None:
    subject = publication.issue_key or publication.issue_id
    await audit.record(tx, publication.tenant_id, action=action, account_id=account_id, subject=subject, detail=detail)
