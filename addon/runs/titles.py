"""Which items of a result stand in their place already, put there from an earlier result of the same issue."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import NothingToDo
from addon.runs.feature import Draft
from addon.store.repos import publications as rows
from addon.store.repos.publications import Publication
from addon.store.repos.runs import Run


async def twins(tx: AsyncConnection, run: Run, *, drafts: Iterable[Draft]) -> dict[str, Publication]:
    """By marker of a draft: what stands there under the same title, but for case and blanks, or is on its way."""
    wanted = [draft for draft in drafts if draft.target in rows.OF_ITEMS]
    if not wanted or run.issue_id is None:
        return {}
    targets = {draft.target for draft in wanted}
    there: dict[tuple[str, str], list[Publication]] = {}
    for row in await rows.standing(tx, run.tenant_id, issue_id=run.issue_id, targets=targets):
        there.setdefault((row.target, folded(row.content.get("title"))), []).append(row)
    found: dict[str, Publication] = {}
    for draft in wanted:
        # Two items of one result may bear the same title: markers tell those apart.
        others = (
            row
            for row in there.get((draft.target, folded(draft.content.get("title"))), ())
            if row.run_id != (draft.run_id or run.id)
        )
        twin = next(others, None)
        if twin is not None:
            found[draft.marker] = twin
    return found


def folded(title: Any) -> str:
    """Equal for titles that differ in case and blanks alone."""
    return " ".join(str(title or "").split()).casefold()


def reason(twin: Publication) -> dict[str, str]:
    """The error of the row of an item that is left out."""
    where = f": {twin.remote_key}" if twin.remote_key else ""
    return {"error": NothingToDo.code, "detail": f"One with this title is there already{where}."}
