"""The shapes of what people may change, and where the items stand in stored results."""

from typing import Any

import pytest
from pydantic import ValidationError

from addon.results import edits
from addon.results.analysis import Criterion, Subtask
from addon.results.criteria import AcceptanceCriterion
from addon.results.scenarios import Scenario
from tests.unit.analysis.make import result

KINDS = [(kind, part) for kind, parts in edits.PARTS.items() for part in parts]


@pytest.mark.parametrize(("kind", "part"), KINDS)
def test_every_field_may_stay_as_it_was(kind: str, part: str) -> None:
    shape = edits.shape(kind, part)
    assert shape is not None
    assert shape.model_validate({}).changes == {}
    with pytest.raises(ValidationError):
        shape.model_validate({"unknown": 1})


@pytest.mark.parametrize(
    ("kind", "part", "model"),
    [
        ("analysis", "subtasks", Subtask),
        ("analysis", "criteria", Criterion),
        ("criteria", "criteria", AcceptanceCriterion),
        ("scenarios", "scenarios", Scenario),
    ],
)
def test_what_may_be_edited_are_fields_of_the_result(kind: str, part: str, model: Any) -> None:
    shape = edits.shape(kind, part)
    assert shape is not None
    assert set(shape.model_fields) <= set(model.model_fields)
    # What code decides or checks, such as ids and quotes, is nobody's to change.
    assert not set(shape.model_fields) & {"id", "quote", "covers", "kind", "assumption"}


def test_a_part_there_is_not_has_no_shape_and_no_items() -> None:
    assert edits.shape("summary", "themes") is None
    assert edits.shape("analysis", "scores") is None
    assert edits.items("analysis", "scores", result=result().model_dump(mode="json")) == []


def test_items_are_found_in_a_stored_result_in_the_fields_one_may_edit() -> None:
    stored = result().model_dump(mode="json")
    (subtask,) = edits.items("analysis", "subtasks", result=stored)
    assert set(subtask) == {"title", "description"}
    assert edits.items("analysis", "questions", result=stored) == [{"text": "Which vouchers are in scope?"}]


def test_a_pipeline_holds_both_halves() -> None:
    stored = {
        "criteria": {
            "criteria": {"criteria": [{"id": "AC-1", "title": "a", "given": ["x"], "when": "y", "then": ["z"]}]}
        },
        "scenarios": {"scenarios": {"scenarios": [{"id": "TS-1", "title": "b", "priority": "low"}]}},
    }
    assert edits.items("pipeline", "criteria", result=stored)[0]["given"] == ["x"]
    assert edits.items("pipeline", "scenarios", result=stored) == [{"title": "b", "priority": "low"}]


@pytest.mark.parametrize("broken", [{}, {"analysis": None}, {"analysis": {"subtasks": "x"}}])
def test_a_result_of_another_release_holds_nothing(broken: dict[str, Any]) -> None:
    assert edits.items("analysis", "subtasks", result=broken) == []


@pytest.mark.parametrize(
    ("kind", "part", "edit"),
    [
        ("analysis", "subtasks", {"title": "x" * 256}),
        ("analysis", "subtasks", {"title": "a\x00b"}),
        ("analysis", "subtasks", {"title": "half \ud800"}),
        ("analysis", "subtasks", {"title": 5}),
        ("criteria", "criteria", {"given": "no list"}),
        ("criteria", "criteria", {"then": ["x"] * 21}),
        ("scenarios", "scenarios", {"priority": "urgent"}),
        ("scenarios", "scenarios", {"steps": []}),
        ("scenarios", "scenarios", {"steps": [{"data": "no action"}]}),
    ],
)
def test_what_cannot_be_kept_or_written_is_refused(kind: str, part: str, edit: dict[str, Any]) -> None:
    shape = edits.shape(kind, part)
    assert shape is not None
    with pytest.raises(ValidationError):
        shape.model_validate(edit)


def test_steps_are_replaced_together() -> None:
    shape = edits.shape("pipeline", "scenarios")
    assert shape is not None
    changes = shape.model_validate({"steps": [{"action": "Open it"}]}).changes
    assert changes == {"steps": [{"action": "Open it", "data": "", "expected": ""}]}
