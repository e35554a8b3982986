"""Jira as the caller may see it: issues as the add-on reads them, searches, and queries written from plain words."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, StringConstraints

from addon.errors import NotFound
from addon.generation.asking import ModelNeeded
from addon.jira import projects, search
from addon.llm.errors import ModelTimeout
from addon.reading import issue as reading
from addon.runs import own_writing
from addon.runs.moments import iso
from addon.summary.words import write
from addon.web.api import eyes, seen
from addon.web.security import ApiCaller
from addon.web.state import HouseDep

FIELDS = ("summary", "issuetype", "status", "assignee", "priority", "updated")
ANSWERED_WITHIN_S = 50.0
"""A person waits, and proxies cut an answer that takes a minute."""
ALL_RIGHTS = "READ WRITE"
"""Neighbours of an issue are read with an operation that only reads, but asks for the scope to write."""

routes = APIRouter(prefix="/api/v1/jira", tags=["jira"])


class PlainWords(BaseModel):
    """words: what the person wants to see. project: id or key, where they are."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    words: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]
    project: Annotated[str, StringConstraints(pattern=seen.PROJECT_PATTERN)] | None = None


@routes.post("/jql")
async def jql_from_words(house: HouseDep, caller: ApiCaller, *, wish: PlainWords) -> dict[str, Any]:
    """{"jql", "explanation", "valid", "errors"}: a query to be read and run by a person, checked by Jira's own parser.

    It costs tokens of the site's model; without one, 409 model_needed.
    """
    session = eyes.of(house, caller)
    # With the person's id: what this costs counts against their minute and the site's day.
    model = await house.askers.asker(caller.tenant.id, account_id=caller.account_id)
    if model is None:
        raise ModelNeeded("Writing a query from words needs a language model; an administrator can connect one.")
    place = wish.project or caller.project_id
    project_key = (await projects.get(session, place)).key if place else ""
    try:
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            written = await write(model, session, words=wish.words, project_key=project_key)
    except TimeoutError:
        raise ModelTimeout(f"The model gave no answer within {ANSWERED_WITHIN_S:g} seconds.") from None
    return {
        "jql": written.jql,
        "explanation": written.explanation,
        "valid": not written.errors,
        "errors": list(written.errors),
    }


@routes.get("/search")
async def search_issues(
    house: HouseDep,
    caller: ApiCaller,
    *,
    jql: Annotated[str, Query(min_length=1, max_length=4_000)],
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> dict[str, Any]:
    """{"issues", "more", "approximate_total"}: what the caller finds with the query. Refused in Jira's words with 422.

    approximate_total: Jira's estimate, only when there are more than were asked for.
    """
    session = eyes.of(house, caller)
    # One more than wanted tells whether there are more, without a count.
    found = [issue async for page in search.walk(session, jql, fields=FIELDS, limit=limit + 1) for issue in page]
    more = len(found) > limit
    shown = [
        {
            "id": issue.id,
            "key": issue.key,
            "summary": issue.summary,
            "type": issue.issue_type.name,
            "status": issue.status.name,
            "category": issue.status.category,
            "assigned": bool(issue.fields.get("assignee")),
            "updated": iso(issue.updated) if issue.updated else None,
            "url": eyes.browse_url(caller, issue.key),
        }
        for issue in found[:limit]
    ]
    total = max(await search.approximate_count(session, jql), len(found)) if more else len(shown)
    return {"issues": shown, "more": more, "approximate_total": total}


@routes.get("/story/{issue}")
async def story(house: HouseDep, caller: ApiCaller, *, issue: seen.IssueIdOrKey) -> dict[str, Any]:
    """The issue as the add-on reads it, section by section, as the caller may see it."""
    # Seen first, then read as the person: both say no in the same words.
    ref = await seen.issue(house, caller, id_or_key=issue)
    settings = await house.projects.get(caller.tenant.id, ref.project_id or "")
    try:
        facts = await reading.read(
            eyes.of(house, caller, scope=ALL_RIGHTS),
            ref.id,
            own_account_id=caller.tenant.app_account_id,
            criteria_field=settings.criteria_field,
            ours=await own_writing.of_issue(house.db, caller.tenant.id, issue_id=ref.id),
        )
    except NotFound:
        raise seen.no_issue() from None
    return {**facts.model_dump(mode="json"), "url": eyes.browse_url(caller, facts.issue_key)}
