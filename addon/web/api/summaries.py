"""Summaries of whatever a query finds. They are read with one person's rights, so they are that person's alone."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from addon.errors import Conflict, Invalid, NotFound
from addon.jira import jql as queries
from addon.jira.search import JqlRefused
from addon.results.summary import SummaryResult
from addon.runs.start import Ask
from addon.store.repos.runs import Run
from addon.summary.markdown import Markdown
from addon.summary.run import DEFAULT_ISSUES, MOST_ISSUES
from addon.web.api import eyes, seen
from addon.web.api.watching import EVENT_STREAM, Stream, StreamsDep, watched
from addon.web.security import ApiCaller, Caller
from addon.web.state import House, HouseDep

KIND = "summary"

routes = APIRouter(prefix="/api/v1", tags=["summaries"])

Text = StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)


class SummarizeJql(BaseModel):
    """project: id or key, where the summary is listed; without one, where the page was opened.

    question: what the summary has to answer besides. max_issues: so many are read at most.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    jql: Annotated[str, Text]
    project: Annotated[str, StringConstraints(pattern=seen.PROJECT_PATTERN)] | None = None
    question: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)] = ""
    max_issues: Annotated[int, Field(ge=1, le=MOST_ISSUES)] = DEFAULT_ISSUES


@routes.post("/ai/summarize-jql", status_code=202)
async def summarize_jql(house: HouseDep, caller: ApiCaller, *, wish: SummarizeJql) -> dict[str, Any]:
    """Starts a run that only the caller sees, or joins the same one under way.

    A query that Jira does not take is refused with 422 in Jira's words, before anything is started.
    """
    return {"run": await house.runs.shown(await _asked(house, caller, wish=wish))}


@routes.post("/ai/summarize-jql/stream", **EVENT_STREAM)
async def summarize_jql_stream(
    house: HouseDep, caller: ApiCaller, *, wish: SummarizeJql, streams: StreamsDep
) -> Stream:
    """The same, answered by the run's event stream at once."""
    # Before the run is started: nobody should pay for one whose stream is refused.
    async with streams.slot(caller):
        run = await _asked(house, caller, wish=wish)
    return await watched(house, caller, streams=streams, run=run)


@routes.get("/projects/{project}/summaries")
async def project_summaries(house: HouseDep, caller: ApiCaller, *, project: seen.ProjectIdOrKey) -> dict[str, Any]:
    """The caller's own summaries in the project, newest first, without their results but with what was asked."""
    project_id = await seen.project_id(house, caller, id_or_key=project)
    runs = await house.runs.of_person(caller.tenant.id, project_id, account_id=caller.account_id, kind=KIND)
    return {"runs": runs}


@routes.get("/runs/{run_id}/markdown", response_class=Response)
async def run_markdown(house: HouseDep, caller: ApiCaller, *, run_id: seen.RunId) -> Response:
    """The result as a Markdown file, for kinds of runs that have one."""
    run = await seen.run(house, caller, run_id=run_id)
    if run.kind != KIND:
        raise NotFound("This kind of run has no Markdown file.")
    if run.result is None:
        raise Conflict("This run has no result yet.")
    result = SummaryResult.model_validate(run.result)
    made_at = run.finished_at or run.created_at
    markdown = Markdown(
        result, base_url=eyes.site_url(caller), say=house.texts.of(result.summary.language), made_at=made_at
    )
    day = time.strftime("%Y-%m-%d", time.gmtime(made_at))
    headers = {"Content-Disposition": f'attachment; filename="summary-{day}.md"'}
    return Response(markdown.text(), media_type="text/markdown; charset=utf-8", headers=headers)


async def _asked(house: House, caller: Caller, *, wish: SummarizeJql) -> Run:
    project = wish.project or caller.project_id
    if not project:
        raise Invalid("project: name the project in which the summary is to be listed.")
    project_id = await seen.project_id(house, caller, id_or_key=project)
    # A typing error is told at once, before there is a run that could fail of it.
    parsed = await queries.parse(eyes.of(house, caller), wish.jql)
    if parsed.errors:
        raise JqlRefused(" ".join(parsed.errors)[:500])
    params = {"jql": wish.jql, "question": wish.question, "max_issues": wish.max_issues}
    ask = Ask(KIND, params)
    return await house.starts.asked_in_project(caller.tenant, project_id, account_id=caller.account_id, ask=ask)
