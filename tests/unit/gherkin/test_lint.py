"""What is objected to in criteria, in English and French, and what is not."""

import time
from typing import Any

import pytest

from addon.gherkin.lint import findings, vague
from addon.i18n.catalog import Texts
from tests.unit.gherkin.make import criterion


def told(language: str = "en", **changes: Any) -> list[str]:
    return [finding.said(str) for finding in findings([criterion(**changes)], language)]


def test_a_good_criterion_gives_no_reason_to_object() -> None:
    assert told() == []
    french = {"given": ["un bon expiré"], "when": "il est saisi", "then": ["sa date de fin s’affiche"], "quote": "bon"}
    assert told("fr", **french) == []


@pytest.mark.parametrize(
    ("language", "changes", "words"),
    [
        ("en", {"when": ""}, "it needs exactly one When"),
        ("en", {"then": []}, "at least one Then"),
        ("en", {"then": ["a date is shown", " "]}, "a clause is empty"),
        ("en", {"when": "they pay and then refund"}, "more than one thing"),
        ("en", {"when": "they pay; they refund"}, "more than one thing"),
        ("en", {"then": ["when they pay again a date is shown"]}, "more than one thing"),
        ("en", {"when": "they click the Pay button"}, "“click”"),
        ("en", {"given": ["a user who hovers over the menu"]}, "“hovers”"),
        ("en", {"then": ["the page works correctly"]}, "“works correctly”"),
        ("en", {"then": ["the total is as expected"]}, "“as expected”"),
        ("en", {"then": ["it works"]}, "vague"),
        ("en", {"then": ["the system handles the error"]}, "nobody can observe"),
        ("en", {"then": ["the user understands the reason"]}, "nobody can observe"),
        ("fr", {"when": "il paie puis annule"}, "more than one thing"),
        ("fr", {"when": "il clique sur « Payer »"}, "“clique”"),
        ("fr", {"then": ["la page fonctionne correctement"]}, "“fonctionne correctement”"),
        ("fr", {"then": ["tout se passe bien"]}, "“se passe bien”"),
        ("fr", {"then": ["l’erreur est gérée"]}, "nobody can observe"),
        ("fr", {"then": ["le client comprend la raison"]}, "nobody can observe"),
    ],
)
def test_faults_are_found(language: str, changes: dict[str, Any], words: str) -> None:
    found = told(language, **changes)
    assert len(found) == 1
    assert found[0].startswith("AC-1: ")
    assert words in found[0]


@pytest.mark.parametrize(
    ("language", "changes"),
    [
        ("en", {"then": ["the message “Saved correctly” is shown"]}),
        ("en", {"when": 'they answer "click here and then wait"'}),
        ("en", {"quote": "when I click on Pay", "when": "they click Pay"}),
        ("en", {"then": ["the heating is switched off when the door opens"]}),
        ("en", {"then": ["the clickstream holds one entry"]}),
        ("fr", {"then": ["le message « fonctionne correctement » s’affiche"]}),
        ("de", {"then": ["it works correctly"], "when": "they click"}),
    ],
)
def test_what_only_looks_like_a_fault_is_let_pass(language: str, changes: dict[str, Any]) -> None:
    assert told(language, **changes) == []


def test_repetition_is_told_whatever_its_title() -> None:
    twice = [criterion(), criterion(id="AC-2", title="Other"), criterion(id="AC-3", when="it is entered twice")]
    assert [finding.said(str) for finding in findings(twice, "en")] == ["AC-2: it repeats AC-1."]


def test_remarks_are_told_in_the_readers_language() -> None:
    (found,) = findings([criterion(then=["it works {correctly}"])], "en")
    assert found.said(Texts().of("fr")).startswith("AC-1\u00a0: le résultat est vague")


def test_vague_words_are_named_as_written() -> None:
    assert vague("The total is CORRECTLY rounded", "en") == "CORRECTLY"
    assert vague("18 entries are listed", "en") == ""
    assert vague("works correctly", "ja") == ""


def test_long_hostile_clauses_cost_little() -> None:
    started = time.process_time()
    for text in ("press the " * 20_000, "“" * 50_000, "the user is " * 20_000, "et puis " * 20_000, "İ" * 50_000):
        for language in ("en", "fr"):
            told(language, when=text, then=[text])
    assert time.process_time() - started < 2.0
