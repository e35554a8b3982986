"""Drafts of all kinds, with their markers and the shapes their targets read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from addon.adf.content import Block
from addon.adf.nodes import doc
from addon.errors import Invalid
from addon.reading.facts import Facts
from addon.runs.contents import (
    CommentContent,
    Content,
    DescriptionContent,
    FieldContent,
    QuestionsContent,
    SubtaskContent,
    TestContent,
)
from addon.runs.feature import Draft
from addon.store.repos.runs import Run

Tool = Literal["xray", "zephyr"]


@dataclass(frozen=True, slots=True)
class Picked:
    """What is to be written. items: numbers, none for all. edits: item number as text -> changed fields.

    field: id of the field to write into, "" for whatever the project has.
    """

    target: str
    items: Sequence[int] = ()
    edits: Mapping[str, Mapping[str, Any]] | None = None
    field: str = ""

    def of(self, total: int) -> list[int]:
        """Numbers of the items, each once. Raises Invalid for one there is not."""
        if not total:
            raise Invalid("There is nothing in this result to write there.")
        if any(not 0 <= item < total for item in self.items):
            raise Invalid("This result has no such item.")
        # A number sent twice is one wish.
        return list(dict.fromkeys(self.items)) or list(range(total))

    def edit(self, item: int) -> Mapping[str, Any]:
        return (self.edits or {}).get(str(item), {})


@dataclass(frozen=True, slots=True)
class Origin:
    """The run that is written from. usage: of its result. service_desk: its project is one, None when unknown.

    first: id of the run the result was first made for, "" for this one.
    """

    run: Run
    usage: Mapping[str, Any]
    service_desk: bool | None = None
    first: str = ""

    @classmethod
    def of(cls, run: Run) -> "Origin":
        """From the row of an ended run."""
        facts = Facts.model_validate(run.facts) if run.facts else None
        return cls(run, run.usage or {}, facts.service_desk if facts else None, run.origin)

    @property
    def held_by(self) -> str:
        """Id of the run that items stand under: the same click a second time finds what the first has written."""
        return self.first or self.run.id

    def comment(self, adf: dict[str, Any], *, kind: str) -> Draft:
        content = CommentContent(adf=adf, kind=kind, service_desk=self.service_desk)
        return Draft("comment", 0, f"comment:{self.run.issue_id}:{self.run.id}", content.model_dump())

    def description(self, section: Literal["criteria", "scenarios"], *, title: str, blocks: Sequence[Block]) -> Draft:
        content = DescriptionContent(section=section, title=title, adf=doc(*blocks))
        marker = f"description:{self.run.issue_id}:{section}:{self.run.id}"
        return Draft("description", 0, marker, content.model_dump())

    def field(self, field: str, *, blocks: Sequence[Block], line: str) -> Draft:
        content = FieldContent(field=field, adf=doc(*blocks), text=line)
        return Draft("field", 0, f"field:{self.run.id}:{field}", content.model_dump())

    def subtask(self, item: int, content: SubtaskContent) -> Draft:
        return self._item("subtasks", item, content=content)

    def questions(self, picked: Picked, *, all_of: Sequence[str], language: str) -> Draft:
        """Whom to ask is read when it is written. A choice has a marker of its own: the rest can be asked later."""
        said = [str(picked.edit(number).get("text") or all_of[number]) for number in picked.of(len(all_of))]
        content = QuestionsContent(questions=said, account_id=None, language=language, service_desk=self.service_desk)
        numbers = ".".join(map(str, sorted(set(picked.items))))
        marker = f"questions:{self.held_by}" + (f":{numbers}" if numbers else "")
        return Draft("questions", 0, marker[:128], content.model_dump(), self.held_by)

    def test(self, tool: Tool, item: int, *, content: TestContent) -> Draft:
        return self._item(tool, item, content=content)

    def _item(self, target: str, item: int, *, content: Content) -> Draft:
        return Draft(target, item, f"{target}:{self.held_by}:{item}", content.model_dump(), self.held_by)


def unknown(target: str) -> Invalid:
    return Invalid(f"This result cannot be written to {target[:40]!r}.")
