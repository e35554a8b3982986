"""One test in Xray coming into being, found again after a lost answer, and completed."""

from collections.abc import Callable

from addon.errors import Conflict
from addon.jira import issues
from addon.jira.errors import JiraForbidden, JiraNotFound, JiraRefused
from addon.runs.feature import Writing
from addon.targets.cases import item_label, run_label
from addon.targets.looks import Looks
from addon.targets.marks import issue_url, trace
from addon.targets.settling import note_refused, require_settled, sent_before
from addon.testmgmt.case import Case
from addon.testmgmt.errors import ToolError
from addon.testmgmt.xray import Xray, XrayTest


class Incomplete(Conflict):
    """The test exists, and something of it is missing; the detail says what. Trying again completes it."""

    code = "xray_incomplete"


class Making:
    """now: UTC seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._tests: Looks[list[XrayTest]] = Looks(now)

    async def known(self, writing: Writing, client: Xray) -> XrayTest | None:
        """What an earlier attempt made, with or without an answer. Raises Unsettled, ToolError."""
        kept = writing.kept
        if kept.get("remote_id"):
            return await client.get(str(kept["remote_id"]))
        if not sent_before(writing):
            return None
        label = run_label(writing)

        async def ask() -> list[XrayTest]:
            return await client.labelled(label)

        # One search finds all the tests of a result.
        found = await self._tests.at((writing.tenant.id, label), ask, since=writing.publication.run_at)
        test = next((each for each in found if item_label(writing) in each.labels), None)
        if test is None:
            # Jira's search lags behind what was just written.
            require_settled(kept, "xray", now=self._now())
            return None
        await writing.keep(_address(writing, test))
        return test

    async def make(self, writing: Writing, client: Xray, *, case: Case) -> XrayTest:
        """Raises ToolError."""
        kind = "Gherkin" if case.gherkin else "Steps"
        type_name = (await client.test_types(case.project_key))[kind]
        await writing.keep({"sent_at": self._now()})
        try:
            test = await client.create(case, type_name=type_name)
        except ToolError as error:
            # GraphQL may make the issue and fail in what it answers about it.
            await note_refused(writing, error, look=True)
            raise
        await writing.keep(_address(writing, test))
        return test

    async def complete(self, writing: Writing, client: Xray, *, test: XrayTest, case: Case) -> None:
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
