"""What of an analysis a person has written where, with the person's changes."""

from typing import Any

import pytest

from addon.adf.read import to_markdown
from addon.analysis.drafts import Drafts
from addon.errors import Invalid
from addon.i18n.catalog import Texts
from addon.results.analysis import Criterion
from addon.runs.contents import DescriptionContent, FieldContent, QuestionsContent
from addon.runs.feature import Draft
from addon.store.repos.runs import Run
from tests.unit.analysis.make import analysis, facts, result
from tests.unit.analysis.test_run import run_of
from tests.unit.targets.fake_jira import SITE, FakeJira

TWO = [
    Criterion(title="Expired voucher", given="it expired", when="it is entered", then="the date is shown"),
    Criterion(title="Used voucher", given="it was used", when="it is entered", then="the order is shown"),
]


def ended(**changes: Any) -> Run:
    answer = analysis(criteria=TWO, questions=["Who?", "When?"], **changes)
    stored = {
        "result": result(answer).model_dump(mode="json"),
        "facts": facts(service_desk=True).model_dump(mode="json"),
    }
    return run_of(FakeJira(), state="succeeded", **stored)


def asked(target: str, *items: int, edits: dict[str, Any] | None = None, run: Run | None = None) -> tuple[Draft, ...]:
    return Drafts(Texts(), SITE.app_key).asked(run or ended(), target, items=items, edits=edits or {})


def test_the_description_gets_the_suggested_criteria_as_a_section() -> None:
    (draft,) = asked("description", 1, edits={"1": {"then": "the order's number is shown"}})
    content = DescriptionContent.model_validate(draft.content)
    assert (content.section, content.title) == ("analysis", "Suggested acceptance criteria")
    words = to_markdown(content.adf)
    assert "the order's number is shown" in words
    assert "Expired voucher" not in words
    assert draft.marker == "description:10231:analysis:run-1"


def test_a_field_gets_all_of_them_when_none_is_chosen() -> None:
    (draft,) = asked("field")
    content = FieldContent.model_validate(draft.content)
    assert content.text == "1) Expired voucher; 2) Used voucher"
    # Which field, and whether it may be written over, is for the publisher to say.
    assert (content.field, content.replace) == ("", False)


def test_questions_are_posted_in_their_language_and_a_choice_has_its_own_marker() -> None:
    (whole,) = asked("questions", run=ended(language="fr"))
    content = QuestionsContent.model_validate(whole.content)
    assert (content.questions, content.language, content.service_desk) == (["Who?", "When?"], "fr", True)
    (some,) = asked("questions", 1, edits={"1": {"text": "By when?"}})
    assert QuestionsContent.model_validate(some.content).questions == ["By when?"]
    assert (whole.marker, some.marker) == ("questions:run-1", "questions:run-1:1")


def test_all_sub_tasks_are_meant_when_none_is_named() -> None:
    assert [draft.item for draft in asked("subtasks")] == [0]


@pytest.mark.parametrize(
    ("target", "edits"),
    [
        ("description", {"0": {"title": ""}}),
        ("description", {"0": {"colour": "red"}}),
        ("field", {"0": {"then": "x" * 401}}),
        ("questions", {"0": {"text": " "}}),
        ("questions", {"0": {"text": ["a list"]}}),
    ],
)
def test_an_edit_that_leaves_nothing_sensible_is_refused(target: str, edits: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        asked(target, 0, edits=edits)


@pytest.mark.parametrize("target", ["description", "field", "questions", "subtasks"])
def test_what_the_result_does_not_hold_cannot_be_written(target: str) -> None:
    bare = analysis(criteria=[], questions=[], subtasks=[])
    run = run_of(FakeJira(), state="succeeded", result=result(bare).model_dump(mode="json"))
    with pytest.raises(Invalid, match="suggests no"):
        asked(target, run=run)
