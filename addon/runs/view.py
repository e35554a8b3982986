"""Rows as the API shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import NotFound
from addon.runs.moments import iso
from addon.store.db import Database
from addon.store.repos import publications as publication_rows
from addon.store.repos import runs as rows
from addon.store.repos import verdicts as verdict_rows
from addon.store.repos.publications import Publication
from addon.store.repos.runs import Page, Run
from addon.store.repos.verdicts import Standing

STATUS = {
    "queued": "pending",
    "running": "pending",
    "succeeded": "done",
    "failed": "failed",
    "cancelled": "skipped",
    "undone": "undone",
}
"""Of a publication: a reader cares whether it is written, not which worker holds it."""


_SHARED = (*publication_rows.OF_ITEMS, "questions")
THINGS = {
    "comment": "comment",
    "questions": "comment",
    "description": "section",
    "subtasks": "issue",
    "field": "field",
    "xray": "test",
    "zephyr": "test_case",
}


class Runs:
    """Reads runs of one tenant. Who may see them is for the caller to find out."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, tenant_id: str, run_id: str) -> Run:
        """The row. Raises NotFound, alike for a run of another tenant."""
        async with self._db.single() as tx:
            run = await rows.get(tx, tenant_id, run_id=run_id)
        if run is None:
            raise NotFound("There is no such run, or you may not see it.")
        return run

    async def shown(self, run: Run) -> dict[str, Any]:
        """The whole document, with what was written where."""
        async with self._db.begin() as tx:
            written = await written_of(tx, run.tenant_id, found=[run])
            standing = await verdict_rows.of_run(tx, run.tenant_id, run_id=run.id)
        return run_view(run, written.get(run.id, ()), verdicts=standing)

    async def of_issue(self, tenant_id: str, issue_id: str, *, limit: int = 20) -> list[dict[str, Any]]:
        """Whole documents, newest first."""
        async with self._db.begin() as tx:
            found = await rows.of_issue(tx, tenant_id, issue_id=issue_id, limit=limit)
            ids = [run.id for run in found]
            written = await written_of(tx, tenant_id, found=found)
            standing = await verdict_rows.of_runs(tx, tenant_id, run_ids=ids)
        return [run_view(run, written.get(run.id, ()), verdicts=standing.get(run.id)) for run in found]

    async def latest(self, tenant_id: str, issue_id: str, *, kinds: Sequence[str]) -> str | None:
        """Id of the newest run of these kinds on the issue that has a result."""
        async with self._db.single() as tx:
            return await rows.latest(tx, tenant_id, issue_id=issue_id, kinds=kinds)

    async def of_person(self, tenant_id: str, project_id: str, *, account_id: str, kind: str) -> list[dict[str, Any]]:
        """A person's own runs of a kind in a project, without results, newest first."""
        async with self._db.single() as tx:
            found = await rows.of_person(tx, tenant_id, kind=kind, project_id=project_id, account_id=account_id)
        return [{**short_view(run, ()), "params": dict(run.params)} for run in found]

    async def of_project(
        self, tenant_id: str, project_id: str, *, state: str | None = None, limit: int = 50
    ) -> list[dict[str, Any]]:
        """Without results but with "overall", newest first."""
        async with self._db.begin() as tx:
            found = await rows.of_project(tx, tenant_id, project_id=project_id, state=state, limit=limit)
            written = await written_of(tx, tenant_id, found=found)
        return [short_view(run, written.get(run.id, ())) for run in found]

    async def asked_by(self, tenant_id: str, account_id: str, *, page: Page) -> list[dict[str, Any]]:
        """What one person asked for, newest first, without results."""
        async with self._db.begin() as tx:
            found = await rows.asked_by(tx, tenant_id, account_id=account_id, page=page)
            written = await written_of(tx, tenant_id, found=found)
        return [short_view(run, written.get(run.id, ())) for run in found]


async def written_of(tx: AsyncConnection, tenant_id: str, *, found: Sequence[Run]) -> dict[str, list[Publication]]:
    """Publications by run id. Items of a result that is from an earlier run stand under that one: both show them."""
    ids = {each for run in found for each in (run.id, run.origin)}
    written = await publication_rows.of_runs(tx, tenant_id, run_ids=ids) if ids else {}
    shown = {run.id: list(written.get(run.id, ())) for run in found}
    for run in found:
        if run.origin != run.id:
            shown[run.id] += [row for row in written.get(run.origin, ()) if row.target in _SHARED]
    return shown


