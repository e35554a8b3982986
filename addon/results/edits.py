"""What people may change of the items of a result, part by part, whoever asks: a verdict, a publication, a page.

Every field may be absent: then it stays as it was suggested.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from addon.results.scenarios import Priority

# No database keeps a NUL; half a surrogate pair is refused by every constrained text.
_STORABLE = r"^[^\x00]*$"
Title = Annotated[str, StringConstraints(max_length=255, pattern=_STORABLE)]
Line = Annotated[str, StringConstraints(max_length=1000, pattern=_STORABLE)]
Text = Annotated[str, StringConstraints(max_length=10_000, pattern=_STORABLE)]
Lines = Annotated[list[Line], Field(max_length=20)]


class ItemEdit(BaseModel):
    """Base of all shapes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that were given."""
        return self.model_dump(exclude_none=True)


class SubtaskEdit(ItemEdit):
    """description: Markdown."""

    title: Title | None = None
    description: Text | None = None


class SuggestionEdit(ItemEdit):
    """A criterion that an analysis suggests: single clauses without their keyword."""

    title: Title | None = None
    given: Line | None = None
    when: Line | None = None
    then: Line | None = None


class QuestionEdit(ItemEdit):
    text: Line | None = None


class CriterionEdit(ItemEdit):
    title: Title | None = None
    given: Lines | None = None
    when: Line | None = None
    then: Lines | None = None


class StepEdit(ItemEdit):
    """One whole step: steps are replaced together."""

    action: Line
    data: Line = ""
    expected: Line = ""


class ScenarioEdit(ItemEdit):
    title: Title | None = None
    priority: Priority | None = None
    preconditions: Lines | None = None
    steps: Annotated[list[StepEdit], Field(min_length=1, max_length=40)] | None = None


Place = tuple[str, ...]
"""The names that lead from a stored result to the list of a part's items."""

PARTS: Mapping[str, Mapping[str, tuple[Place, type[ItemEdit]]]] = {
    "analysis": {
        "subtasks": (("analysis", "subtasks"), SubtaskEdit),
        "criteria": (("analysis", "criteria"), SuggestionEdit),
        "questions": (("analysis", "questions"), QuestionEdit),
    },
    "criteria": {
        "criteria": (("criteria", "criteria"), CriterionEdit),
        "questions": (("criteria", "questions"), QuestionEdit),
    },
    "scenarios": {"scenarios": (("scenarios", "scenarios"), ScenarioEdit)},
    "pipeline": {
        "criteria": (("criteria", "criteria", "criteria"), CriterionEdit),
        "questions": (("criteria", "criteria", "questions"), QuestionEdit),
        "scenarios": (("scenarios", "scenarios", "scenarios"), ScenarioEdit),
    },
}
"""Parts by kind of run."""


def shape(kind: str, part: str) -> type[ItemEdit] | None:
    """The fields a person may edit, None for a part there is not."""
    found = PARTS.get(kind, {}).get(part)
    return found[1] if found else None


def items(kind: str, part: str, *, result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items of a part as they were suggested, each in the fields a person may edit."""
    found = PARTS.get(kind, {}).get(part)
    if found is None:
        return []
    place, fields = found
    listed: Any = result
    for name in place:
        listed = listed.get(name) if isinstance(listed, Mapping) else None
    return [_editable(item, fields) for item in listed] if isinstance(listed, list) else []


def _editable(item: Any, fields: type[ItemEdit]) -> dict[str, Any]:
    if isinstance(item, Mapping):
        return {name: item[name] for name in fields.model_fields if name in item}
    return {"text": item}
