"""Acceptance criteria as Gherkin: written by code, and read by the official parser before anybody gets it."""

from collections.abc import Iterator
from typing import Any

from gherkin.dialect import DIALECTS
from gherkin.errors import ParserError
from gherkin.parser import Parser

from addon.adf.clean import one_line
from addon.gherkin.dialects import Keywords, keywords
from addon.results.criteria import AcceptanceCriterion, Criteria

_OPENERS = ("#", "@", "|", '"""', "```", "*")


def written(criteria: Criteria) -> str:
    """The whole feature file. Raises ValueError when the parser does not find exactly these scenarios in it."""
    text = "\n".join(_lines(criteria, keywords(criteria.language))) + "\n"
    # A text that only looks like Gherkin would be found out in somebody's build, weeks later.
    found, wanted = scenarios(text), [one_line(criterion.title) for criterion in criteria.criteria]
    if found != wanted:
        raise ValueError("the criteria cannot be put as Gherkin")
    return text


def steps(criterion: AcceptanceCriterion, language: str) -> str:
    """The steps of one scenario, one a line, without its heading."""
    return "\n".join(_steps(criterion, keywords(language)))


def scenarios(text: str) -> list[str]:
    """Titles of the scenarios of a feature file. Raises ValueError for what is no Gherkin."""
    try:
        document: Any = Parser().parse(text)
    except ParserError as error:
        raise ValueError(f"no Gherkin: {error}") from error
    feature = document.get("feature")
    children = feature["children"] if feature else []
    return [child["scenario"]["name"] for child in children if "scenario" in child]


def _lines(criteria: Criteria, words: Keywords) -> Iterator[str]:
    if words.code:
        yield f"# language: {words.code}"
    yield f"{words.feature}: {one_line(criteria.feature)}".rstrip()
    narrative = one_line(criteria.narrative)
    if narrative:
        yield f"  {_harmless(narrative, words)}"
    for criterion in criteria.criteria:
        yield ""
        yield f"  @{criterion.id} @{criterion.kind}"
        yield f"  {words.scenario}: {one_line(criterion.title)}".rstrip()
        yield from (f"    {step}" for step in _steps(criterion, words))


def _steps(criterion: AcceptanceCriterion, words: Keywords) -> Iterator[str]:
    """Every clause stands behind its keyword on a line of its own, so that none can begin anything."""
    for keyword, clauses in (
        (words.given, criterion.given),
        (words.when, [criterion.when]),
        (words.then, criterion.then),
    ):
        # A keyword with nothing behind it is no step to the parser but free text.
        filled = [clause for clause in map(one_line, clauses) if clause]
        for number, clause in enumerate(filled):
            yield f"{words.and_ if number else keyword}{clause}"


def _harmless(line: str, words: Keywords) -> str:
    """Free text below the heading: the only line of ours that could begin a keyword, a tag or a comment."""
    titles = [title for names in DIALECTS[words.code or "en"].values() if isinstance(names, list) for title in names]
    opens = line.startswith(_OPENERS) or any(line.startswith(f"{title}:") for title in titles)
    return f"– {line}" if opens else line
