"""What is written into a French issue is French, whatever wrote it and wherever it goes."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from addon.errors import Invalid
from addon.house.work import features
from addon.i18n.catalog import Texts
from addon.observe.metrics import TARGETS
from addon.settings import Settings
from addon.store.repos.runs import Run
from bench.eval import words
from bench.eval.cases import Case, load
from bench.eval.observe import observe, run_of
from tests.unit.i18n.extract import ROOT, of_python

FEATURES = {feature.kind: feature for feature in features(Settings(_env_file=None), Texts())}  # type: ignore[call-arg]
FRENCH = [case for case in load() if case.expect.language == "fr" and "good" in case.tags]
KINDS = ("analysis", "criteria", "scenarios", "pipeline")


@cache
def english() -> set[str]:
    """Our own texts that look different in French."""
    into_french = Texts().of("fr")
    marked = (of_python(path.read_text("utf-8")) for path in (ROOT / "addon").rglob("*.py"))
    return {text for found in marked for text in found if isinstance(text, str) and into_french(text) != text}


def texts(value: Any) -> Iterator[str]:
    """Every text a reader of Jira sees: of ADF its text nodes and titles, of Gherkin and plain text the lines."""
    if isinstance(value, str):
        yield from value.splitlines()
    elif isinstance(value, dict):
        yield from (text for name, part in value.items() if name not in ("type", "language") for text in texts(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in texts(part))


async def ended(case: Case, kind: str) -> Run:
    """The run of a kind on a French issue, as it is stored."""
    seen = await observe(case, FEATURES[kind], turn=0, asker=None, asked=[])
    assert seen.error == ""
    facts = {"issue_id": "1", "issue_key": "EVAL-1", "project_id": "1", "issue_type": "Récit", "is_bug": False}
    stored = {
        **facts,
        "is_subtask": False,
        "sections": [{"name": "description", "text": text} for text in seen.sections],
    }
    return replace(run_of(case, kind), state="succeeded", result=seen.result, facts=stored, error=None)


def written(run: Run) -> dict[str, list[str]]:
    """Texts by target, for the targets this kind is written to."""
    found = {}
    for target in TARGETS:
        for items in ([], [0]):
            try:
                drafts = FEATURES[run.kind].drafts(run, target, items=items, edits={})
            except Invalid:
                continue
            found[target] = [text for draft in drafts for text in texts(draft.content)]
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_written_into_a_french_issue_is_french(kind: str) -> None:
    places = set()
    for case in FRENCH[:4]:
        for target, said in written(await ended(case, kind)).items():
            places.add(target)
            told = [text for text in said if len(text.split()) > 5]
            assert [text for text in told if words.language([text]) not in ("fr", "")] == [], f"{kind} to {target}"
            assert [text for text in said if text.strip(" :.") in english()] == [], f"{kind} to {target}"
    assert "comment" in places


@pytest.mark.parametrize("kind", KINDS)
async def test_the_same_in_an_english_issue_is_english(kind: str) -> None:
    (case,) = [one for one in load() if one.id == "voucher-reason"]
    for said in written(await ended(case, kind)).values():
        told = [text for text in said if len(text.split()) > 5]
        assert [text for text in told if words.language([text]) not in ("en", "")] == []


def test_texts_of_all_shapes_are_read() -> None:
    adf = {"type": "doc", "content": [{"type": "text", "text": "un"}, {"attrs": {"title": "deux"}}]}
    assert list(texts({"adf": adf, "text": "trois\nquatre", "number": 5})) == ["un", "deux", "trois", "quatre"]


def test_there_are_texts_that_differ() -> None:
    assert "Acceptance criteria" in english()
