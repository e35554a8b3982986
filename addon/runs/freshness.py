"""Whether a result still speaks of the issue as it is, and what changed between two of them."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from addon.errors import NotFound
from addon.policy.tenants import Tenant
from addon.reading import changes
from addon.reading import issue as reading
from addon.reading.facts import Facts
from addon.runs import differences, own_writing
from addon.runs.desk import Desk
from addon.runs.start import IssueRef
from addon.store.repos import runs as rows
from addon.store.repos.runs import Run


@dataclass(frozen=True, slots=True)
class Fresh:
    """run: the newest result, None without any. changed: names of the sections of the issue that differ since."""

    run: Run | None
    changed: tuple[str, ...] = ()

    @property
    def fresh(self) -> bool | None:
        """None when there is nothing to compare with."""
        return None if self.run is None else not self.changed


class Freshness:
    """Compares runs with issues and with each other."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def of_issue(self, tenant: Tenant, issue: IssueRef, *, kind: str) -> Fresh:
        """Costs one reading of the issue, and asks no model. Raises JiraError, DatabaseDown."""
        async with self._desk.db.single() as tx:
            run = await rows.newest(tx, tenant.id, kind=kind, issue_id=issue.id)
        before = facts_of(run) if run else None
        if run is None or before is None:
            return Fresh(None)
        # Our own comments are told by our account, which a site that was just installed has not named yet.
        known = await self._desk.acquainted(tenant.id) or tenant
        settings = await self._desk.projects.get(tenant.id, issue.project_id or "")
        now = await reading.read(
            self._desk.jira.as_app(known.site),
            issue.id,
            own_account_id=known.app_account_id,
            criteria_field=settings.criteria_field,
            ours=await own_writing.of_issue(self._desk.db, tenant.id, issue_id=issue.id),
        )
        return Fresh(run, tuple(changes.names(changes.between(before, now))))

    async def since(self, run: Run, run_id: str | None) -> Run | None:
        """The result to compare a run with: the one named, or the one before it, None when there was none.

        Raises NotFound for one of another issue or kind, DatabaseDown.
        """
        async with self._desk.db.single() as tx:
            if run_id is None:
                return await rows.newest(tx, run.tenant_id, kind=run.kind, issue_id=run.issue_id, before=run.created_at)
            found = await rows.get(tx, run.tenant_id, run_id=run_id)
        fits = found is not None and found.result is not None and not found.preview
        if not (fits and found and (found.kind, found.issue_id) == (run.kind, run.issue_id)):
            raise NotFound("There is no such result of this issue to compare with.")
        return found


def compared(before: Run, after: Run) -> dict[str, Any]:
    """{"facts": [{"section", "title", "before", "after"}], "items", "scores", "overall"}: see differences."""
    # Results are compared even where a release has forgotten how to read what they were made from.
    was, now = facts_of(before), facts_of(after)
    found = changes.between(was, now) if was and now else []
    return {
        "facts": [
            {"section": each.section, "title": each.title, "before": each.before, "after": each.after} for each in found
        ],
        "items": differences.of_items(before, after),
        "scores": differences.of_scores(before, after),
        "overall": differences.of_overall(before, after),
    }


def facts_of(run: Run) -> Facts | None:
    """What the run read, None when it read nothing that this release understands."""
    try:
        return Facts.model_validate(run.facts) if run.facts else None
    except ValidationError:
        return None
