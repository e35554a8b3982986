"""Whole runs of kind `scenarios`, between a pretend Jira and a pretend model."""

import json
from typing import Any

import pytest

from addon.errors import Invalid
from addon.generation.asking import ModelNeeded
from addon.results.criteria import CriteriaResult
from addon.results.scenarios import ScenariosResult
from addon.runs.feature import Outcome
from addon.scenarios.maker import NothingToTest
from addon.store.repos.verdicts import VerdictRow
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
OWN = (
    "Acceptance criteria:\nGiven an empty list\nWhen a book is added\nThen the list shows one book\n"
    "Given a full list\nWhen a book is added\nThen the book is refused with an error"
)


def result(outcome: Outcome) -> ScenariosResult:
    return ScenariosResult.model_validate(outcome.result)


async def test_criteria_of_an_earlier_run_are_tested() -> None:
    base = await Bench("criteria", worded("Keep books", LIST)).ended()
    outcome = await Bench("scenarios", worded("Keep books", LIST), base=base).outcome()
    found, criteria = result(outcome), CriteriaResult.model_validate(base.result).criteria.criteria
    assert (found.author, found.notice, found.criteria_from, outcome.usage) == ("rules", "no_model", "run", None)
    assert [(item.id, item.title) for item in found.coverage] == [(item.id, item.title) for item in criteria]
    assert found.uncovered == []
    assert [scenario.id for scenario in found.scenarios.scenarios] == ["TS-1", "TS-2", "TS-3", "TS-4"]
    (limit,) = [scenario for scenario in found.scenarios.scenarios if "limit" in scenario.title]
    assert [step.data for step in limit.steps] == [
        "exactly at the limit: “At most 100 books”",
        "just beyond the limit: “At most 100 books”",
    ]


async def test_what_people_rejected_is_not_tested_and_what_they_edited_is_tested_so() -> None:
    base = await Bench("criteria", worded("Keep books", LIST)).ended()
    decided = {
        ("criteria", 0): VerdictRow("criteria", 0, "rejected", None, "tess", 0.0),
        ("criteria", 1): VerdictRow("criteria", 1, "edited", {"title": "The hundredth book fits"}, "tess", 0.0),
        ("criteria", 2): VerdictRow("criteria", 2, "accepted", None, "tess", 0.0),
    }
    found = result(await Bench("scenarios", worded("Keep books", LIST), base=base, decided=decided).outcome())
    assert (found.coverage[0].id, found.coverage[0].title) == ("AC-2", "The hundredth book fits")
    assert [item.id for item in found.coverage] == ["AC-2", "AC-3"]


async def test_criteria_that_the_issue_holds_are_tested() -> None:
    found = result(await Bench("scenarios", worded("Keep books", OWN)).outcome())
    assert found.criteria_from == "issue"
    assert [item.title for item in found.coverage] == ["The list shows one book", "The book is refused with an error"]
    first = found.scenarios.scenarios[0]
    assert first.preconditions == ["An empty list"]
    assert [(step.action, step.expected) for step in first.steps] == [("A book is added", "The list shows one book")]


async def test_without_any_criteria_they_are_written_on_the_way() -> None:
    bench = Bench("scenarios", worded("Keep books", LIST))
    found = result(await bench.outcome())
    assert found.criteria_from == "analysis"
    assert len(found.coverage) == 3
    assert "criteria" in bench.watched.pieces


async def test_criteria_written_on_the_way_by_a_model_are_on_the_bill_and_paid_once() -> None:
    async with FakeModel() as model:
        bench = Bench("scenarios", worded("Keep books", LIST), model, params={"instruction": "Three data sets each."})
        outcome = await bench.outcome()
        assert [request.body["response_format"]["json_schema"]["name"] for request in model.requests] == [
            "Criteria",
            "Scenarios",
        ]
        # What is said about scenarios is not meant for the criteria.
        assert "Three data sets" not in model.requests[0].messages[0]["content"]
        assert "Three data sets" in model.requests[1].messages[0]["content"]
        assert all("scenarios" in partial or "language" in partial for partial in bench.watched.partials)
        again = Bench("scenarios", bench.jira, model, watched=Watched(pieces=bench.watched.pieces))
        await again.outcome()
        assert len(model.requests) == 3
    assert outcome.usage is not None
    assert outcome.usage["prompt_version"] == "scenarios.v1, criteria.v1"
    assert outcome.usage["requests"] == 2


