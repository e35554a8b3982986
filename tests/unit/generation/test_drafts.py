"""What is written where, of criteria and of scenarios, and with whose words."""

import json
from typing import Any

import pytest

from addon.adf.markdown import from_markdown
from addon.adf.nodes import doc, weight
from addon.adf.read import to_markdown
from addon.errors import Invalid
from addon.generation import render_scenarios
from addon.generation.criteria_drafts import CriteriaDrafts
from addon.generation.page import MOST
from addon.generation.scenario_drafts import ScenarioDrafts
from addon.generation.slips import Origin, Picked
from addon.generation.words import escaped, unmarked
from addon.gherkin.feature import scenarios as titles_in
from addon.results.scenarios import Scenarios, Step
from addon.runs.feature import Draft
from tests.unit.adf.subset import check
from tests.unit.generation.bench import TEXTS, rich, run_of
from tests.unit.generation.make import criteria_result, scenario, scenarios_result
from tests.unit.gherkin.make import criterion

USAGE = {"model": "gpt-test", "prompt_version": "criteria.v1+p2"}


def of_criteria(target: str, *items: int, result: Any = None, **edits: Any) -> list[Draft]:
    origin = Origin(run_of(rich(), "criteria"), USAGE, service_desk=True)
    picked = Picked(target, items, {name.removeprefix("_"): edit for name, edit in edits.items()}, "customfield_1")
    return list(CriteriaDrafts(TEXTS).of(origin, result or criteria_result(), picked=picked))


def of_scenarios(target: str, *items: int, result: Any = None, **edits: Any) -> list[Draft]:
    origin = Origin(run_of(rich(), "scenarios"), USAGE)
    picked = Picked(target, items, {name.removeprefix("_"): edit for name, edit in edits.items()}, "customfield_1")
    return list(ScenarioDrafts(TEXTS).of(origin, result or scenarios_result(), picked=picked))


def read(draft: Draft) -> str:
    return to_markdown(draft.content["adf"])


def test_the_comment_shows_criteria_what_they_rest_on_and_their_gherkin() -> None:
    (comment,) = of_criteria("comment")
    text = read(comment)
    assert comment.content["service_desk"] is True
    for words in (
        "### Acceptance criteria",
        "Written by JiraVision with gpt-test",
        "**Given** a voucher that expired on 1 May",
        "**And** the total stays as it was",
        "“I want to know why my voucher was refused”",
        "[Assumption] One voucher",
        "```gherkin\nFeature: Refused vouchers",
        "1. Which vouchers are meant?",
        "Prompt criteria.v1+p2.",
        "the team decides",
    ):
        assert words in text


def test_what_the_checks_found_and_left_out_is_said() -> None:
    result = criteria_result(criterion(then=["it works"]), author="model", dropped=2)
    text = read(of_criteria("comment", result=result)[0])
    assert "To be improved" in text
    assert "AC-1: the outcome is vague" in text
    assert "does not contain them: 2." in text


@pytest.mark.parametrize(
    ("notice", "words"),
    [("model_failed", "could not answer"), ("budget_spent", "used up"), ("no_model", "can connect a language model")],
)
def test_why_the_rules_answered_is_said(notice: str, words: str) -> None:
    text = read(of_criteria("comment", result=criteria_result(author="rules", notice=notice))[0])
    assert "without a language model" in text
    assert words in text
    assert "Prompt" not in text


def test_only_the_chosen_items_are_written_with_the_edits_of_people() -> None:
    edit = {"title": "Mine", "given": [" a  code ", ""], "then": ["Scenario: x"]}
    (comment,) = of_criteria("comment", 1, _1=edit)
    text = read(comment)
    assert "Mine" in text
    assert "**Given** a code" in text
    assert "An expired voucher" not in text
    (block,) = text.split("```gherkin\n")[1:]
    assert titles_in(block.split("\n```")[0]) == ["Mine"]


