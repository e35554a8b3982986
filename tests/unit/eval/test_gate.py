"""The gate: rules and recorded answers are scored anew and must not be worse than the figures that are kept.

When a prompt was changed on purpose, its recordings are made anew; when figures were changed on purpose, they are kept:
python -m bench.eval --keep --rules, python -m bench.eval.replay --keep
"""

import asyncio
from dataclasses import replace

import pytest

from bench.eval import paper
from bench.eval.__main__ import KEPT
from bench.eval.cases import Case, load
from bench.eval.metrics import KINDS, METRICS, details, fallen, figures
from bench.eval.observe import Observed
from bench.eval.recording import Outdated, Recording
from bench.eval.replay import baseline, recordings, replay
from bench.eval.running import Plan, Progress, run

CASES = load()
RECORDINGS = {recording.name: recording for recording in recordings()}


@pytest.fixture(scope="module")
def by_rules() -> list[Observed]:
    plan = Plan(CASES, KINDS)
    return asyncio.run(run(plan, choice=None, journal=None, fresh=False, progress=Progress("rules", plan.size)))


def case(name: str) -> Case:
    return next(one for one in CASES if one.id == name)


def test_the_rules_judge_no_worse_than_before(by_rules: list[Observed]) -> None:
    kept = paper.Summary.read(KEPT / "rules" / "result.json")
    assert kept is not None
    assert fallen(kept.figures, figures(CASES, by_rules)) == []


def test_the_readme_shows_the_kept_figures() -> None:
    kept = paper.Summary.read(KEPT / "rules" / "result.json")
    assert kept is not None
    assert paper.overview(kept.figures) in paper.README.read_text("utf-8"), "run: python -m bench.eval --rules --keep"
    assert f"runs {len(CASES)} issues" in paper.README.read_text("utf-8")


def test_the_rules_write_nothing_into_jira_and_make_no_bill(by_rules: list[Observed]) -> None:
    assert [seen.case for seen in by_rules if seen.writes or seen.asked] == []
    assert {seen.author for seen in by_rules if not seen.error} == {"rules"}


def test_the_rules_say_the_same_twice(by_rules: list[Observed]) -> None:
    plan = Plan(CASES[:12], ("analysis",))
    again = asyncio.run(run(plan, choice=None, journal=None, fresh=False, progress=Progress("rules", plan.size)))
    first = {seen.case: seen.result for seen in by_rules if seen.kind == "analysis"}
    assert {seen.case: seen.result for seen in again} == {seen.case: first[seen.case] for seen in again}


@pytest.mark.parametrize("name", sorted(RECORDINGS))
async def test_what_is_made_of_recorded_answers_is_no_worse_than_before(name: str) -> None:
    recording = RECORDINGS[name]
    assert fallen(baseline(recording), figures(CASES, await replay(recording, CASES))) == []


async def test_recordings_speak_on_more_than_one_wire() -> None:
    assert {recording.provider for recording in RECORDINGS.values()} >= {"openai", "anthropic"}


FAULTS = {
    ("analysis", "voucher-reason"): {"unrepaired", "quotes_first"},
    ("analysis", "fast-dashboard"): {"unrepaired"},
    ("analysis", "csv-export"): {"valid_first"},
    ("analysis", "bug-good"): {"valid"},
    ("analysis", "bug-no-steps"): {"valid_first"},
    ("analysis", "relance-facture"): {"language"},
    ("analysis", "inject-ignore"): {"unmoved", "band", "aspects", "finds"},
    ("analysis", "inject-exfiltration"): {"unmoved"},
    ("criteria", "voucher-reason"): {"unrepaired", "count", "about"},
    ("scenarios", "voucher-reason"): {"coverage", "kinds"},
    ("scenarios", "csv-export"): {"coverage"},
}
"""What was written into the faulty recording on purpose, by the metrics that have to see it."""


async def test_every_planted_fault_is_seen() -> None:
    seen = await replay(RECORDINGS["faulty"], CASES)
    found = {(one.kind, one.case): set(details(case(one.case), one)) for one in seen}
    assert {place: faults - found[place] for place, faults in FAULTS.items() if faults - found[place]} == {}


async def test_whatever_the_model_does_no_invented_quote_is_shown_and_no_reader_is_left_without_a_result() -> None:
    now = figures(CASES, await replay(RECORDINGS["faulty"], CASES))
    assert {kind: (values["answered"], values.get("quotes", 100)) for kind, values in now.items()} == dict.fromkeys(
        KINDS, (100, 100)
    )


async def test_a_changed_prompt_asks_for_new_recordings() -> None:
    changed = replace(RECORDINGS["careful"], prompts={**RECORDINGS["careful"].prompts, "criteria.v1": "0" * 64})
    with pytest.raises(Outdated, match=r"criteria\.v1 has changed .* --record careful"):
        await replay(changed, CASES)


async def test_a_product_that_asks_more_often_than_was_recorded_gets_no_more_answers() -> None:
    recording = RECORDINGS["faulty"]
    place = "analysis voucher-reason 0"
    short = replace(recording, answers={place: recording.answers[place][:1]})
    (seen,) = await replay(short, CASES)
    # The one answer whose only fault was a quote is used all the same; the repair was refused.
    assert (seen.author, len(seen.asked[0].answers)) == ("model", 1)


def test_every_kind_and_metric_of_a_baseline_is_known() -> None:
    for recording in RECORDINGS.values():
        kept = baseline(recording)
        assert set(kept) <= set(KINDS)
        assert {name for values in kept.values() for name in values} <= set(METRICS)


def test_recordings_say_where_they_are_from() -> None:
    assert all(isinstance(one, Recording) and one.by for one in RECORDINGS.values())
    assert {one.by for one in RECORDINGS.values() if one.model == "hand-written"} == {
        "written by hand as a careful model answers, no model's own words",
        "written by hand with the faults models have, no model's own words",
    }
