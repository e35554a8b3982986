"""From an id in a request to what it names, for a caller who may see it. Everything else reads alike: there is none."""

from typing import Annotated

from fastapi import Path

from addon.errors import Forbidden, NotFound
from addon.jira import issues, projects
from addon.policy.access import ADMINISTER_PROJECT, BROWSE, COMMENT, EDIT
from addon.runs.start import IssueRef
from addon.store.repos.runs import Run
from addon.web.security import Caller
from addon.web.state import House

ISSUE_PATTERN = r"^(\d{1,18}|[A-Za-z][A-Za-z0-9_]{0,254}-\d{1,18})$"
PROJECT_PATTERN = r"^(\d{1,18}|[A-Za-z][A-Za-z0-9_]{0,254})$"
RUN_PATTERN = r"^[0-9a-f-]{36}$"

IssueIdOrKey = Annotated[str, Path(pattern=ISSUE_PATTERN)]
ProjectIdOrKey = Annotated[str, Path(pattern=PROJECT_PATTERN)]
RunId = Annotated[str, Path(pattern=RUN_PATTERN)]


def no_issue() -> NotFound:
    return NotFound("There is no such issue, or you may not see it.")


def no_run() -> NotFound:
    return NotFound("There is no such run, or you may not see it.")


async def issue_id(house: House, caller: Caller, *, id_or_key: str) -> str:
    """The id of an issue the caller may browse. Raises NotFound."""
    return (
        (await issue(house, caller, id_or_key=id_or_key)).id
        if not id_or_key.isdecimal()
        else await _seen(house, caller, issue_id=id_or_key)
    )


async def issue(house: House, caller: Caller, *, id_or_key: str) -> IssueRef:
    """Id, current key and project of an issue the caller may browse. Raises NotFound."""
    if id_or_key.isdecimal():
        # First, so that an id one may not see costs and tells no more than one that does not exist.
        await _seen(house, caller, issue_id=id_or_key)
    try:
        found = await issues.get(house.jira.as_app(caller.tenant.site), id_or_key, fields=("project",))
    except NotFound:
        raise no_issue() from None
    # Read as the app, which sees nearly everything: nothing of it may pass before this.
    await _seen(house, caller, issue_id=found.id)
    return IssueRef(found.id, found.key, found.project.id or None)


async def run(house: House, caller: Caller, *, run_id: str) -> Run:
    """A run on an issue the caller may browse, or one that is nobody else's. Raises NotFound."""
    found = await house.runs.get(caller.tenant.id, run_id)
    if found.preview or found.issue_id is None:
        # Read with the rights of whoever asked, so it is theirs alone.
        if found.account_id != caller.account_id:
            raise no_run()
        return found
    try:
        await house.access.require_issue(caller.tenant, caller.account_id, found.issue_id, BROWSE)
    except NotFound:
        raise no_run() from None
    return found


async def project_id(house: House, caller: Caller, *, id_or_key: str) -> str:
    """The id of a project the caller may browse. Raises NotFound."""
    found = await _project(house, caller, id_or_key=id_or_key)
    await house.access.require_project(caller.tenant, caller.account_id, found, BROWSE)
    return found


async def administered(house: House, caller: Caller, *, id_or_key: str) -> str:
    """The id of a project the caller administers. Raises NotFound, Forbidden."""
    found = await _project(house, caller, id_or_key=id_or_key)
    await house.access.require_project(caller.tenant, caller.account_id, found, ADMINISTER_PROJECT)
    return found


async def require_take_part(house: House, caller: Caller, *, issue_id: str | None) -> None:
    """Who starts or stops an analysis causes work and, where settings say so, a comment: looking on is not enough.

    Commenting or editing is. Raises Forbidden.
    """
    rights = await house.access.issue_rights(caller.tenant, caller.account_id, issue_id=issue_id)
    if not rights & {COMMENT, EDIT}:
        raise Forbidden("You need the right to comment on this issue or to edit it.")


async def _seen(house: House, caller: Caller, *, issue_id: str) -> str:
    try:
        await house.access.require_issue(caller.tenant, caller.account_id, issue_id, BROWSE)
    except NotFound:
        raise no_issue() from None
    return issue_id


async def _project(house: House, caller: Caller, *, id_or_key: str) -> str:
    """The id behind a key. One that Jira does not know reads like one the caller may not see."""
    if id_or_key.isdecimal():
        return id_or_key
    try:
        return (await projects.get(house.jira.as_app(caller.tenant.site), id_or_key)).id
    except NotFound:
        raise NotFound("There is no such project, or you may not see it.") from None