def test_description_field_and_sub_tasks_take_the_same_words() -> None:
    (description,) = of_criteria("description")
    assert (description.marker, description.content["section"]) == ("description:10231:criteria:run-1", "criteria")
    assert description.content["title"] == "Acceptance criteria"
    assert "AC-1 · An expired voucher is refused with its date" in read(description)
    # Nobody there sees the table with what each criterion rests on.
    assert read(description).count("*Assumption:* One voucher") == 1
    (field,) = of_criteria("field", 0)
    assert (field.marker, field.content["replace"]) == ("field:run-1:customfield_1", False)
    assert field.content["text"] == "AC-1 An expired voucher is refused with its date"
    first, second = of_criteria("subtasks")
    assert (first.marker, second.marker) == ("subtasks:run-1:0", "subtasks:run-1:1")
    shown = to_markdown(doc(*from_markdown(second.content["description"])))
    assert "**When** two are entered" in shown
    assert "*Assumption:* One voucher | a basket" in shown.replace("\\", "")


def test_a_criterion_becomes_a_gherkin_test_without_its_heading() -> None:
    (test,) = of_criteria("xray", 0)
    assert (test.marker, test.content["style"], test.content["labels"]) == ("xray:run-1:0", "gherkin", ["negative"])
    assert test.content["gherkin"].startswith("Given a voucher that expired on 1 May\nWhen it is entered")
    assert test.content["objective"] == "I want to know why my voucher was refused"


def test_the_comment_shows_coverage_and_every_scenario() -> None:
    text = read(of_scenarios("comment")[0])
    for words in (
        "### Test scenarios",
        "Criteria that no scenario covers: AC-2.",
        "| **AC-1** An expired voucher | TS-1 |",
        "[Not covered]",
        "**TS-1 · Enter an expired voucher**",
        "[Negative] [High] Covers: AC-1",
        "| Enter the voucher | SPRING \\| 10 % | 1 May is shown |",
    ):
        assert words in text


def test_coverage_is_counted_anew_for_the_chosen_scenarios() -> None:
    text = read(of_scenarios("comment", 1)[0])
    assert "no scenario covers: AC-1, AC-2" in text


def test_a_scenario_becomes_a_manual_test() -> None:
    (test,) = of_scenarios("zephyr", 0, _0={"steps": [{"action": " Try  it ", "expected": "Seen"}], "priority": "low"})
    content = test.content
    assert (content["style"], content["priority"], content["title"]) == ("manual", "low", "Enter an expired voucher")
    assert content["steps"] == [{"action": "Try it", "data": "", "expected": "Seen"}]
    assert content["objective"] == "Covers: AC-1 An expired voucher"
    assert content["precondition"] == "- a voucher SPRING that expired on 1 May"


def test_a_scenario_becomes_a_sub_task_with_a_table_of_steps() -> None:
    (task,) = of_scenarios("subtasks", 0)
    assert task.content["title"] == "Test: Enter an expired voucher"
    shown = to_markdown(doc(*from_markdown(task.content["description"])))
    assert "| 1 | Enter the voucher | SPRING \\| 10 % | 1 May is shown |" in shown


def test_a_list_of_scenarios_for_places_that_hold_nothing_else() -> None:
    text = read(of_scenarios("description")[0])
    assert "Preconditions: a voucher SPRING" in text
    french = scenarios_result(language="fr")
    assert "Conditions préalables\u00a0: a voucher" in read(of_scenarios("description", result=french)[0])
    assert "TS-1 · Enter an expired voucher" in text
    assert "Enter the voucher (SPRING | 10 %) → 1 May is shown" in text.replace("\\|", "|")
    assert of_scenarios("field")[0].content["text"] == "TS-1 Enter an expired voucher; TS-2 Enter it twice"