async def test_a_french_issue_gets_french_scenarios() -> None:
    outcome = await Bench("scenarios", french(), params={"publish": ["comment"]}).outcome()
    assert result(outcome).scenarios.language == "fr"
    comment = read(draft_of(outcome, "comment"))
    assert "Scénarios de test" in comment
    assert "règles intégrées" in comment


async def test_the_rules_say_when_a_model_is_needed() -> None:
    with pytest.raises(ModelNeeded, match="English and French only"):
        await Bench("scenarios", german()).outcome()
    with pytest.raises(ModelNeeded, match="found nothing"):
        await Bench("scenarios", worded("Fix it")).outcome()


async def test_nothing_is_invented_where_even_a_model_found_no_criteria() -> None:
    base = await Bench("criteria", worded("Fix it")).ended()
    async with FakeModel() as model:
        kept = {"result": base.result, "usage": None}
        with pytest.raises(NothingToTest):
            await Bench("scenarios", worded("Fix it"), model, watched=Watched(pieces={"criteria": kept})).outcome()
        assert model.requests == []


async def test_what_a_model_leaves_uncovered_is_asked_for_once_and_then_shown() -> None:
    async with FakeModel() as model:
        base = await Bench("criteria", rich(), model).ended()
        model.script("uncovered", "good")
        assert result(await Bench("scenarios", rich(), model, base=base).outcome()).uncovered == []
        (*_, objection) = (message["content"] for message in model.requests[-1].messages)
        assert "no scenario covers AC-2, AC-3" in objection
        model.script("uncovered", "uncovered")
        outcome = await Bench("scenarios", rich(), model, base=base, params={"publish": ["comment"]}).outcome()
    assert result(outcome).uncovered == ["AC-2", "AC-3"]
    assert "Criteria that no scenario covers: AC-2, AC-3." in read(draft_of(outcome, "comment"))


async def test_how_many_and_which_kinds_are_told_to_the_model_and_held() -> None:
    async with FakeModel() as model:
        base = await Bench("criteria", rich(), model).ended()
        params = {"count": 4, "kinds": ["boundary", "negative"]}
        found = result(await Bench("scenarios", rich(), model, base=base, params=params).outcome())
        system = model.requests[-1].messages[0]["content"]
        assert len(found.scenarios.scenarios) == 4
        assert {scenario.kind for scenario in found.scenarios.scenarios} == {"boundary", "negative"}
        assert "Write exactly 4 scenarios, and only of these kinds: boundary, negative." in system
        model.script("uncovered", "uncovered")
        short = result(await Bench("scenarios", rich(), model, base=base, params={"count": 4}).outcome())
    assert len(short.scenarios.scenarios) == 1


async def test_the_rules_keep_to_the_kinds_that_are_wanted() -> None:
    params = {"kinds": ["boundary"], "count": 1}
    found = result(await Bench("scenarios", worded("Keep books", LIST), params=params).outcome())
    assert [scenario.kind for scenario in found.scenarios.scenarios] == ["boundary"]
    assert found.uncovered == ["AC-1", "AC-3"]


async def test_a_hostile_model_changes_nothing_but_words() -> None:
    async with FakeModel() as model:
        base = await Bench("criteria", rich(), model).ended()
        model.default = "hostile"
        outcome = await Bench(
            "scenarios", rich(), model, base=base, params={"publish": ["comment", "subtasks"]}
        ).outcome()
    found = result(outcome)
    assert len(found.scenarios.scenarios) <= 30
    assert all(scenario.covers == ["AC-1"] and len(scenario.steps) <= 15 for scenario in found.scenarios.scenarios)
    stored = json.dumps([outcome.result, [draft.content for draft in outcome.drafts]])
    assert not any(word in stored for word in ("evil.example", "accountid", "OTHER-1", '"mention"', '"media"', "AC-99"))
    assert (
        len(json.dumps(draft_of(outcome, "comment").content["adf"], ensure_ascii=False, separators=(",", ":")))
        <= 30_000
    )


