"""The issue that tests are written for, read once for all the tests of a result."""

from collections.abc import Callable

from addon.jira import issues
from addon.jira.issue import Issue
from addon.runs.feature import Writing
from addon.targets.looks import Looks


class Stories:
    """One per target. now: as for `Looks`."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._known: Looks[Issue] = Looks(now)

    async def of(self, writing: Writing) -> Issue:
        """With its project and its links, as they were when this attempt became due or later. Raises JiraError."""
        publication = writing.publication

        async def ask() -> Issue:
            return await issues.get(writing.jira, publication.issue_id, fields=["project", "issuelinks"])

        return await self._known.at((writing.tenant.id, publication.issue_id), ask, since=publication.run_at)
