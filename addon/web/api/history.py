"""What a person has asked for, over all projects."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from addon.web.api import seen
from addon.web.security import ApiCaller
from addon.web.state import HouseDep

routes = APIRouter(prefix="/api/v1", tags=["runs"])


class Page(BaseModel):
    """before: the id of the last run of the page before this one, which goes on with what is older."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["analysis", "criteria", "scenarios", "pipeline", "summary"] | None = None
    status: Literal["queued", "running", "succeeded", "failed", "cancelled"] | None = None
    before: Annotated[str, StringConstraints(pattern=seen.RUN_PATTERN)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


@routes.get("/history")
async def history(house: HouseDep, caller: ApiCaller, *, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """The caller's own runs, newest first, without results. next: what to send as `before`, null at the end."""
    found = await house.runs.asked_by(caller.tenant.id, caller.account_id, page=page)
    issue_ids = [str(run["issue_id"]) for run in found if run["issue_id"]]
    # Whoever has lost sight of an issue since does not see here what was found about it.
    visible = await house.access.visible_issues(caller.tenant, caller.account_id, issue_ids=issue_ids)
    shown = [run for run in found if run["issue_id"] is None or run["issue_id"] in visible]
    return {"runs": shown, "next": found[-1]["id"] if len(found) == page.limit else None}
