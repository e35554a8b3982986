"""Criteria as Gherkin: the official parser reads every one of them, whatever stands in the clauses."""

import pytest
from gherkin.dialect import DIALECTS
from gherkin.parser import Parser
from hypothesis import given, settings
from hypothesis import strategies as st

from addon.adf.clean import one_line
from addon.gherkin.dialects import bare, keywords
from addon.gherkin.feature import scenarios, steps, written
from addon.policy.projects import LANGUAGES
from addon.results.criteria import AcceptanceCriterion
from tests.unit.gherkin.make import criteria, criterion

OPENERS = [
    *(word for spec in DIALECTS.values() for words in spec.values() if isinstance(words, list) for word in words),
    "# language: fr", "#", "@tag @other", "| a | b |", '"""', "```", "Feature:", "Scenario Outline:", "Examples:", "* ",
]  # fmt: skip
TEXT = st.one_of(
    st.text(max_size=40),
    st.builds(
        lambda parts: "".join(parts), st.lists(st.one_of(st.sampled_from(OPENERS), st.text(max_size=8)), max_size=4)
    ),
    st.builds(lambda a, b: f"{a}\n{b}\r\n\u2028{a}", st.sampled_from(OPENERS), st.sampled_from(OPENERS)),
)
CLAUSE = TEXT.filter(lambda text: bool(one_line(text)))
CRITERION = st.builds(
    AcceptanceCriterion,
    id=st.sampled_from(["AC-1", "AC-2", "AC-17"]), quote=TEXT, assumption=TEXT,
    kind=st.sampled_from(["happy", "negative", "boundary", "permission", "non_functional"]),
    title=TEXT, given=st.lists(TEXT, max_size=3), when=CLAUSE, then=st.lists(CLAUSE, min_size=1, max_size=3),
)  # fmt: skip
LANGUAGE = st.one_of(st.sampled_from([*LANGUAGES, "nb", "he", "xx", ""]), st.text(max_size=3))


@settings(max_examples=300, deadline=None)
@given(st.lists(CRITERION, max_size=4), TEXT, TEXT, LANGUAGE)
def test_hostile_clauses_never_become_anything_but_clauses(
    items: list[AcceptanceCriterion], feature: str, narrative: str, language: str
) -> None:
    text = written(criteria(criterion(), language=language, feature=feature, narrative=narrative).model_copy(
        update={"criteria": items}
    ))  # fmt: skip
    assert scenarios(text) == [one_line(item.title) for item in items]
    read = Parser().parse(text)["feature"]
    assert read is not None
    for child, item in zip(read["children"], items, strict=True):
        found = child["scenario"]["steps"]  # type: ignore[typeddict-item]
        clauses = [clause for clause in map(one_line, [*item.given, item.when, *item.then]) if clause]
        # A keyword may take the first word of its clause with it ("Étant donné que"); no word is lost.
        assert ["".join((step["keyword"], step["text"])).split() for step in found] == [
            line.split() for line in steps(item, language).splitlines()
        ]
        assert len(found) == len(clauses)
        assert not any("docString" in step or "dataTable" in step for step in found)
        assert [tag["name"] for tag in child["scenario"]["tags"]] == [f"@{item.id}", f"@{item.kind}"]  # type: ignore[typeddict-item]


def test_english_reads_as_people_write_it() -> None:
    assert written(criteria()) == (
        "Feature: Refused vouchers\n"
        "  A shopper wants to know why a voucher was refused.\n"
        "\n"
        "  @AC-1 @negative\n"
        "  Scenario: An expired voucher is refused with its date\n"
        "    Given a voucher that expired on 1 May\n"
        "    When it is entered at checkout\n"
        "    Then the date it expired is shown\n"
        "    And the total stays as it was\n"
    )


def test_french_says_its_language_and_uses_its_keywords() -> None:
    item = criterion(given=["que le bon a expiré", "un panier"], when="il est saisi", then=["sa date s’affiche"])
    text = written(criteria(item, language="fr", feature="Bons refusés"))
    assert text.startswith("# language: fr\nFonctionnalité: Bons refusés\n")
    assert "    Étant donné que le bon a expiré\n    Et un panier\n    Quand il est saisi\n    Alors sa date" in text


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "auto"])
def test_every_language_an_answer_may_be_in_has_a_dialect(language: str) -> None:
    words = keywords(language)
    assert (words.code == "") == (language == "en")
    assert scenarios(written(criteria(language=language))) == [criterion().title]


def test_a_language_gherkin_does_not_know_is_written_with_english_keywords() -> None:
    assert keywords("xx") == keywords("en")
    assert written(criteria(language="xx")).startswith("Feature: ")


def test_free_text_below_the_heading_cannot_open_anything() -> None:
    for narrative in ("# language: fr", "@tag", "Scenario: x", '"""', "| a |"):
        assert f"  – {narrative}" in written(criteria(narrative=narrative))


def test_no_criteria_are_a_feature_without_scenarios() -> None:
    empty = criteria().model_copy(update={"criteria": []})
    assert scenarios(written(empty)) == []


def test_what_is_no_gherkin_is_refused() -> None:
    with pytest.raises(ValueError, match="no Gherkin"):
        scenarios("Once upon a time")


def test_steps_alone_have_no_heading() -> None:
    assert steps(criterion(), "en").splitlines()[0] == "Given a voucher that expired on 1 May"
    assert "Scenario" not in steps(criterion(), "en")


@pytest.mark.parametrize(
    ("clause", "role", "language", "left"),
    [
        ("Given a voucher", "given", "en", "a voucher"),
        ("given: a voucher", "given", "en", "a voucher"),
        ("And a voucher", "then", "en", "a voucher"),
        ("Étant donné que le bon a expiré", "given", "fr", "que le bon a expiré"),
        ("Lorsqu’il paie", "when", "fr", "il paie"),
        ("Then the whenever", "then", "de", "the whenever"),
        ("Wenn er zahlt", "when", "de", "er zahlt"),
        ("when they pay", "then", "en", "when they pay"),
        ("Andrew pays", "then", "en", "Andrew pays"),
        ("もし払う", "when", "ja", "もし払う"),
    ],
)
def test_a_clause_loses_its_own_keyword_and_nothing_else(clause: str, role: str, language: str, left: str) -> None:
    assert bare(clause, role, language=language) == left  # type: ignore[arg-type]
