"""Around the scores: the ear on the wire, recordings, the chart, the report, and the command itself."""

import asyncio
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import httpx2
import pytest

from addon.llm.choice import ModelChoice
from addon.results.analysis import Analysis
from bench.eval import paper, recording
from bench.eval.cases import load
from bench.eval.chart import chart
from bench.eval.models import Ear, fits, text_of
from bench.eval.observe import Observed
from bench.eval.recording import Recording, hashes, recorded, versions
from bench.eval.running import Plan, Progress, run
from tests.fake_model import FakeModel
from tests.stack import ROOT
from tests.unit.analysis.make import analysis

CASES = load()
KEY = "key-of-the-evaluation"


def choice(model: FakeModel, provider: str = "openai") -> ModelChoice:
    return ModelChoice(provider, "test-model", model.url, KEY, 20.0)


async def observed(model: FakeModel, journal: Path | None = None, *, provider: str = "openai") -> list[Observed]:
    plan = Plan([case for case in CASES if case.id in ("voucher-reason", "bug-good")], ("analysis",))
    progress = Progress("model", plan.size)
    return await run(plan, choice=choice(model, provider), journal=journal, fresh=False, progress=progress)


@pytest.mark.parametrize("provider", ["openai", "ollama", "anthropic", "gemini"])
async def test_the_ear_hears_the_answer_on_every_wire(provider: str) -> None:
    async with FakeModel() as model:
        seen = await observed(model, provider=provider)
    for one in seen:
        ((asked,), author) = one.asked, one.author
        assert (author, len(asked.answers), asked.first_is_valid) == ("model", 1, True)
        assert Analysis.model_validate_json(asked.answers[0]).scores
        assert asked.input_tokens > 0


async def test_a_refused_answer_and_its_repair_are_both_kept() -> None:
    async with FakeModel() as model:
        model.script("bad_schema", "good", "invented_quote", "good")
        seen = await observed(model)
    assert sorted((len(one.asked[0].answers), one.asked[0].first_is_valid) for one in seen) == [(2, False), (2, True)]


async def test_what_fails_is_not_heard() -> None:
    ear = Ear(httpx2.MockTransport(lambda _: httpx2.Response(500, text="data: no")))
    async with httpx2.AsyncClient(transport=ear) as client:
        await client.get("http://model.invalid/")
    assert ear.said == []


def test_texts_of_one_document_and_of_odd_bodies() -> None:
    assert text_of(b'{"choices": [{"message": {"content": "hi"}}]}') == "hi"
    assert text_of(b'data: {"choices": [{"delta": {"content": "h"}}]}\n\ndata: {"choices": [{"delta": {}}]}\n') == "h"
    assert text_of(b'event: x\ndata: [DONE]\n\ndata: {"broken\n\ndata: 5\n') == ""


def test_an_answer_fits_or_does_not() -> None:
    assert fits(analysis().model_dump_json(), Analysis)
    assert not fits('{"nature": "story"}', Analysis)
    assert not fits("no object", Analysis)


async def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    journal = tmp_path / "eval" / "observed.jsonl"
    async with FakeModel() as model:
        first = await observed(model, journal)
        asked = len(model.requests)
        with journal.open("a") as file:
            file.write('{"stamp": "cut off')
        second = await observed(model, journal)
        assert len(model.requests) == asked
        assert [one.result for one in first] == [one.result for one in second]
        journal.write_text(journal.read_text().split("\n")[0] + "\n")
        await observed(model, journal)
        assert len(model.requests) == asked + 1


async def test_a_failed_run_is_tried_again_the_next_time(tmp_path: Path) -> None:
    journal = tmp_path / "observed.jsonl"
    async with FakeModel() as model:
        model.default = "status:401"
        assert {one.notice for one in await observed(model, journal)} == {"model_failed"}
        model.default = "good"
        assert {one.notice for one in await observed(model, journal)} == {""}


async def test_what_was_heard_can_be_recorded_without_the_key(tmp_path: Path) -> None:
    async with FakeModel() as model:
        made = recorded("mine", "a test", provider="openai", model="m", observations=await observed(model))
    made.write(tmp_path / "mine.json")
    assert Recording.read(tmp_path / "mine.json") == made
    assert set(made.answers) == {"analysis bug-good 0", "analysis voucher-reason 0"}
    assert set(made.prompts) == {"analysis.v1", "analysis-bug.v1"}
    assert KEY not in (tmp_path / "mine.json").read_text()


def test_every_prompt_has_a_hash_of_its_own() -> None:
    known = hashes(versions())
    assert {"analysis.v1", "criteria.v1", "scenarios.v1"} <= set(known)
    assert len(set(known.values())) == len(known)
    assert hashes(["gone.v9"]) == {"gone.v9": ""}
    assert recording.ADDON == ROOT / "addon"


def test_the_chart_is_a_picture_with_words() -> None:
    now = {"analysis": {"band": 50.0, "false_alarms": 120.0, "p50_ms": 3.0}}
    picture = ET.fromstring(chart("rules <&> 2 issues", now, before={"analysis": {"band": 25.0}}))
    said = " ".join(picture.itertext())
    assert "rules <&> 2 issues" in said
    assert "50.0 %" in said
    assert "median" not in said
    assert len(picture.findall(".//{*}line")) == 1
    widths = [float(bar.attrib["width"]) for bar in picture.findall(".//{*}rect")]
    assert max(widths) == widths[0]


def test_the_report_compares_with_the_last_one(tmp_path: Path) -> None:
    before = paper.Summary("rules", "2026-01-01T00:00:00Z", "abc", 1, 1, {}, {"analysis": {"band": 90.0}})
    now = paper.of("rules", {"analysis": {"band": 50.0, "words": 10.0}}, cases=CASES[:1], turns=1, prompts={})
    paper.write(tmp_path, now, before=before, cases=CASES, seen=[])
    report = (tmp_path / "report.md").read_text("utf-8")
    assert "| overall score within the expected band | 50.0 % | 90.0 % | ▼ worse |" in report
    assert "| vague words that were named | 10.0 % | – |  |" in report
    assert paper.Summary.read(tmp_path / "result.json") == now
    assert paper.Summary.read(tmp_path / "none.json") is None


def command(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    line = [sys.executable, "-m", "bench.eval", *arguments]
    return subprocess.run(line, cwd=folder, env=bare, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.process
def test_the_command_prints_a_table_and_leaves_a_report(tmp_path: Path) -> None:
    done = command("--rules", "--only", "huge", "--kind", "analysis", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "rules: analysis, 3 issues" in done.stdout
    assert {path.name for path in (tmp_path / "artefacts" / "eval" / "rules").iterdir()} == {
        "report.md", "chart.svg", "result.json",
    }  # fmt: skip
    stored = json.loads((tmp_path / "artefacts" / "eval" / "rules" / "result.json").read_text("utf-8"))
    assert (stored["judge"], stored["issues"]) == ("rules", 3)


@pytest.mark.process
def test_the_command_says_what_it_cannot_do(tmp_path: Path) -> None:
    assert "called nobody" in command("--only", "nobody", folder=tmp_path).stderr
    assert "No model is configured" in command("--model-only", folder=tmp_path).stderr
    assert "--repeat" in command("--help", folder=tmp_path).stdout


def test_progress_moves_without_a_terminal() -> None:
    with Progress("rules", 2) as progress:
        progress.step()
    assert asyncio.run(run(Plan([], ()), choice=None, journal=None, fresh=False, progress=progress)) == []
