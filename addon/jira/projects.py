"""Reading projects."""

from pydantic import Field

from addon.jira.issue import IssueType, ProjectRef
from addon.jira.paths import path
from addon.jira.session import Session
from addon.jira.shape import shaped


class Project(ProjectRef):
    issue_types: list[IssueType] = Field(default_factory=list, alias="issueTypes")


async def get(session: Session, project: str) -> Project:
    """project: id, or key in its exact case. Raises JiraNotFound when the session may not see it."""
    return shaped(Project, await session.get(path("project", project), operation="project.get"))
