"""Whole runs of kind `criteria`, between a pretend Jira and a pretend model."""

import json
from dataclasses import replace
from typing import Any

import pytest

from addon.errors import Invalid
from addon.generation.asking import ModelNeeded
from addon.gherkin.feature import scenarios
from addon.jira.errors import JiraNotFound
from addon.llm.errors import ModelBusy, ModelError
from addon.policy.prompts import ProjectPrompt
from addon.results.criteria import CriteriaResult
from addon.runs.feature import Outcome
from tests.fake_model import FakeModel
from tests.unit.generation.bench import (
    FAILED_TWICE,
    Bench,
    Watched,
    draft_of,
    features,
    french,
    german,
    read,
    rich,
    worded,
)

LIST = "As a reader I want to keep books on a list so that I find them again.\nAt most 100 books fit on a list."


def result(outcome: Outcome) -> CriteriaResult:
    return CriteriaResult.model_validate(outcome.result)


async def test_without_a_model_the_rules_write_criteria_that_quote_the_issue() -> None:
    bench = Bench("criteria", worded("Keep books", LIST))
    outcome = await bench.outcome()
    found = result(outcome)
    assert (found.author, found.notice, outcome.usage) == ("rules", "no_model", None)
    assert bench.watched.stages == ["reading", "thinking", "checking"]
    assert [criterion.id for criterion in found.criteria.criteria] == ["AC-1", "AC-2", "AC-3"]
    assert all(bool(criterion.quote) != bool(criterion.assumption) for criterion in found.criteria.criteria)
    assert all(criterion.quote in f"Keep books\n{LIST}" for criterion in found.criteria.criteria)
    assert scenarios(found.gherkin) == [criterion.title for criterion in found.criteria.criteria]
    assert outcome.drafts == ()


async def test_a_french_issue_gets_french_gherkin() -> None:
    found = result(await Bench("criteria", french()).outcome())
    assert found.criteria.language == "fr"
    assert found.gherkin.startswith("# language: fr\nFonctionnalité: ")
    assert "    Quand " in found.gherkin


async def test_the_rules_say_that_another_language_takes_a_model() -> None:
    with pytest.raises(ModelNeeded, match="connect a language model"):
        await Bench("criteria", german()).outcome()


async def test_an_issue_of_three_words_gets_questions_and_no_invented_criteria() -> None:
    found = result(await Bench("criteria", worded("Fix it")).outcome())
    assert found.criteria.criteria == []
    assert found.criteria.questions


async def test_a_model_writes_them_with_quotes_of_the_issue_and_its_cost_is_kept() -> None:
    async with FakeModel(latency_s=0.5) as model:
        bench = Bench("criteria", rich(), model)
        outcome = await bench.outcome()
    found, usage = result(outcome), outcome.usage
    assert found.author == "model"
    assert usage is not None
    assert (usage["prompt_version"], usage["input_tokens"] > 0) == ("criteria.v1", True)
    text = "\n".join(section["text"] for section in bench.watched.facts["sections"]) if bench.watched.facts else ""
    assert [bool(criterion.quote) for criterion in found.criteria.criteria] == [True, True, False]
    assert all(criterion.quote in text for criterion in found.criteria.criteria)
    assert found.criteria.criteria[2].assumption
    assert found.lint == []
    assert bench.watched.partials
    assert "quote" not in json.dumps(bench.watched.partials)


async def test_what_the_project_and_the_person_want_reaches_the_model_and_the_version() -> None:
    async with FakeModel() as model:
        outcome = await Bench(
            "criteria", rich(), model, settings={"instruction": "Write about money."},
            params={"instruction": "Think of refunds."}, prompt=ProjectPrompt(3, "Name amounts in euro."),
        ).outcome()  # fmt: skip
        system, user = (message["content"] for message in model.requests[0].messages)
    assert all(words in system for words in ("Write about money.", "Think of refunds.", "Name amounts in euro."))
    assert "Think of refunds." not in user
    assert outcome.usage is not None
    assert outcome.usage["prompt_version"] == "criteria.v1+p3"


