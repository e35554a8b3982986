"""Test cases in Zephyr Scale: nothing there can be deleted, so each is made once and completed step by step."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import quote

from addon.errors import Unavailable
from addon.i18n.catalog import N_
from addon.jira import issues
from addon.jira.issue import Issue
from addon.policy.places import Connection
from addon.runs.feature import CannotUndo, Preview, Writing, Written
from addon.targets.cases import SETTLED_S, case_of, item_label, run_label, shown
from addon.targets.looks import Looks
from addon.testmgmt.case import Case, Step
from addon.testmgmt.errors import ToolDown, ToolError, ToolNotFound
from addon.testmgmt.tools import Tools
from addon.testmgmt.zephyr import Zephyr, ZephyrAccess, priority_named, rich

WHERE = N_("Test cases in Zephyr Scale, linked to the issue")
FINAL = N_("Zephyr Scale deletes nothing: what is written there cannot be taken back.")
_PAGE = "com.atlassian.plugins.atlassian-connect-plugin:com.kanoah.test-manager__main-project-page"


class Unsettled(Unavailable):
    """What was sent without an answer may still turn up; sending it again now could make two of it."""

    code = "zephyr_unsettled"

    def __init__(self, wait_s: float) -> None:
        super().__init__("Zephyr Scale gave no answer; waiting to see whether the test was made.", retry_after_s=wait_s)


class Places(Protocol):
    """Where credentials are opened; `policy.places.Places` is one."""

    async def connection(self, tenant_id: str, project_id: str, *, tool: str) -> Connection: ...


class ZephyrTarget:
    """content: TestContent."""

    name = "zephyr"

    def __init__(self, places: Places, tools: Tools, now: Callable[[], float] = time.time) -> None:
        self._places = places
        self._tools = tools
        self._now = now
        self._issues: Looks[Issue] = Looks()
        self._cases: Looks[dict[str, str]] = Looks()
        self._links: Looks[frozenset[str]] = Looks()
        self._priorities: Looks[list[str]] = Looks()

    async def publish(self, writing: Writing) -> Written:
        """Raises NotConnected, Unsettled, ToolError, JiraError."""
        connection, client = await self._client(writing)
        story = await self._story(writing)
        case = case_of(writing, project_key=connection.project_key or story.project.key)
        known = await self._known(writing, client, case=case)
        key = known or await self._make(writing, client, case=case)
        if known:
            await _reword(client, key, case=case)
        await _fill(client, key, case=case, fresh=known is None)
        if known is None or key not in await self._linked(writing, client, story=story):
            await client.link(key, int(story.id))
        return Written(key, key, _url(writing, case, key=key))

    async def preview(self, writings: Sequence[Writing]) -> Preview:
        connection, _ = await self._client(writings[0])
        key = connection.project_key or (await self._story(writings[0])).project.key
        items = tuple(shown(writing, case_of(writing, project_key=key)) for writing in writings)
        return Preview(WHERE, items, place=key, warnings=(FINAL,))

    async def undo(self, writing: Writing) -> None:
        """Raises CannotUndo."""
        raise CannotUndo("Zephyr Scale has no way to delete a test case; archive it there.")

    async def _client(self, writing: Writing) -> tuple[Connection, Zephyr]:
        publication = writing.publication
        connection = await self._places.connection(writing.tenant.id, publication.project_id or "", tool="zephyr")
        assert isinstance(connection.access, ZephyrAccess)  # noqa: S101 - tells the type checker what was asked for
        return connection, self._tools.zephyr(connection.access)

    async def _story(self, writing: Writing) -> Issue:
        publication = writing.publication

        async def ask() -> Issue:
            return await issues.get(writing.jira, publication.issue_id, fields=["project"])

        return await self._issues.at((writing.tenant.id, publication.issue_id), ask, since=publication.run_at)

    async def _known(self, writing: Writing, client: Zephyr, *, case: Case) -> str | None:
        """The key of what an earlier attempt made, with or without an answer. Raises Unsettled."""
        kept = writing.kept
        if kept.get("remote_key"):
            return str(kept["remote_key"])
        if not writing.repeated or "sent_at" not in kept:
            return None

        async def ask() -> dict[str, str]:
            return await client.labelled(case.project_key, run_label(writing))

        place = (writing.tenant.id, case.project_key, run_label(writing))
        found = await self._cases.at(place, ask, since=writing.publication.run_at)
        key = found.get(item_label(writing))
        waited_s = self._now() - float(kept["sent_at"])
        if key is None and waited_s < SETTLED_S:
            raise Unsettled(SETTLED_S - waited_s)
        if key is not None:
            await writing.keep(_address(writing, case, key=key))
        return key

    async def _make(self, writing: Writing, client: Zephyr, *, case: Case) -> str:
        async def ask() -> list[str]:
            return await client.priorities(case.project_key)

        names = await self._priorities.at((writing.tenant.id, case.project_key), ask, since=0.0)
        await writing.keep({"sent_at": self._now()})
        try:
            key = await client.create(case, priority=priority_named(names, case.priority))
        except ToolError as error:
            if not (isinstance(error, ToolDown) and error.uncertain):
                await writing.keep({})
            raise
        # At once, before anything else of it is written: nothing would ever delete a second one.
        await writing.keep(_address(writing, case, key=key))
        return key

    async def _linked(self, writing: Writing, client: Zephyr, *, story: Issue) -> frozenset[str]:
        async def ask() -> frozenset[str]:
            return await client.linked(story.key)

        return await self._links.at((writing.tenant.id, story.key), ask, since=writing.publication.run_at)


async def _reword(client: Zephyr, key: str, *, case: Case) -> None:
    """A case that was made with other words than a person approved since."""
    known = await client.get(key)
    words = (case.title, rich(case.objective), rich(case.precondition))
    if (known.name, known.objective, known.precondition) != words:
        await client.rename(known, case)


async def _fill(client: Zephyr, key: str, *, case: Case, fresh: bool) -> None:
    """Steps or script, unless they stand there already. fresh: nothing can."""
    if case.gherkin and (fresh or await _script(client, key) != ("bdd", case.gherkin)):
        await client.put_script(key, case.gherkin)
    if case.steps and (fresh or await client.steps(key) != [_kept(step) for step in case.steps]):
        await client.put_steps(key, case.steps)


async def _script(client: Zephyr, key: str) -> tuple[str, str]:
    try:
        return await client.script(key)
    except ToolNotFound:
        return "", ""


def _kept(step: Step) -> Step:
    """A step as Zephyr keeps it."""
    return Step(rich(step.action), rich(step.data), rich(step.expected))


def _address(writing: Writing, case: Case, *, key: str) -> dict[str, str]:
    return {"remote_id": key, "remote_key": key, "url": _url(writing, case, key=key)}


def _url(writing: Writing, case: Case, *, key: str) -> str:
    """Zephyr's page for the case inside Jira."""
    base = writing.tenant.display_url.rstrip("/")
    return (
        f"{base}/projects/{quote(case.project_key, safe='')}?selectedItem={_PAGE}#!/v2/testCase/{quote(key, safe='')}"
    )
