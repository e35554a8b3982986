"""One run: to read, to follow, to call off."""

from typing import Annotated, Any

from fastapi import APIRouter, Header

from addon.web.api import seen
from addon.web.api.people import named
from addon.web.api.watching import EVENT_STREAM, Stream, StreamsDep, watched
from addon.web.security import ApiCaller
from addon.web.state import HouseDep

MAX_SEQ = 2**31 - 1
"""The largest number the database compares; beyond it nothing was ever reported."""

routes = APIRouter(prefix="/api/v1/runs", tags=["runs"])


@routes.get("/{run_id}")
async def read_run(house: HouseDep, caller: ApiCaller, *, run_id: seen.RunId) -> dict[str, Any]:
    """The run as it stands, for whoever may see its issue."""
    run = await house.runs.shown(await seen.run(house, caller, run_id=run_id))
    return (await named(house.jira, caller.tenant, runs=[run]))[0]


@routes.delete("/{run_id}")
async def cancel_run(house: HouseDep, caller: ApiCaller, *, run_id: seen.RunId) -> dict[str, Any]:
    """Calls the run off; one at work stops at its next step. Ended runs stay what they are."""
    run = await seen.run(house, caller, run_id=run_id)
    if run.issue_id is not None and not run.preview:
        await seen.require_take_part(house, caller, issue_id=run.issue_id)
    return await house.runs.shown(await house.starts.cancel(caller.tenant.id, run.id, account_id=caller.account_id))


@routes.get("/{run_id}/events", **EVENT_STREAM)
async def run_events(
    house: HouseDep,
    caller: ApiCaller,
    *,
    run_id: seen.RunId,
    streams: StreamsDep,
    last_event_id: Annotated[str, Header(max_length=20)] = "",
) -> Stream:
    """Server-sent events: stage, token (a partial result), then done or failed with the whole run.

    Last-Event-ID resumes after that event, at whichever process. The stream ends after ten minutes, and when its
    process leaves, with `reconnect`; with `refused` {"error", "detail"} when the caller may see the run no more.
    """
    run = await seen.run(house, caller, run_id=run_id)
    after = min(int(last_event_id), MAX_SEQ) if last_event_id.isascii() and last_event_id.isdecimal() else 0
    return await watched(house, caller, streams=streams, run=run, after=after)