@pytest.mark.parametrize(
    ("target", "items", "edits"),
    [
        ("comment", [2], {}),
        ("comment", [-1], {}),
        ("questions", [99], {}),
        ("comment", [0], {"_0": {"steps": []}}),
        ("comment", [0], {"_0": {"when": "  "}}),
        ("subtasks", [0], {"_0": {"then": [" "]}}),
        ("xray", [0], {"_0": {"title": ""}}),
        ("xray", [0], {"_0": {"title": "x" * 256}}),
    ],
)
def test_what_the_result_does_not_hold_is_refused(target: str, items: list[int], edits: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        of_criteria(target, *items, **edits)


@pytest.mark.parametrize("edit", [{"when": "x"}, {"steps": [{"action": " "}]}, {"title": " "}, {"priority": "urgent"}])
def test_edits_of_scenarios_are_held_to_their_shape(edit: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        of_scenarios("comment", 0, _0=edit)
    with pytest.raises(Invalid):
        of_scenarios("questions")


def test_open_questions_are_put_to_the_author_all_or_those_chosen() -> None:
    asked = criteria_result().criteria.questions
    assert asked
    (every,) = of_criteria("questions")
    assert (every.target, every.content["questions"]) == ("questions", asked)
    (edited,) = of_criteria("questions", 0, _0={"text": "By when?"})
    assert edited.content["questions"] == ["By when?"]
    # A choice is a publication of its own: what was left out can be asked later.
    assert edited.marker != every.marker


def test_questions_alone_are_worth_a_comment_and_nothing_else() -> None:
    empty = criteria_result()
    empty = empty.model_copy(update={"criteria": empty.criteria.model_copy(update={"criteria": []})})
    text = read(of_criteria("comment", result=empty)[0])
    assert "the questions come first" in text
    assert "Gherkin" not in text
    for target in ("description", "field", "subtasks", "xray"):
        with pytest.raises(Invalid):
            of_criteria(target, result=empty)


def test_no_test_of_the_kinds_asked_for_is_not_told_as_an_issue_that_says_too_little() -> None:
    none = scenarios_result(scenarios=Scenarios(language="en", scenarios=[]))
    for result, words in (
        (none, "gives rise to a test of the kinds"),
        (none.model_copy(update={"coverage": []}), "says too little for test scenarios"),
    ):
        assert words in to_markdown(doc(*render_scenarios.blocks(result, say=str, cut=frozenset())))


def test_the_longest_results_still_fit_a_comment_and_are_valid() -> None:
    long = "word " * 60
    items = [
        criterion(id=f"AC-{n}", title=f"{n} {long}"[:255], given=[long] * 6, when=long, then=[long] * 6)
        for n in range(12)
    ]
    steps = [Step(action=long * 2, data=long, expected=long * 2)] * 15
    tests = [
        scenario(id=f"TS-{n}", title=f"{n} {long}"[:255], preconditions=[long] * 8, steps=steps) for n in range(30)
    ]
    for draft in (
        *of_criteria("comment", result=criteria_result(*items)),
        *of_scenarios("comment", result=scenarios_result(*tests)),
    ):
        assert weight(draft.content["adf"]) <= MOST
        assert "Shortened here" in read(draft)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_document_is_valid_whatever_stands_in_it(language: str) -> None:
    bad = '*_`[x](javascript:1)` | # @all {"type":"mention"} <script>\u202e'
    items = [criterion(title=bad, quote="", assumption=bad, given=[bad], when=bad, then=[bad])]
    tests = [scenario(title=bad, preconditions=[bad], steps=[Step(action=bad, data=bad, expected=bad)])]
    drafts = []
    for target in ("comment", "description", "field"):
        drafts += of_criteria(target, result=criteria_result(*items, language=language))
        drafts += of_scenarios(target, result=scenarios_result(*tests, language=language))
    for draft in drafts:
        check(draft.content["adf"])
        assert '"mention"' not in json.dumps(draft.content["adf"]).replace('\\"', "'")
    for task in (
        *of_criteria("subtasks", result=criteria_result(*items)),
        *of_scenarios("subtasks", result=scenarios_result(*tests)),
    ):
        blocks = doc(*from_markdown(task.content["description"]))
        check(blocks)
        assert "link" not in json.dumps(blocks)


@pytest.mark.parametrize(
    "line", ["1. x", "- x", "+ x", "# x", "> x", "a | b", "*x*", "[a](b)", "`c`", "~~d~~", "2) y", "\\"]
)
def test_escaped_words_read_as_they_were_typed(line: str) -> None:
    (block,) = from_markdown(escaped(line))
    content = block["content"]
    assert isinstance(content, list)
    assert "".join(piece["text"] for piece in content) == line
    assert all("marks" not in piece for piece in content)


def test_a_quote_is_shown_without_the_marks_of_our_reading() -> None:
    assert unmarked("the **total** of `x` in [the list](https://a.example) | b") == "the total of x in the list b"
