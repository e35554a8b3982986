"""Tests in Xray: made once, completed when a step of it failed, linked to the issue they test."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from addon.errors import Conflict, Unavailable
from addon.i18n.catalog import N_
from addon.jira import issues
from addon.jira.errors import JiraForbidden, JiraNotFound, JiraRefused
from addon.jira.issue import Issue
from addon.policy.places import Connection
from addon.runs.feature import CannotUndo, Preview, Writing, Written
from addon.targets.cases import SETTLED_S, case_of, item_label, run_label, shown
from addon.targets.coverage import Coverage
from addon.targets.looks import Looks
from addon.targets.marks import issue_url, trace
from addon.testmgmt.case import Case
from addon.testmgmt.errors import ToolDown, ToolError
from addon.testmgmt.tools import Tools
from addon.testmgmt.xray import Xray, XrayAccess, XrayTest

WHERE = N_("Tests in Xray, linked to the issue")


class Unsettled(Unavailable):
    """What was sent without an answer may still turn up; sending it again now could make two of it."""

    code = "xray_unsettled"

    def __init__(self, wait_s: float) -> None:
        super().__init__("Xray gave no answer; waiting to see whether the test was made.", retry_after_s=wait_s)


class Incomplete(Conflict):
    """The test exists, and something of it is missing; the detail says what. Trying again completes it."""

    code = "xray_incomplete"


class Places(Protocol):
    """Where credentials are opened; `policy.places.Places` is one."""

    async def connection(self, tenant_id: str, project_id: str, *, tool: str) -> Connection: ...


class XrayTarget:
    """content: TestContent."""

    name = "xray"

    def __init__(self, places: Places, tools: Tools, now: Callable[[], float] = time.time) -> None:
        self._places = places
        self._tools = tools
        self._now = now
        self._issues: Looks[Issue] = Looks()
        self._tests: Looks[list[XrayTest]] = Looks()
        self._coverage = Coverage()

    async def publish(self, writing: Writing) -> Written:
        """Raises NotConnected, Unsettled, Incomplete, ToolError, JiraError."""
        connection, client = await self._client(writing)
        story = await self._story(writing)
        case = case_of(writing, project_key=connection.project_key or story.project.key)
        known = await self._known(writing, client)
        test = known or await self._make(writing, client, case=case)
        await self._complete(writing, client, test=test, case=case)
        await self._coverage.link(writing, story, test_id=test.issue_id, known=known is not None)
        return Written(test.issue_id, test.key, issue_url(writing, test.key))

    async def preview(self, writings: Sequence[Writing]) -> Preview:
        connection, _ = await self._client(writings[0])
        key = connection.project_key or (await self._story(writings[0])).project.key
        items = tuple(shown(writing, case_of(writing, project_key=key)) for writing in writings)
        return Preview(WHERE, items, place=key)

    async def undo(self, writing: Writing) -> None:
        """Deletes the test. Raises CannotUndo once it was executed, or as `publish` does."""
        _, client = await self._client(writing)
        issue_id = writing.publication.remote_id or ""
        test = await client.get(issue_id) if issue_id else None
        if test is None:
            return
        if item_label(writing) not in test.labels:
            raise CannotUndo("The test does not carry our label any more; delete it in Jira.")
        if test.runs:
            raise CannotUndo(f"{test.key} was executed since it was made; it was left as it is.")
        await client.delete(issue_id)

    async def _client(self, writing: Writing) -> tuple[Connection, Xray]:
        publication = writing.publication
        connection = await self._places.connection(writing.tenant.id, publication.project_id or "", tool="xray")
        assert isinstance(connection.access, XrayAccess)  # noqa: S101 - tells the type checker what was asked for
        return connection, self._tools.xray(connection.access)

    async def _story(self, writing: Writing) -> Issue:
        """Read once for all the items of a result."""
        publication = writing.publication

        async def ask() -> Issue:
            return await issues.get(writing.jira, publication.issue_id, fields=["project", "issuelinks"])

        return await self._issues.at((writing.tenant.id, publication.issue_id), ask, since=publication.run_at)

    async def _known(self, writing: Writing, client: Xray) -> XrayTest | None:
        """What an earlier attempt made, with or without an answer. Raises Unsettled."""
        kept = writing.kept
        if kept.get("remote_id"):
            return await client.get(str(kept["remote_id"]))
        if not writing.repeated or "sent_at" not in kept:
            return None

        async def ask() -> list[XrayTest]:
            return await client.labelled(run_label(writing))

        place = (writing.tenant.id, run_label(writing))
        found = await self._tests.at(place, ask, since=writing.publication.run_at)
        test = next((each for each in found if item_label(writing) in each.labels), None)
        waited_s = self._now() - float(kept["sent_at"])
        # Jira's search lags behind what was just written.
        if test is None and waited_s < SETTLED_S:
            raise Unsettled(SETTLED_S - waited_s)
        if test is not None:
            await writing.keep(_address(writing, test))
        return test

    async def _make(self, writing: Writing, client: Xray, *, case: Case) -> XrayTest:
        kind = "Gherkin" if case.gherkin else "Steps"
        type_name = (await client.test_types(case.project_key))[kind]
        await writing.keep({"sent_at": self._now()})
        try:
            test = await client.create(case, type_name=type_name)
        except ToolError as error:
            if not (isinstance(error, ToolDown) and error.uncertain):
                await writing.keep({})
            raise
        await writing.keep(_address(writing, test))
        return test

    async def _complete(self, writing: Writing, client: Xray, *, test: XrayTest, case: Case) -> None:
        """Brings a test that lacks something, or was approved with other words since, to what it shall be."""
        if case.gherkin and _lines(test.gherkin) != _lines(case.gherkin):
            await client.set_gherkin(test.issue_id, case.gherkin)
        if case.steps and test.steps != case.steps:
            # Steps were seen to get lost while a test was made: the missing ones follow, in order.
            if case.steps[: len(test.steps)] == test.steps:
                for step in case.steps[len(test.steps) :]:
                    await client.add_step(test.issue_id, step)
            else:
                await client.replace_steps(test.issue_id, case.steps)
        if test.summary and test.summary != case.title:
            try:
                await issues.edit(writing.jira, test.issue_id, fields={"summary": case.title}, trace=trace(writing))
            except (JiraForbidden, JiraNotFound, JiraRefused) as error:
                raise Incomplete(f"{test.key} was made, but JiraVision may not change its title.") from error


def _address(writing: Writing, test: XrayTest) -> dict[str, str]:
    return {"remote_id": test.issue_id, "remote_key": test.key, "url": issue_url(writing, test.key)}


def _lines(gherkin: str) -> list[str]:
    return [line.strip() for line in gherkin.splitlines() if line.strip()]