def run_view(run: Run, publications: Sequence[Publication], *, verdicts: Standing | None = None) -> dict[str, Any]:
    """The Run of the API. Times are ISO 8601 in UTC; the names of people are for the caller to find out."""
    return {
        "id": run.id,
        "kind": run.kind,
        "params": shown_params(run),
        "status": run.state,
        "trigger": run.trigger,
        "asked_by": {"account_id": run.account_id, "name": ""} if run.account_id else None,
        "issue_id": run.issue_id,
        "issue_key": run.issue_key,
        "project_id": run.project_id,
        "created_at": iso(run.created_at),
        "started_at": iso(run.started_at),
        "finished_at": iso(run.finished_at),
        "progress": {"stage": run.stage or "queued", "done": run.done, "total": run.total},
        "facts_read": facts_read(run),
        "result": run.result,
        "error": run.error,
        "next_attempt_at": _next_attempt(run),
        "usage": run.usage,
        "publications": [publication_view(publication) for publication in publications],
        "verdicts": verdicts_view(verdicts or {}),
    }


def shown_params(run: Run) -> dict[str, Any]:
    """What was asked for beside the issue, as far as it says something to a reader. regenerate: {"part", "item"}."""
    shown = {name: run.params[name] for name in ("instruction", "count", "kinds") if run.params.get(name)}
    again = run.params.get("regenerate")
    if isinstance(again, Mapping):
        shown["regenerate"] = {"part": again.get("part"), "item": again.get("item")}
    return shown


def verdicts_view(verdicts: Standing) -> dict[str, dict[str, Any]]:
    """By part and number of the item as text: what people decided about it."""
    shown: dict[str, dict[str, Any]] = {}
    for (part, item), row in sorted(verdicts.items()):
        by = {"account_id": row.account_id, "name": ""} if row.account_id else None
        shown.setdefault(part, {})[str(item)] = {"verdict": row.verdict, "edit": row.edit, "by": by, "at": iso(row.at)}
    return shown


def short_view(run: Run, publications: Sequence[Publication]) -> dict[str, Any]:
    """For lists. overall: the result's own mark, 0-100, None without one."""
    shown = run_view(run, publications)
    del shown["result"], shown["facts_read"], shown["verdicts"]
    return {**shown, "overall": _overall(run.result or {})}


def _overall(result: Mapping[str, Any]) -> int | None:
    """None also for an analysis that gives no scores: its 0 is no mark."""
    analysis = result.get("analysis")
    unscored = isinstance(analysis, Mapping) and not analysis.get("scores", True)
    return None if unscored else result.get("overall")


def publication_view(publication: Publication) -> dict[str, Any]:
    """The Publication of the API. status: pending | done | failed | skipped | undone. title: as it is written.

    thing: what stands there: comment | section | issue | field | test | test_case. undoing: it is being taken back.
    """
    # An undo that was given up leaves what was written where it is.
    status = "done" if publication.undoing and publication.state == "failed" else STATUS[publication.state]
    return {
        "id": publication.id,
        "target": publication.target,
        "item": publication.item,
        "title": publication.content.get("title"),
        "thing": THINGS.get(publication.target),
        "status": status,
        "remote_id": publication.remote_id,
        "remote_key": publication.remote_key,
        "url": publication.url,
        "error": publication.error,
        "next_attempt_at": _next_attempt(publication),
        "undoable": status == "done" and publication.target not in publication_rows.FINAL,
        "undoing": publication.undoing and status == "pending",
    }


def _next_attempt(row: Run | Publication) -> str | None:
    """When what failed for now is tried again; None for what is under way, ended, or not yet begun."""
    return iso(row.run_at) if row.state == "queued" and row.error else None


def facts_read(run: Run) -> list[str]:
    """Names of the sections that were read, each once."""
    sections = (run.facts or {}).get("sections") or ()
    return list(dict.fromkeys(str(section["name"]) for section in sections))
