"""One item of an analysis written anew: everything else stays, and nothing is written by itself."""

from dataclasses import replace
from typing import Any

import pytest

from addon.errors import Invalid
from addon.generation.asking import ModelNeeded
from addon.llm.errors import ModelError
from addon.results.analysis import AnalysisResult
from addon.runs.feature import Outcome
from addon.store.repos.runs import Run
from tests.fake_model import FakeModel
from tests.unit.analysis.make import analysis, result
from tests.unit.analysis.test_run import FAILED_TWICE, Bench, judged, run_of
from tests.unit.reading.test_facts import sample
from tests.unit.targets.fake_jira import FakeJira


async def base_of(jira: FakeJira, **changes: Any) -> Run:
    """An ended analysis of the issue, with what it read."""
    bench = Bench(jira)
    await bench.outcome()
    jira.said.clear()
    stored = result(analysis(**changes)).model_dump(mode="json")
    return run_of(jira, id="base", state="succeeded", result=stored, facts=bench.watched.facts, input_hash="h")


async def anew(
    model: FakeModel | None, *, base: Run | None, wish: dict[str, Any], jira: FakeJira, **run: Any
) -> Outcome:
    params = {"based_on": "base", "regenerate": wish}
    return await Bench(jira, model, run={"params": params, "trigger": "panel", **run}, base=base).outcome()


@pytest.mark.parametrize("part", ["subtasks", "criteria"])
async def test_the_item_is_new_and_all_else_stays(part: str) -> None:
    jira = FakeJira(sample("01-rich-story"))
    base = await base_of(jira)
    async with FakeModel() as model:
        wish = {"part": part, "item": 0, "instruction": "Name the limit."}
        outcome = await anew(model, base=base, wish=wish, jira=jira)
        (request,) = model.requests
    found, before = judged(outcome), AnalysisResult.model_validate(base.result)
    assert getattr(found.analysis, part)[0] != getattr(before.analysis, part)[0]
    assert found.model_copy(update={"analysis": before.analysis}) == before
    rest = {name: value for name, value in found.analysis if name != part}
    assert rest == {name: value for name, value in before.analysis if name != part}
    assert outcome.drafts == ()
    assert outcome.usage is not None
    assert outcome.usage["prompt_version"] == "analysis-anew.v1"
    assert "Name the limit." in request.messages[0]["content"]
    # What stays was said about the text as it was read then.
    assert jira.said == []


async def test_half_an_answer_is_shown_in_its_place() -> None:
    jira = FakeJira(sample("01-rich-story"))
    base = await base_of(jira)
    bench = Bench(jira, run={"params": {"regenerate": {"part": "subtasks", "item": 0}}}, base=base)
    async with FakeModel(latency_s=0.5) as model:
        bench.model = model
        await bench.outcome()
    assert bench.watched.partials
    assert all(set(partial) == {"subtasks"} for partial in bench.watched.partials)


async def test_without_a_model_nobody_guesses_what_a_person_did_not_like() -> None:
    jira = FakeJira(sample("01-rich-story"))
    with pytest.raises(ModelNeeded) as caught:
        await anew(None, base=await base_of(jira), wish={"part": "subtasks", "item": 0}, jira=jira)
    assert (caught.value.code, caught.value.status) == ("model_needed", 409)


async def test_a_failing_model_fails_the_run_and_no_rule_stands_in() -> None:
    jira = FakeJira(sample("01-rich-story"))
    base = await base_of(jira)
    async with FakeModel() as model:
        model.default = "refusal"
        with pytest.raises(ModelError) as caught:
            await anew(model, base=base, wish={"part": "criteria", "item": 0}, jira=jira, **FAILED_TWICE)
    assert caught.value.retry_after_s is None


@pytest.mark.parametrize(
    "wish",
    [
        {"part": "subtasks", "item": 7},
        {"part": "subtasks", "item": -1},
        {"part": "labels", "item": 0},
        {"part": "subtasks", "item": "x"},
        {},
    ],
)
async def test_an_item_there_is_not_is_refused_before_anybody_is_asked(wish: dict[str, Any]) -> None:
    jira = FakeJira(sample("01-rich-story"))
    base = await base_of(jira)
    async with FakeModel() as model:
        with pytest.raises(Invalid):
            await anew(model, base=base, wish=wish, jira=jira)
        assert model.requests == []


async def test_a_result_that_is_gone_or_of_another_kind_is_no_base() -> None:
    jira = FakeJira(sample("01-rich-story"))
    base = await base_of(jira)
    for wrong in (None, replace(base, kind="criteria")):
        with pytest.raises(Invalid):
            await anew(None, base=wrong, wish={"part": "subtasks", "item": 0}, jira=jira)


async def test_the_item_that_was_refused_is_not_accepted_a_second_time() -> None:
    jira = FakeJira(sample("01-rich-story"))
    async with FakeModel() as model:
        first = await anew(model, base=await base_of(jira), wish={"part": "subtasks", "item": 0}, jira=jira)
        again = replace(await base_of(jira), result=first.result)
        asked = len(model.requests)
        await anew(model, base=again, wish={"part": "subtasks", "item": 0}, jira=jira)
        # The model says the same to the same question: it is told so once, and then believed.
        assert len(model.requests) == asked + 2
