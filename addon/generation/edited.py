"""Items of a result with a person's changes over them, as clean and as complete as the others."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from addon.adf.clean import one_line
from addon.errors import Invalid
from addon.results.criteria import AcceptanceCriterion
from addon.results.edits import CriterionEdit, ItemEdit, ScenarioEdit
from addon.results.scenarios import Scenario, Step

E = TypeVar("E", bound=ItemEdit)


def criterion(item: AcceptanceCriterion, edit: Mapping[str, Any]) -> AcceptanceCriterion:
    """Raises Invalid for unknown fields, and for a criterion without title, When or Then."""
    # Untouched items are not checked again: what was stored must stay writable by later releases.
    if not edit:
        return item
    changes = _read(CriterionEdit, edit).changes
    for name in ("title", "when"):
        if name in changes:
            changes[name] = one_line(changes[name])
    for name in ("given", "then"):
        if name in changes:
            changes[name] = _lines(changes[name])
    new = item.model_copy(update=changes)
    # Without these the Gherkin would lose a step nobody misses until a test runs without it.
    if not (new.title and new.when and new.then):
        raise Invalid("A criterion needs a title, exactly one When and at least one Then.")
    return new


def scenario(item: Scenario, edit: Mapping[str, Any]) -> Scenario:
    """Raises Invalid for unknown fields, and for a scenario without title or steps."""
    if not edit:
        return item
    read = _read(ScenarioEdit, edit)
    changes: dict[str, Any] = {"priority": read.priority} if read.priority else {}
    if read.title is not None:
        changes["title"] = one_line(read.title)
    if read.preconditions is not None:
        changes["preconditions"] = _lines(read.preconditions)
    if read.steps is not None:
        steps = [
            Step(action=one_line(step.action), data=one_line(step.data), expected=one_line(step.expected))
            for step in read.steps
        ]
        changes["steps"] = [step for step in steps if step.action]
    new = item.model_copy(update=changes)
    if not (new.title and new.steps):
        raise Invalid("A scenario needs a title and at least one step with an action.")
    return new


def _read(shape: type[E], edit: Mapping[str, Any]) -> E:
    try:
        return shape.model_validate(dict(edit))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise Invalid(f"{'.'.join(map(str, first['loc']))[:80] or 'edit'}: {first['msg']}"[:300]) from None


def _lines(texts: Iterable[str]) -> list[str]:
    return [line for text in texts if (line := one_line(text))]
