"""Whether a result is still about the issue as it is, and what changed since another one."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from addon.errors import Conflict
from addon.runs.freshness import compared
from addon.web.api import seen
from addon.web.security import ApiCaller
from addon.web.state import HouseDep

routes = APIRouter(prefix="/api/v1", tags=["freshness"])


@routes.get("/issues/{issue}/freshness")
async def freshness(
    house: HouseDep,
    caller: ApiCaller,
    *,
    issue: seen.IssueIdOrKey,
    kind: Annotated[Literal["analysis", "criteria", "scenarios", "pipeline"], Query()] = "analysis",
) -> dict[str, Any]:
    """Reads the issue and compares it with what the newest result of the kind was made from. Asks no model."""
    found = await house.freshness.of_issue(caller.tenant, await seen.issue(house, caller, id_or_key=issue), kind=kind)
    return {"run": found.run.id if found.run else None, "fresh": found.fresh, "changed": list(found.changed)}


@routes.get("/runs/{run_id}/changes")
async def changes(
    house: HouseDep,
    caller: ApiCaller,
    *,
    run_id: seen.RunId,
    since: Annotated[str | None, Query(pattern=seen.RUN_PATTERN)] = None,
) -> dict[str, Any]:
    """What this run read and found otherwise than the run before it, or than the one named by `since`."""
    run = await seen.run(house, caller, run_id=run_id)
    if run.result is None:
        raise Conflict("This run has no result to compare.")
    before = await house.freshness.since(run, since)
    # No reason to fail: a page asks for every result it shows.
    if before is None:
        nothing: dict[str, Any] = {"added": [], "removed": [], "changed": []}
        return {"since": None, "facts": [], "items": nothing, "scores": [], "overall": None}
    return {"since": before.id, **compared(before, run)}
