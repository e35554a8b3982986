"""Whole runs of kind `pipeline`: criteria, scenarios for them, and what is to be written."""

from typing import Any

import pytest

from addon.errors import Invalid
from addon.generation.asking import ModelNeeded
from addon.llm.errors import ModelBusy
from addon.policy.prompts import ProjectPrompt
from addon.results.pipeline import PipelineResult
from addon.runs.feature import Outcome
from tests.fake_model import FakeModel
from tests.unit.generation.bench import Bench, Watched, draft_of, features, french, german, read, rich, worded

LIST = "As a reader I want to keep books on a list so that I find them again.\nAt most 100 books fit on a list."


def result(outcome: Outcome) -> PipelineResult:
    return PipelineResult.model_validate(outcome.result)


async def test_the_rules_write_both_halves() -> None:
    bench = Bench("pipeline", worded("Keep books", LIST))
    outcome = await bench.outcome()
    found = result(outcome)
    assert bench.watched.stages == ["reading", "criteria", "scenarios", "writing"]
    assert [item.id for item in found.scenarios.coverage] == [item.id for item in found.criteria.criteria.criteria]
    assert found.scenarios.uncovered == []
    assert (outcome.usage, outcome.drafts) == (None, ())


async def test_a_model_writes_both_halves_and_the_bill_names_both_prompts() -> None:
    async with FakeModel(latency_s=0.5) as model:
        bench = Bench("pipeline", rich(), model, params={"count": 5})
        outcome = await bench.outcome()
        assert len(model.requests) == 2
    found = result(outcome)
    assert (found.criteria.author, found.scenarios.author) == ("model", "model")
    assert len(found.scenarios.scenarios.scenarios) == 5
    assert outcome.usage is not None
    assert (outcome.usage["prompt_version"], outcome.usage["requests"]) == ("criteria.v1, scenarios.v1", 2)
    assert {name for partial in bench.watched.partials for name in partial} == {"criteria", "scenarios"}
    assert all("criteria" in partial for partial in bench.watched.partials)


async def test_each_half_hears_the_projects_words_for_its_kind_unless_there_are_some_for_the_whole() -> None:
    words = {"criteria": ProjectPrompt(2, "Amounts in euro."), "scenarios": ProjectPrompt(5, "Three data sets.")}
    async with FakeModel() as model:
        outcome = await Bench("pipeline", rich(), model, prompts=words).outcome()
        whole = await Bench("pipeline", rich(), model, prompts=words, prompt=ProjectPrompt(1, "Short.")).outcome()
        systems = [request.messages[0]["content"] for request in model.requests]
    assert [system.split()[-1] for system in systems] == ["euro.", "sets.", "Short.", "Short."]
    assert outcome.usage is not None
    assert whole.usage is not None
    assert outcome.usage["prompt_version"] == "criteria.v1+p2, scenarios.v1+p5"
    assert whole.usage["prompt_version"] == "criteria.v1+p1, scenarios.v1+p1"


async def test_a_finished_stage_is_never_paid_twice() -> None:
    async with FakeModel() as model:
        model.script("good", "status:429:retry-after=60")
        bench = Bench("pipeline", rich(), model)
        with pytest.raises(ModelBusy):
            await bench.outcome()
        assert list(bench.watched.pieces) == ["criteria"]
        row = {"facts": bench.watched.facts, "attempts": 2}
        again = Bench("pipeline", bench.jira, model, row=row, watched=bench.watched)
        outcome = await again.outcome()
        names = [request.body["response_format"]["json_schema"]["name"] for request in model.requests]
    assert names == ["Criteria", "Scenarios", "Scenarios"]
    assert outcome.usage is not None
    # The bill of the run holds what the attempt before paid for.
    assert outcome.usage["prompt_version"] == "criteria.v1, scenarios.v1"


async def test_one_half_may_be_the_rules() -> None:
    async with FakeModel() as model:
        model.script("good", "refusal")
        found = result(await Bench("pipeline", rich(), model).outcome())
    assert (found.criteria.author, found.scenarios.author, found.scenarios.notice) == ("model", "rules", "model_failed")