async def test_the_rules_stand_in_for_a_model_that_fails_for_good() -> None:
    base = await Bench("criteria", worded("Keep books", LIST)).ended()
    async with FakeModel() as model:
        model.script("refusal")
        found = result(await Bench("scenarios", rich(), model, base=base, row=FAILED_TWICE).outcome())
    assert (found.author, found.notice) == ("rules", "model_failed")


async def test_other_criteria_are_another_input() -> None:
    jira = worded("Keep books", LIST)
    base = await Bench("criteria", jira).ended()
    first = Bench("scenarios", jira, base=base)
    outcome = await first.outcome()
    known = Watched(before={first.watched.input_hash: outcome.result | {"notice": ""}})
    again = await Bench("scenarios", jira, base=base, watched=known).outcome()
    assert again.result["notice"] == ""
    params = {"count": 2}
    counted = Bench("scenarios", jira, base=base, params=params, watched=Watched(before=known.before))
    assert result(await counted.outcome()).notice == "no_model"
    alone = Bench("scenarios", jira)
    await alone.outcome()
    assert len({first.watched.input_hash, counted.watched.input_hash, alone.watched.input_hash}) == 3


@pytest.mark.parametrize("kind", ["scenarios", "pipeline"])
async def test_one_scenario_is_written_anew_and_the_rest_stays_as_it_is(kind: str) -> None:
    async with FakeModel() as model:
        base = await Bench(kind, rich(), model).ended()
        params = {"regenerate": {"part": "scenarios", "item": 1, "instruction": "With an empty list."}}
        outcome = await Bench("scenarios", rich(), model, params=params, base=base).outcome()
        system, user = (message["content"] for message in model.requests[-1].messages)
    assert base.result is not None
    stored = base.result["scenarios"] if kind == "pipeline" else base.result
    before, after = ScenariosResult.model_validate(stored), result(outcome)
    assert [item for n, item in enumerate(after.scenarios.scenarios) if n != 1] == [
        item for n, item in enumerate(before.scenarios.scenarios) if n != 1
    ]
    assert (after.scenarios.scenarios[1].id, after.scenarios.scenarios[1].title) == ("TS-2", "Written anew")
    assert "With an empty list." in system
    assert before.scenarios.scenarios[0].title in user
    assert [item.id for item in after.coverage] == [item.id for item in before.coverage]


async def test_writing_one_anew_takes_a_model_and_something_to_start_from() -> None:
    base = await Bench("scenarios", worded("Keep books", LIST)).ended()
    params: dict[str, Any] = {"regenerate": {"part": "scenarios", "item": 0}}
    with pytest.raises(ModelNeeded, match="edit the scenario yourself"):
        await Bench("scenarios", rich(), params=params, base=base).outcome()
    for wrong, row in (({"part": "scenarios", "item": 99}, base), ({"part": "criteria", "item": 0}, base)):
        with pytest.raises(Invalid):
            await Bench("scenarios", rich(), params={"regenerate": wrong}, base=row).outcome()
    with pytest.raises(Invalid):
        await Bench("scenarios", rich(), params=params).outcome()


async def test_a_person_can_have_an_ended_run_written() -> None:
    run = await Bench("scenarios", worded("Keep books", LIST)).ended()
    drafts = features()["scenarios"].drafts(run, "zephyr", items=[0], edits={"0": {"priority": "low"}})
    assert [(draft.marker, draft.content["priority"]) for draft in drafts] == [("zephyr:run-1:0", "low")]
    with pytest.raises(Invalid):
        features()["scenarios"].drafts(Bench("scenarios", rich()).run, "comment", items=[], edits={})
