"""Asking for an analysis."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from addon.policy.projects import storable
from addon.runs.start import Ask
from addon.store.repos.runs import Run
from addon.web.api import seen
from addon.web.api.people import named
from addon.web.api.watching import EVENT_STREAM, Stream, StreamsDep, watched
from addon.web.security import ApiCaller, Caller
from addon.web.state import House, HouseDep

routes = APIRouter(prefix="/api/v1", tags=["analyses"])


class AnalyzeIssue(BaseModel):
    """issue: id or key. force: judge anew although nothing changed since the last time.

    instruction: what the person adds for the model.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    issue: Annotated[str, StringConstraints(pattern=seen.ISSUE_PATTERN)]
    force: bool = False
    instruction: Annotated[str, StringConstraints(max_length=1000), AfterValidator(storable)] = ""

    @property
    def params(self) -> dict[str, Any]:
        """As the run keeps them: only what was really asked for, so that equal wishes are equal."""
        said = self.instruction.strip()
        return {"force": self.force, **({"instruction": said} if said else {})}


@routes.post("/ai/analyze-issue", status_code=202)
async def analyze_issue(house: HouseDep, caller: ApiCaller, *, wish: AnalyzeIssue) -> dict[str, Any]:
    """Starts a run, or joins the one at work on the issue. For whoever may see it and comment on it or edit it."""
    run = await house.runs.shown(await _asked(house, caller, wish=wish))
    (shown,) = await named(house.jira, caller.tenant, runs=[run])
    return {"run": shown}


@routes.post("/ai/analyze-issue/stream", **EVENT_STREAM)
async def analyze_issue_stream(
    house: HouseDep, caller: ApiCaller, *, wish: AnalyzeIssue, streams: StreamsDep
) -> Stream:
    """The same, answered by the run's event stream at once."""
    # Before the run is started: nobody should pay for one whose stream is refused.
    async with streams.slot(caller):
        run = await _asked(house, caller, wish=wish)
    return await watched(house, caller, streams=streams, run=run)


@routes.get("/issues/{issue}/runs")
async def issue_runs(house: HouseDep, caller: ApiCaller, *, issue: seen.IssueIdOrKey) -> dict[str, Any]:
    """The issue's runs, newest first."""
    issue_id = await seen.issue_id(house, caller, id_or_key=issue)
    runs = await house.runs.of_issue(caller.tenant.id, issue_id)
    return {"runs": await named(house.jira, caller.tenant, runs=runs)}


async def _asked(house: House, caller: Caller, *, wish: AnalyzeIssue) -> Run:
    issue = await seen.issue(house, caller, id_or_key=wish.issue)
    await seen.require_take_part(house, caller, issue_id=issue.id)
    ask = Ask("analysis", wish.params)
    return await house.starts.asked(caller.tenant, issue, account_id=caller.account_id, ask=ask)
