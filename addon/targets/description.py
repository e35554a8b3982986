"""Our section in an issue's description: found again and replaced; what people wrote there is passed on as it came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from addon.adf.content import Block
from addon.adf.nodes import blocks_of, plain
from addon.adf.read import to_markdown
from addon.adf.sections import SIGN, Name, section, section_in, with_section, without_section
from addon.errors import Conflict, Invalid, TooLarge
from addon.i18n.catalog import N_, Texts
from addon.jira import issues
from addon.jira.errors import JiraConflict, JiraForbidden, JiraRefused
from addon.jira.issue import Issue
from addon.runs.contents import DescriptionContent
from addon.runs.feature import CannotUndo, Preview, Shown, Writing, Written
from addon.targets.marks import issue_url, trace

WHERE = N_("A section of the issue's description")
REPLACED = N_("The section that JiraVision wrote before is replaced.")
NO_DOCUMENT = N_("The description is not in a form that can be added to; it would be left as it is.")
FULL = N_("The description is too long for another section.")
MAY_NOT = "JiraVision may not edit this issue: give the add-on's account the permission Edit issues."
TITLES = {
    "analysis": N_("Analysis"),
    "criteria": N_("Acceptance criteria"),
    "scenarios": N_("Test scenarios"),
}
TRIES = 4
LONGEST = 32_767
"""Visible characters, of which every way of counting finds at least as many."""


class DescriptionUnreadable(Invalid):
    code = "description_unreadable"


class DescriptionFull(TooLarge):
    code = "description_full"


class DescriptionBusy(Conflict):
    code = "description_busy"


@dataclass(frozen=True, slots=True)
class _Place:
    """The description as it was read. wanted: which section of ours in it."""

    issue: Issue
    wanted: Name

    @property
    def document(self) -> object:
        return self.issue.fields.get("description")

    @property
    def ours(self) -> Mapping[str, Any] | None:
        return section_in(self.document, self.wanted)

    def check(self) -> None:
        if isinstance(self.document, str) and self.document.strip():
            raise DescriptionUnreadable("The description is not in a form that can be added to; it was left as it is.")
        if len(to_markdown(self.document)) > LONGEST:
            raise DescriptionFull("The description is too long for another section; it was left as it is.")


class DescriptionTarget:
    """content: DescriptionContent."""

    name = "description"

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def publish(self, writing: Writing) -> Written:
        """Raises DescriptionUnreadable, DescriptionFull, DescriptionBusy, JiraForbidden in words, another JiraError."""
        content = _content(writing)
        rich, bare = _section(content, content.adf), _section(content, plain(to_markdown(content.adf)))
        block = rich

        def put(place: _Place) -> object:
            place.check()
            return with_section(place.document, block, wanted=place.wanted)

        try:
            issue = await self._change(writing, put)
        except JiraRefused as error:
            # Jira's own checks are stricter than its schema at times; our words matter more than their form.
            if not error.said.about_rich_text:
                raise
            block = bare
            issue = await self._change(writing, put)
        kept = {"wrote": to_markdown(dict(block))}
        return Written(content.section, issue.key, issue_url(writing, issue.key), kept)

    async def preview(self, writings: Sequence[Writing]) -> Preview:
        writing = writings[0]
        content = _content(writing)
        place = await self._read(writing)
        block = _section(content, content.adf)
        problems = []
        if isinstance(place.document, str) and place.document.strip():
            problems.append(NO_DOCUMENT)
        if len(to_markdown(place.document)) > LONGEST:
            problems.append(FULL)
        document = {"type": "doc", "version": 1, "content": [block]}
        shown = Shown(0, f"{content.title}{SIGN}", "adf", to_markdown(document), document, tuple(problems))
        return Preview(WHERE, (shown,), warnings=(REPLACED,) if place.ours else ())

    async def undo(self, writing: Writing) -> None:
        """Takes our section out. Raises CannotUndo when somebody wrote into it, or as `publish` does."""
        wrote = writing.kept.get("wrote")

        def taken_out(place: _Place) -> object:
            ours = place.ours
            if ours is None:
                return place.document
            if wrote is not None and to_markdown(dict(ours)) != wrote:
                raise CannotUndo("Somebody changed the section since it was written; it was left as it is.")
            rest = without_section(place.document if isinstance(place.document, dict) else {}, place.wanted)
            return rest if rest["content"] else None

        await self._change(writing, taken_out)

    async def _change(self, writing: Writing, changed: Any) -> Issue:
        """Reads, changes and writes the description, again when somebody else did at the same time."""
        for _ in range(TRIES):
            place = await self._read(writing)
            document = changed(place)
            if document == place.document:
                return place.issue
            if await self._moved(writing, place):
                continue
            try:
                await self._write(writing, document, place=place)
            except JiraConflict:
                continue
            return place.issue
        raise DescriptionBusy("The description is being changed again and again just now.", retry_after_s=10)

    async def _read(self, writing: Writing) -> _Place:
        key = _remembered(writing)
        fields = ["description", "updated"]
        issue = await issues.get(writing.jira, writing.publication.issue_id, fields=fields, properties=[key])
        content = _content(writing)
        known = issue.properties.get(key)
        stored = known.get(content.section) if isinstance(known, dict) else None
        # The issue itself remembers the title, because a later result may be written in another language.
        titles = {content.title, *self._names(content.section), *([stored] if isinstance(stored, str) else [])}
        return _Place(issue, Name(content.section, frozenset(titles)))

    async def _moved(self, writing: Writing, place: _Place) -> bool:
        """Whether somebody changed the issue since it was read: Jira offers no way to write only if nobody did."""
        now = await issues.get(writing.jira, writing.publication.issue_id, fields=["updated"])
        return now.fields.get("updated") != place.issue.fields.get("updated")

    async def _write(self, writing: Writing, document: object, *, place: _Place) -> None:
        content, key = _content(writing), _remembered(writing)
        known = place.issue.properties.get(key)
        titles: Mapping[str, Any] = known if isinstance(known, dict) else {}
        try:
            await issues.edit(
                writing.jira,
                writing.publication.issue_id,
                fields={"description": document},
                properties={key: {**titles, content.section: content.title}},
                trace=trace(writing),
            )
        except JiraForbidden as error:
            raise JiraForbidden(MAY_NOT, said=error.said) from error
        except JiraRefused as error:
            if error.said.about_length:
                words = "The description is too long for another section; it was left as it is."
                raise DescriptionFull(words) from error
            raise

    def _names(self, section: str) -> list[str]:
        return [self._texts.of(language)(TITLES[section]) for language in self._texts.languages]


def _content(writing: Writing) -> DescriptionContent:
    return DescriptionContent.model_validate(writing.publication.content)


def _section(content: DescriptionContent, document: Mapping[str, Any]) -> Block:
    return section(content.section, content.title, *_blocks(document))


def _blocks(document: Mapping[str, Any]) -> list[Block]:
    content = document.get("content")
    return blocks_of([Block(node) for node in content if isinstance(node, dict)]) if isinstance(content, list) else []


def _remembered(writing: Writing) -> str:
    return f"{writing.addon_key}.sections"
