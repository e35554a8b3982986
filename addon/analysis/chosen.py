"""What of an analysis a person chose, with the person's changes over it."""

from collections.abc import Mapping, Sequence
from typing import Any

from addon.adf.clean import one_line, visible
from addon.analysis.check import DESCRIPTION, SENTENCE, TITLE
from addon.errors import Invalid
from addon.results.analysis import Analysis, Criterion, Subtask

Edits = Mapping[str, Mapping[str, Any]]
"""Item number as text -> changed fields."""


def numbers(items: Sequence[int], *, of: Sequence[object], what: str) -> list[int]:
    """The items wished for, each once, all of them when none is named. Raises Invalid for one there is not."""
    wanted = list(dict.fromkeys(items)) or list(range(len(of)))
    if not wanted:
        raise Invalid(f"This analysis suggests no {what}.")
    if any(not 0 <= item < len(of) for item in wanted):
        raise Invalid(f"Choose from the suggested {what}.")
    return wanted


def edited(subtask: Subtask, edit: Mapping[str, Any]) -> Subtask:
    """The sub-task with a person's changes. Raises Invalid for an unknown field, an empty title or a text too long."""
    _fits(edit, {"title": TITLE, "description": DESCRIPTION}, what="sub-task")
    title = one_line(edit.get("title", subtask.title))
    if not title:
        raise Invalid("A sub-task needs a title.")
    return Subtask(title=title, description=visible(edit.get("description", subtask.description)))


def criteria(analysis: Analysis, items: Sequence[int], *, edits: Edits) -> list[Criterion]:
    """Raises Invalid as `edited` does."""
    return [
        _criterion(analysis.criteria[number], edits.get(str(number), {}))
        for number in numbers(items, of=analysis.criteria, what="acceptance criteria")
    ]


def questions(analysis: Analysis, items: Sequence[int], *, edits: Edits) -> list[str]:
    """Raises Invalid as `edited` does."""
    return [
        _question(analysis.questions[number], edits.get(str(number), {}))
        for number in numbers(items, of=analysis.questions, what="questions")
    ]


def _criterion(criterion: Criterion, edit: Mapping[str, Any]) -> Criterion:
    _fits(edit, {"title": TITLE, "given": SENTENCE, "when": SENTENCE, "then": SENTENCE}, what="criterion")
    changed = criterion.model_copy(update={name: one_line(words) for name, words in edit.items()})
    if not (changed.title and changed.then):
        raise Invalid("A criterion needs a title and something to see.")
    return changed


def _question(question: str, edit: Mapping[str, Any]) -> str:
    _fits(edit, {"text": SENTENCE}, what="question")
    words = one_line(edit.get("text", question))
    if not words:
        raise Invalid("A question needs words.")
    return words


def _fits(edit: Mapping[str, Any], fields: Mapping[str, int], *, what: str) -> None:
    for name, words in edit.items():
        if name not in fields or not isinstance(words, str):
            raise Invalid(f"A {what} has no {name[:40]!r} to edit.")
        if len(words) > fields[name]:
            raise Invalid(f"The {name} of a {what} holds at most {fields[name]} characters.")
