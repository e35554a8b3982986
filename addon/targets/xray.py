"""Tests in Xray: made once, completed when a step of it failed, linked to the issue they test."""

from collections.abc import Callable, Sequence
from typing import Protocol

from addon.i18n.catalog import N_
from addon.runs.feature import CannotUndo, Preview, Writing, Written
from addon.targets.cases import case_of, item_label, shown
from addon.targets.coverage import Coverage
from addon.targets.marks import issue_url
from addon.targets.stories import Stories
from addon.targets.xray_making import Making
from addon.testmgmt.xray import Xray

WHERE = N_("Tests in Xray, linked to the issue")


class Places(Protocol):
    """Who knows a project's Xray; `policy.places.Places` does."""

    async def xray(self, tenant_id: str, project_id: str) -> tuple[Xray, str | None]: ...


class XrayTarget:
    """content: TestContent."""

    name = "xray"

    def __init__(self, places: Places, *, now: Callable[[], float]) -> None:
        """now: UTC seconds by the clock of all processes: another one may have made what this one looks for."""
        self._places = places
        self._stories = Stories(now)
        self._making = Making(now)
        self._coverage = Coverage()

    async def publish(self, writing: Writing) -> Written:
        """Raises NotConnected, Unsettled, Incomplete, NotLinked, ToolError, JiraError."""
        client, elsewhere = await self._client(writing)
        story = await self._stories.of(writing)
        case = case_of(writing, project_key=elsewhere or story.project.key)
        known = await self._making.known(writing, client)
        test = known or await self._making.make(writing, client, case=case)
        await self._making.complete(writing, client, test=test, case=case)
        await self._coverage.link(writing, story, test_id=test.issue_id, known=known is not None)
        return Written(test.issue_id, test.key, issue_url(writing, test.key))

    async def preview(self, writings: Sequence[Writing]) -> Preview:
        _, elsewhere = await self._client(writings[0])
        key = elsewhere or (await self._stories.of(writings[0])).project.key
        items = tuple(shown(writing, case_of(writing, project_key=key)) for writing in writings)
        return Preview(WHERE, items, place=key)

    async def undo(self, writing: Writing) -> None:
        """Deletes the test. Raises CannotUndo once it was executed, or as `publish` does."""
        client, _ = await self._client(writing)
        issue_id = writing.publication.remote_id or ""
        test = await client.get(issue_id) if issue_id else None
        if test is None:
            return
        if item_label(writing) not in test.labels:
            raise CannotUndo("The test does not carry our label any more; delete it in Jira.")
        if test.runs:
            raise CannotUndo(f"{test.key} was executed since it was made; it was left as it is.")
        await client.delete(issue_id)

    async def _client(self, writing: Writing) -> tuple[Xray, str | None]:
        client, elsewhere = await self._places.xray(writing.tenant.id, writing.publication.project_id or "")
        # What keeps a write to Jira back keeps one to the tool back: there, too, another attempt may be at work.
        return client.checked(writing.jira.before_writing), elsewhere
