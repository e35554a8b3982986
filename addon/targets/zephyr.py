"""Test cases in Zephyr Scale: nothing there can be deleted, so each is made once and completed step by step."""

from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import quote

from addon.i18n.catalog import N_
from addon.runs.feature import CannotUndo, Preview, Writing, Written
from addon.targets.cases import case_of, item_label, run_label, shown
from addon.targets.looks import Looks
from addon.targets.settling import note_refused, require_settled, sent_before
from addon.targets.stories import Stories
from addon.testmgmt.case import Case, Step
from addon.testmgmt.errors import ToolError, ToolNotFound
from addon.testmgmt.zephyr import Zephyr, priority_named, rich

WHERE = N_("Test cases in Zephyr Scale, linked to the issue")
FINAL = N_("Zephyr Scale deletes nothing: what is written there cannot be taken back.")
_PAGE = "com.atlassian.plugins.atlassian-connect-plugin:com.kanoah.test-manager__main-project-page"


class Places(Protocol):
    """Who knows a project's Zephyr Scale; `policy.places.Places` does."""

    async def zephyr(self, tenant_id: str, project_id: str) -> tuple[Zephyr, str | None]: ...


class ZephyrTarget:
    """content: TestContent."""

    name = "zephyr"

    def __init__(self, places: Places, *, now: Callable[[], float]) -> None:
        """now: UTC seconds by the clock of all processes: another one may have made what this one looks for."""
        self._places = places
        self._now = now
        self._stories = Stories(now)
        self._cases: Looks[dict[str, str]] = Looks(now)
        self._links: Looks[frozenset[str]] = Looks(now)
        self._priorities: Looks[list[str]] = Looks(now)

    async def publish(self, writing: Writing) -> Written:
        """Raises NotConnected, Unsettled, ToolError, JiraError."""
        client, elsewhere = await self._client(writing)
        story = await self._stories.of(writing)
        case = case_of(writing, project_key=elsewhere or story.project.key)
        known = await self._known(writing, client, case=case)
        key = known or await self._make(writing, client, case=case)
        if known:
            await _reword(client, key, case=case)
        await _fill(client, key, case=case, fresh=known is None)
        if known is None or key not in await self._linked(writing, client, issue_key=story.key):
            await client.link(key, int(story.id))
        return Written(key, key, _url(writing, case, key=key))

    async def preview(self, writings: Sequence[Writing]) -> Preview:
        _, elsewhere = await self._client(writings[0])
        key = elsewhere or (await self._stories.of(writings[0])).project.key
        items = tuple(shown(writing, case_of(writing, project_key=key)) for writing in writings)
        return Preview(WHERE, items, place=key, warnings=(FINAL,))

    async def undo(self, writing: Writing) -> None:
        """Raises CannotUndo."""
        raise CannotUndo("Zephyr Scale has no way to delete a test case; archive it there.")

    async def _client(self, writing: Writing) -> tuple[Zephyr, str | None]:
        client, elsewhere = await self._places.zephyr(writing.tenant.id, writing.publication.project_id or "")
        # What keeps a write to Jira back keeps one to the tool back: there, too, another attempt may be at work.
        return client.checked(writing.jira.before_writing), elsewhere

    async def _known(self, writing: Writing, client: Zephyr, *, case: Case) -> str | None:
        """The key of what an earlier attempt made, with or without an answer. Raises Unsettled."""
        kept = writing.kept
        if kept.get("remote_key"):
            return str(kept["remote_key"])
        if not sent_before(writing):
            return None
        label = run_label(writing)

        async def ask() -> dict[str, str]:
            return await client.labelled(case.project_key, label)

        # One walk through the project finds all the cases of a result.
        place = (writing.tenant.id, case.project_key, label)
        key = (await self._cases.at(place, ask, since=writing.publication.run_at)).get(item_label(writing))
        if key is None:
            require_settled(kept, "zephyr", now=self._now())
            return None
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
            await note_refused(writing, error)
            raise
        # At once, before anything else of it is written: nothing would ever delete a second one.
        await writing.keep(_address(writing, case, key=key))
        return key

    async def _linked(self, writing: Writing, client: Zephyr, *, issue_key: str) -> frozenset[str]:
        async def ask() -> frozenset[str]:
            return await client.linked(issue_key)

        return await self._links.at((writing.tenant.id, issue_key), ask, since=writing.publication.run_at)


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
