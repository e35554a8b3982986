"""Reading projects."""

from pydantic import Field

from addon.jira.issue import IssueType, ProjectRef
from addon.jira.paths import path
from addon.jira.session import Session
from addon.jira.shape import parts, shaped


class Project(ProjectRef):
    issue_types: list[IssueType] = Field(default_factory=list, alias="issueTypes")


async def get(session: Session, project: str) -> Project:
    """project: id, or key in its exact case. Raises JiraNotFound when the session may not see it."""
    return shaped(Project, await session.get(path("project", project), operation="project.get"))


async def visible(session: Session, *, limit: int = 50) -> list[Project]:
    """Projects the session may see, at most `limit` (up to 100) of them, by key. Raises JiraError."""
    query = [("maxResults", str(min(max(limit, 1), 100))), ("orderBy", "key"), ("action", "view")]
    answer = await session.get(path("project", "search"), operation="project.search", query=query)
    return parts(Project, answer.get("values") if isinstance(answer, dict) else None)
