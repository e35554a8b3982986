"""What a caller must be allowed to do in Jira before we do it for them."""

from typing import Protocol

from addon.errors import Conflict, NotFound
from addon.jira import projects as jira_projects
from addon.policy.access import BROWSE, COMMENT, CREATE, DELETE, DELETE_COMMENTS, EDIT
from addon.policy.places import NotConnected
from addon.store.repos.publications import Publication
from addon.web.api import seen
from addon.web.security import Caller
from addon.web.state import House

ON_THE_ISSUE = {"comment": COMMENT, "questions": COMMENT, "description": EDIT, "field": EDIT, "zephyr": EDIT}


class Where(Protocol):
    """A run or a publication."""

    @property
    def issue_id(self) -> str | None: ...
    @property
    def project_id(self) -> str | None: ...


async def to_write(house: House, caller: Caller, *, at: Where, target: str) -> None:
    """Raises Forbidden naming the right that is missing, NotFound, Conflict for a tool that is not connected."""
    if target in ("xray", "zephyr"):
        await _connected(house, caller, project_id=at.project_id, tool=target)
    right = ON_THE_ISSUE.get(target)
    if right is not None:
        await house.access.require_issue(caller.tenant, caller.account_id, at.issue_id, right)
        return
    # Creating is a right on the project; Xray's tests may belong to another one than the issue does.
    project_id = at.project_id
    if target == "xray":
        project_id = await _project_of_tests(house, caller, project_id=at.project_id)
    try:
        await house.access.require_project(caller.tenant, caller.account_id, project_id, BROWSE, CREATE)
    except NotFound:
        raise seen.no_run() from None


async def to_undo(house: House, caller: Caller, *, publication: Publication) -> None:
    """Raises Forbidden, NotFound.

    A comment is the add-on's, but whoever had it written may have it taken away. An issue may have been worked on
    since it came into being, so deleting it takes the right to delete.
    """
    target = publication.target
    if target in ("comment", "questions"):
        own = publication.account_id is not None and publication.account_id == caller.account_id
        right = COMMENT if own else DELETE_COMMENTS
        await house.access.require_issue(caller.tenant, caller.account_id, publication.issue_id, right)
    elif target == "subtasks":
        await house.access.require_issue(caller.tenant, caller.account_id, publication.issue_id, DELETE)
    elif target == "xray":
        project_id = await _project_of_tests(house, caller, project_id=publication.project_id)
        await house.access.require_project(caller.tenant, caller.account_id, project_id, BROWSE, DELETE)
    else:
        await house.access.require_issue(caller.tenant, caller.account_id, publication.issue_id, EDIT)


async def _connected(house: House, caller: Caller, *, project_id: str | None, tool: str) -> None:
    if not await house.places.connected(caller.tenant.id, project_id or "", tool=tool):
        raise NotConnected(tool)


async def _project_of_tests(house: House, caller: Caller, *, project_id: str | None) -> str | None:
    """The id of the project that new tests belong to."""
    key = await house.places.project_key(caller.tenant.id, project_id or "", tool="xray")
    if not key:
        return project_id
    try:
        return (await jira_projects.get(house.jira.as_app(caller.tenant.site), key)).id
    except NotFound:
        words = f"The project {key}, where Xray's tests belong, is not there or JiraVision may not see it."
        raise Conflict(words) from None
