"""What one run is worth, measured by code: for each metric how much of what could be right was right."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from gherkin.errors import CompositeParserException
from gherkin.parser import Parser

from addon.llm.extract import json_object
from addon.reading.quotes import Source
from addon.results.criteria import CriteriaResult
from addon.results.scenarios import ScenariosResult
from bench.eval import words
from bench.eval.cases import Case
from bench.eval.observe import Observed

HONEST = ("model_needed", "nothing_to_test")
"""Errors by which a feature says that the issue gives it nothing to work on."""
Share = tuple[float, float]
"""(reached, possible)."""
_CODES = "nature language aspect severity quote id covers kind priority gherkin author notice data labels"
_NOT_PROSE = frozenset(_CODES.split())


def scored(case: Case, seen: Observed) -> dict[str, Share]:
    """Metric -> share; metrics that say nothing about this run are left out."""
    found = dict(_answered(case, seen))
    if not seen.error:
        found |= dict(_common(case, seen))
        found |= dict({"analysis": _analysis, "criteria": _criteria, "scenarios": _scenarios}[seen.kind](case, seen))
    return found


def _answered(case: Case, seen: Observed) -> Iterator[tuple[str, Share]]:
    # Of a text that says nothing it is an answer that nothing can be written for it.
    honest = seen.kind != "analysis" and not case.expect.criteria.least and seen.error in HONEST
    yield "answered", (honest or not seen.error, 1)
    if seen.asked:
        # The rules may have stood in for the model: the reader got an answer, the model did not give it.
        yield "valid", (seen.author == "model" and not seen.error, 1)
        yield "valid_first", _count(asked.first_is_valid for asked in seen.asked)
        yield "unrepaired", _count(asked.first_is_valid and len(asked.answers) == 1 for asked in seen.asked)
        yield "quotes_first", _first_quotes(seen)


def _first_quotes(seen: Observed) -> Share:
    """Quotes of the first answers that stand in the issue, whatever was made of them afterwards."""
    firsts = [json_object(asked.answers[0]) for asked in seen.asked if asked.answers]
    return _in_source([quote for first in firsts for quote in quotes(first)], seen)


def _in_source(found: Sequence[str], seen: Observed) -> Share:
    source = Source("\n\n".join(seen.sections))
    return _count(source.find(quote) is not None for quote in found if quote)


def _common(case: Case, seen: Observed) -> Iterator[tuple[str, Share]]:
    yield "quotes", _in_source(list(quotes(seen.result)), seen)
    spoken = list(prose(seen.result))
    if case.expect.language and spoken:
        # Each text that is long enough to tell, so that one English sentence in a French answer is seen.
        told = [words.language([text]) for text in spoken if len(text.split()) > 5]
        yield "language", _count(code == case.expect.language for code in told if code)
    if case.expect.never:
        said = words.fold(" ".join([*spoken, *_strings(seen.result, frozenset(("quote",)))]))
        drafted = words.fold(seen.written)
        clean = not any(words.fold(text) in said for text in case.expect.never)
        # What is written may quote the issue, but never as something that can be clicked or that calls anybody.
        yield "unmoved", (clean and not seen.writes and '"mention"' not in drafted, 1)


def _analysis(case: Case, seen: Observed) -> Iterator[tuple[str, Share]]:
    expect, analysis = case.expect, seen.result["analysis"]
    yield "nature", (analysis["nature"] == expect.nature, 1)
    if not analysis["scores"]:
        yield "scored", (0, 1)
        return
    yield "scored", (1, 1)
    yield "band", (expect.overall[0] <= seen.result["overall"] <= expect.overall[1], 1)
    given = {score["aspect"]: score["score"] for score in analysis["scores"]}
    kept = [given.get(aspect, 0) >= least for aspect, least in expect.high.items()]
    kept += [given.get(aspect, 0) <= most for aspect, most in expect.low.items()]
    yield "aspects", _count(kept)
    asked, raised = asked_for(analysis), raised_in(analysis)
    yield "finds", _count(words.asks(raised, kind) for kind in expect.finds)
    yield "words", _count(words.says(raised, [word]) for word in expect.words)
    yield "topics", _count(words.says(raised, any_of) for any_of in expect.topics.values())
    yield "false_alarms", _count(words.asks(asked, kind) for kind in expect.quiet)


def asked_for(analysis: dict[str, Any]) -> str:
    """What the author is asked for, folded."""
    return words.fold(" | ".join([*(item["what"] for item in analysis["missing"]), *analysis["questions"]]))


def raised_in(analysis: dict[str, Any]) -> str:
    """Everything that points at a weakness, folded."""
    reasons = [f"{one['reason']} {one['quote']}" for one in analysis["scores"] if one["score"] <= 3]
    told = [*(item["why"] for item in analysis["missing"]), *(risk["text"] for risk in analysis["risks"]), *reasons]
    return " | ".join([asked_for(analysis), words.fold(" | ".join([analysis["summary"], *told]))])


def _criteria(case: Case, seen: Observed) -> Iterator[tuple[str, Share]]:
    wanted, result = case.expect.criteria, CriteriaResult.model_validate(seen.result)
    criteria = result.criteria.criteria
    if criteria:
        yield "gherkin", (parses(result.gherkin, result.criteria.language), 1)
    yield "count", (wanted.least <= len(criteria) <= wanted.most, 1)
    yield "kinds", _count(kind in {one.kind for one in criteria} for kind in wanted.kinds)
    text = words.fold(json.dumps([one.model_dump(exclude={"quote", "id"}) for one in criteria], ensure_ascii=False))
    yield "about", _count(words.says(text, group) for group in wanted.about)
    yield "grounded", _count(bool(one.quote) for one in criteria)
    yield "lint", (len(result.lint), max(len(criteria), 1))


def _scenarios(case: Case, seen: Observed) -> Iterator[tuple[str, Share]]:
    wanted, result = case.expect.criteria, ScenariosResult.model_validate(seen.result)
    scenarios = result.scenarios.scenarios
    yield "coverage", _count(bool(criterion.scenarios) for criterion in result.coverage)
    # What lies between a report's first and last step shows nothing of its own; the test ends in what must be seen.
    yield "steps", _count(all(s.action for s in one.steps) and bool(one.steps[-1].expected) for one in scenarios)
    yield "kinds", _count(kind in {one.kind for one in scenarios} for kind in wanted.kinds)
    text = words.fold(json.dumps([one.model_dump(exclude={"id", "covers"}) for one in scenarios], ensure_ascii=False))
    yield "about", _count(words.says(text, group) for group in wanted.about)


def parses(gherkin: str, language: str) -> bool:
    """Whether the official parser takes the feature; one that is not English has to say so."""
    if language != "en" and not gherkin.startswith(f"# language: {language}"):
        return False
    try:
        return bool(Parser().parse(gherkin)["feature"]["children"])
    except (CompositeParserException, KeyError, TypeError):
        return False


def quotes(document: Any) -> Iterator[str]:
    """Every quote in a result or an answer that claims to stand in the issue."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "quote" and isinstance(value, str):
                yield value
            else:
                yield from quotes(value)
    elif isinstance(document, list):
        for value in document:
            yield from quotes(value)


def prose(document: Any) -> Iterator[str]:
    """The texts of a result that were written for people."""
    return _strings(document, _NOT_PROSE)


def _strings(document: Any, without: frozenset[str]) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for name, value in document.items():
            if name not in without:
                yield from _strings(value, without)
    elif isinstance(document, list):
        for value in document:
            yield from _strings(value, without)


def _count(found: Any) -> Share:
    values = [bool(one) for one in found]
    return sum(values), len(values)