async def test_faults_are_told_to_the_model_once_and_what_stays_is_said() -> None:
    async with FakeModel() as model:
        model.script("linted", "good")
        assert result(await Bench("criteria", rich(), model).outcome()).lint == []
        (*_, objection) = (message["content"] for message in model.requests[1].messages)
        assert "instead of what is wanted" in objection
        assert "the outcome is vague" in objection
        model.script("linted", "linted")
        found = result(await Bench("criteria", rich(), model).outcome())
        assert len(model.requests) == 4
    assert found.author == "model"
    assert any("AC-1" in line and "click" in line for line in found.lint)


async def test_invented_quotes_are_repaired_or_become_assumptions_and_are_counted() -> None:
    async with FakeModel() as model:
        model.script("invented_quote", "good", "invented_quote", "invented_quote")
        assert result(await Bench("criteria", rich(), model).outcome()).dropped == 0
        found = result(await Bench("criteria", rich(), model).outcome())
    assert found.dropped == 3
    assert not any(criterion.quote for criterion in found.criteria.criteria)
    assert all(criterion.assumption for criterion in found.criteria.criteria)


async def test_a_broken_repair_does_not_lose_an_answer_that_can_be_used() -> None:
    async with FakeModel() as model:
        model.script("linted", "bad_schema")
        found = result(await Bench("criteria", rich(), model).outcome())
    assert found.author == "model"
    assert found.lint


async def test_a_hostile_model_cannot_break_the_gherkin_or_reach_anybody() -> None:
    async with FakeModel() as model:
        model.default = "hostile"
        outcome = await Bench("criteria", rich(), model, params={"publish": ["comment"]}).outcome()
    found = result(outcome)
    assert scenarios(found.gherkin) == [criterion.title for criterion in found.criteria.criteria]
    assert found.gherkin.count("\n#") == 0
    stored = json.dumps([outcome.result, draft_of(outcome, "comment").content])
    assert not any(word in stored for word in ("evil.example", "accountid", "OTHER-1", '"mention"', '"media"'))


@pytest.mark.parametrize("behaviours", [["status:401"], ["refusal"], ["bad_schema"] * 2, ["status:503"] * 3])
async def test_the_rules_stand_in_for_a_model_that_fails_for_good(behaviours: list[str]) -> None:
    async with FakeModel() as model:
        model.script(*behaviours)
        outcome = await Bench("criteria", rich(), model, row=FAILED_TWICE).outcome()
    assert (result(outcome).author, result(outcome).notice) == ("rules", "model_failed")


async def test_where_the_rules_cannot_stand_in_the_models_own_error_is_the_answer() -> None:
    async with FakeModel() as model:
        model.script("refusal")
        with pytest.raises(ModelError) as caught:
            await Bench("criteria", german(), model).outcome()
    assert caught.value.code == "model_refused"
    assert caught.value.retry_after_s is None


async def test_a_busy_model_is_worth_another_attempt_of_the_run() -> None:
    async with FakeModel() as model:
        model.default = "status:429:retry-after=60"
        with pytest.raises(ModelBusy):
            await Bench("criteria", rich(), model).outcome()


async def test_the_same_input_is_answered_from_before_unless_forced() -> None:
    async with FakeModel() as model:
        first = Bench("criteria", rich(), model)
        outcome = await first.outcome()
        known = Watched(before={first.watched.input_hash: outcome.result})
        again = await Bench("criteria", rich(), model, watched=known).outcome()
        assert len(model.requests) == 1
        assert again.result == outcome.result
        assert again.usage is not None
        assert (again.usage["input_tokens"], again.usage["model"]) == (0, "gpt-test")
        for params in ({"force": True}, {"instruction": "Say more."}):
            await Bench("criteria", rich(), model, params=params, watched=known).outcome()
        assert len(model.requests) == 3
        stood_in = {**outcome.result, "author": "rules", "notice": "budget_spent"}
        retried = Bench("criteria", rich(), model, watched=Watched(before={first.watched.input_hash: stood_in}))
        assert result(await retried.outcome()).author == "model"


