"""What an account may do, asked of Jira itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

from pydantic import Field

from addon.jira.paths import path
from addon.jira.session import Session
from addon.jira.shape import Lenient, shaped


@dataclass(frozen=True, slots=True)
class Granted:
    """The rights found, a part of those asked for. project, issue: permission key to the ids it is granted on."""

    global_: frozenset[str] = frozenset()
    project: dict[str, frozenset[str]] = field(default_factory=dict)
    issue: dict[str, frozenset[str]] = field(default_factory=dict)


class _OfObjects(Lenient):
    permission: str
    projects: list[str] = Field(default_factory=list)
    issues: list[str] = Field(default_factory=list)


class _Grants(Lenient):
    global_permissions: list[str] = Field(default_factory=list, alias="globalPermissions")
    project_permissions: list[_OfObjects] = Field(default_factory=list, alias="projectPermissions")


class Asked(TypedDict, total=False):
    """Permission keys such as `ADMINISTER` and `BROWSE_PROJECTS`, and the ids of what they are asked on."""

    global_permissions: Sequence[str]
    project_permissions: Sequence[str]
    project_ids: Sequence[str]
    issue_ids: Sequence[str]


async def check(session: Session, account_id: str, **asked: Unpack[Asked]) -> Granted:
    """The rights of any account; session: as the app, which alone may ask about others.

    Ids that do not exist or are no numbers are granted nothing. An account that does not exist is granted nothing
    either, or Jira refuses with JiraForbidden or JiraRefused.
    """
    global_permissions = asked.get("global_permissions", ())
    project_permissions = asked.get("project_permissions", ())
    project_ids, issue_ids = asked.get("project_ids", ()), asked.get("issue_ids", ())
    # Jira takes numbers only, and refuses the whole question for one that is none.
    projects = [int(one) for one in project_ids if one.isdecimal()]
    issues = [int(one) for one in issue_ids if one.isdecimal()]
    body: dict[str, object] = {"accountId": account_id, "globalPermissions": list(global_permissions)}
    if project_permissions and (projects or issues):
        body["projectPermissions"] = [
            {"permissions": list(project_permissions), "projects": projects, "issues": issues}
        ]
    elif not global_permissions:
        return Granted()
    answer = await session.ask(path("permissions", "check"), operation="permissions.check", body=body)
    grants = shaped(_Grants, answer)
    # What was not asked does not count, whatever the answer holds.
    granted = [one for one in grants.project_permissions if one.permission in project_permissions]
    return Granted(
        frozenset(grants.global_permissions) & frozenset(global_permissions),
        {one.permission: frozenset(one.projects) & frozenset(project_ids) for one in granted},
        {one.permission: frozenset(one.issues) & frozenset(issue_ids) for one in granted},
    )