async def test_the_same_input_is_answered_from_before_and_written_where_this_run_asks() -> None:
    async with FakeModel() as model:
        first = Bench("pipeline", rich(), model)
        outcome = await first.outcome()
        known = Watched(before={first.watched.input_hash: outcome.result})
        again = await Bench("pipeline", rich(), model, params={"publish": ["comment"]}, watched=known).outcome()
        assert len(model.requests) == 2
    assert result(again).targets == ["comment"]
    assert again.usage is not None
    assert (again.usage["input_tokens"], again.usage["prompt_version"]) == (0, "criteria.v1, scenarios.v1")
    assert draft_of(again, "comment").marker == "comment:10231:run-1"


async def test_each_target_gets_the_half_that_belongs_there() -> None:
    params = {"publish": ["comment", "description", "field", "subtasks", "xray", "zephyr"]}
    bench = Bench("pipeline", worded("Keep books", LIST), settings={"criteria_field": "customfield_7"}, params=params)
    outcome = await bench.outcome()
    comment = read(draft_of(outcome, "comment"))
    assert all(
        words in comment for words in ("Acceptance criteria", "Test scenarios", "Covered by", "Feature: Keep books")
    )
    assert draft_of(outcome, "comment").content["kind"] == "pipeline"
    assert draft_of(outcome, "description").content["section"] == "criteria"
    assert draft_of(outcome, "field").content["field"] == "customfield_7"
    scenarios = len(result(outcome).scenarios.scenarios.scenarios)
    for target in ("subtasks", "xray", "zephyr"):
        found = [draft for draft in outcome.drafts if draft.target == target]
        assert [draft.marker for draft in found] == [f"{target}:run-1:{number}" for number in range(scenarios)]
    assert {draft.content["style"] for draft in outcome.drafts if draft.target == "xray"} == {"manual"}


async def test_an_issue_that_says_too_little_gets_its_questions_and_nothing_else() -> None:
    outcome = await Bench("pipeline", worded("Fix it"), params={"publish": ["comment", "subtasks"]}).outcome()
    found = result(outcome)
    assert found.criteria.criteria.questions
    assert (found.criteria.criteria.criteria, found.scenarios.scenarios.scenarios) == ([], [])
    assert [draft.target for draft in outcome.drafts] == ["comment"]
    assert "the questions come first" in read(draft_of(outcome, "comment"))


async def test_french_all_the_way() -> None:
    outcome = await Bench("pipeline", french(), params={"publish": ["comment"]}).outcome()
    comment = read(draft_of(outcome, "comment"))
    assert "# language: fr" in comment
    assert not any(word in comment for word in ("Acceptance criteria", "Covered by", "Expected result", "Rests on"))


async def test_another_language_takes_a_model() -> None:
    with pytest.raises(ModelNeeded):
        await Bench("pipeline", german()).outcome()


async def test_one_item_is_written_anew_by_a_run_of_its_own_kind() -> None:
    params: dict[str, Any] = {"regenerate": {"part": "criteria", "item": 0}}
    with pytest.raises(Invalid):
        await Bench("pipeline", rich(), params=params).outcome()


async def test_a_person_can_have_an_ended_run_written() -> None:
    run = await Bench("pipeline", worded("Keep books", LIST)).ended()
    pipeline = features()["pipeline"]
    (field,) = pipeline.drafts(run, "field", items=[0], edits={"0": {"title": "Mine"}})
    assert "AC-1 Mine" in field.content["text"]
    (test,) = pipeline.drafts(run, "xray", items=[1], edits={})
    assert test.item == 1
    (questions,) = pipeline.drafts(run, "questions", items=[0], edits={})
    assert len(questions.content["questions"]) == 1
    with pytest.raises(Invalid):
        pipeline.drafts(run, "nowhere", items=[], edits={})
    with pytest.raises(Invalid):
        pipeline.drafts(Bench("pipeline", rich()).run, "comment", items=[], edits={})