async def test_items_of_a_result_from_before_keep_the_markers_they_had() -> None:
    first = Bench("criteria", rich())
    outcome = await first.outcome()
    known = Watched(before={first.watched.input_hash: outcome.result})
    again = Bench("criteria", rich(), params={"publish": ["comment", "subtasks", "xray"]}, watched=known)
    reused = await again.outcome()
    assert (outcome.origin, reused.origin) == (None, "run-0")
    assert draft_of(reused, "comment").marker == "comment:10231:run-1"
    items = [draft for draft in reused.drafts if draft.target != "comment"]
    assert {(draft.marker, draft.run_id) for draft in items} == {
        (f"{draft.target}:run-0:{draft.item}", "run-0") for draft in items
    }
    # What a person chooses of it later meets the same things.
    ended = replace(again.run, state="succeeded", result=reused.result, params={"origin": reused.origin})
    (chosen,) = features()["criteria"].drafts(ended, "xray", items=[1], edits={})
    assert chosen.marker == "xray:run-0:1"


async def test_a_second_attempt_works_on_the_text_of_the_first() -> None:
    first = Bench("criteria", rich())
    await first.outcome()
    again = Bench("criteria", first.jira, row={"facts": first.watched.facts, "attempts": 2})
    reads = len(first.jira.said)
    await again.outcome()
    assert len(first.jira.said) == reads


async def test_one_criterion_is_written_anew_and_the_rest_stays_as_it_is() -> None:
    async with FakeModel() as model:
        base = await Bench("criteria", rich(), model).ended()
        params = {"based_on": "x", "regenerate": {"part": "criteria", "item": 1, "instruction": "Name the limit."}}
        outcome = await Bench("criteria", rich(), model, params=params, base=base).outcome()
        system, user = (message["content"] for message in model.requests[1].messages)
    before, after = CriteriaResult.model_validate(base.result).criteria.criteria, result(outcome).criteria.criteria
    assert (after[0], after[2]) == (before[0], before[2])
    assert (after[1].id, after[1].title) == ("AC-2", "Written anew")
    assert "Name the limit." in system
    assert "AC-2" in system
    assert before[0].title in user
    assert scenarios(result(outcome).gherkin) == [criterion.title for criterion in after]


@pytest.mark.parametrize("item", [3, 900])
async def test_an_item_there_is_not_cannot_be_written_anew(item: int) -> None:
    base = await Bench("criteria", worded("Keep books", LIST)).ended()
    params: dict[str, Any] = {"regenerate": {"part": "criteria", "item": item}}
    with pytest.raises(Invalid):
        await Bench("criteria", rich(), params=params, base=base).outcome()


async def test_writing_one_anew_takes_a_model_and_something_to_start_from() -> None:
    base = await Bench("criteria", worded("Keep books", LIST)).ended()
    params: dict[str, Any] = {"regenerate": {"part": "criteria", "item": 0}}
    with pytest.raises(ModelNeeded, match="edit the criterion yourself"):
        await Bench("criteria", rich(), params=params, base=base).outcome()
    with pytest.raises(Invalid, match="no criteria"):
        await Bench("criteria", rich(), params=params).outcome()


async def test_what_was_asked_for_with_the_run_is_drafted() -> None:
    bench = Bench(
        "criteria", rich(), settings={"criteria_field": "customfield_1"}, params={"publish": ["comment", "field"]}
    )
    outcome = await bench.outcome()
    comment, field = draft_of(outcome, "comment"), draft_of(outcome, "field")
    assert (comment.marker, comment.content["kind"]) == ("comment:10231:run-1", "criteria")
    assert "built-in rules" in read(comment)
    assert (field.marker, field.content["field"]) == ("field:run-1:customfield_1", "customfield_1")


async def test_a_person_can_have_an_ended_run_written() -> None:
    run = await Bench("criteria", worded("Keep books", LIST)).ended()
    drafts = features()["criteria"].drafts(run, "subtasks", items=[1], edits={"1": {"title": "Mine"}})
    assert [(draft.item, draft.marker, draft.content["title"]) for draft in drafts] == [(1, "subtasks:run-1:1", "Mine")]
    with pytest.raises(Invalid):
        features()["criteria"].drafts(await _unfinished(), "comment", items=[], edits={})


async def _unfinished() -> Any:
    return Bench("criteria", rich()).run


async def test_an_issue_that_is_gone_ends_the_run() -> None:
    jira = rich()
    jira.issues.clear()
    with pytest.raises(JiraNotFound):
        await Bench("criteria", jira).outcome()


async def test_parameters_of_another_release_are_refused_in_words() -> None:
    with pytest.raises(Invalid, match="regenerate"):
        await Bench("criteria", rich(), params={"regenerate": {"part": "labels", "item": 0}}).outcome()
