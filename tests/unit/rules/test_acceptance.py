"""Criteria and tests by rules alone: only what the text supports, each with the words it rests on."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addon.results.criteria import AcceptanceCriterion
from addon.rules import acceptance
from addon.rules.cases import cases, told
from addon.rules.story import Story
from addon.rules.testing import scenarios
from tests.unit.rules import stories

EVERY = [value for value in vars(stories).values() if isinstance(value, Story)]


def found(story: Story) -> list[AcceptanceCriterion]:
    criteria = acceptance.criteria(story)
    assert criteria is not None
    return criteria.criteria


def written(description: str, summary: str = "Keep books on a list") -> list[AcceptanceCriterion]:
    return found(Story(summary, description))


@pytest.mark.parametrize("story", EVERY, ids=lambda story: story.summary[:40])
def test_every_criterion_quotes_the_issue_or_states_its_assumption(story: Story) -> None:
    criteria = acceptance.criteria(story)
    if criteria is None:
        return
    text = f"{story.summary}\n{story.description}"
    assert [item.id for item in criteria.criteria] == [f"AC-{n}" for n in range(1, len(criteria.criteria) + 1)]
    for item in criteria.criteria:
        assert bool(item.quote) != bool(item.assumption)
        assert item.quote in text
        assert item.title
        assert item.when
        assert item.then


def test_criteria_of_the_issue_come_first_in_its_own_words() -> None:
    items = found(stories.GOOD_EN)
    assert [(item.given, item.when, item.then) for item in items[:1]] == [
        (["200 filtered orders"], "I export", ["the file has 200 rows and one header row"])
    ]
    assert "More than 10,000 orders are refused" in items[1].title
    assert [item.kind for item in items] == ["happy", "negative", "permission"]


def test_criteria_of_a_french_issue_are_french() -> None:
    first, second, third = found(stories.GOOD_FR)[:3]
    assert first.when == "je clique sur « Télécharger »"
    assert first.then == ["le fichier s'ouvre en moins de 2 secondes"]
    assert (first.kind, second.kind, third.kind) == ("non_functional", "negative", "permission")
    assert second.then[0].startswith("ceci est vrai\u00a0: «")


def test_cases_in_lines_and_in_code_are_read_with_their_ands() -> None:
    text = (
        "```gherkin\nFeature: x\nScenario: Expired\n  Given a voucher\n  And a basket\n  When it is entered\n"
        "  Then its date is shown\n  But the total stays\n\nScenario: Valid\n  * Given a valid one\n"
        "  When it is entered\n  Then the total goes down\n```"
    )
    first, second = cases(text)
    assert (first.title, first.given, first.when) == ("Expired", ["a voucher", "a basket"], ["it is entered"])
    assert first.then == ["its date is shown", "the total stays"]
    assert (second.title, second.given) == ("Valid", ["a valid one"])
    items = written(text)
    assert [item.title for item in items[:2]] == ["Expired", "Valid"]


def test_french_cases_are_read() -> None:
    (case,) = cases("Étant donné que le bon a expiré\nEt un panier\nLorsqu'il est saisi\nAlors sa date s'affiche")
    assert (case.given, case.when, case.then) == (
        ["le bon a expiré", "un panier"],
        ["il est saisi"],
        ["sa date s'affiche"],
    )


@pytest.mark.parametrize(
    ("line", "when", "then"),
    [
        ("When the list is full, the next book is refused.", "the list is full", "the next book is refused"),
        ("If the code expired then the date is shown", "the code expired", "the date is shown"),
        ("Quand la liste est vide, un message l’explique", "la liste est vide", "un message l’explique"),
    ],
)
def test_one_sentence_can_tell_a_case(line: str, when: str, then: str) -> None:
    case = told(line)
    assert case is not None
    assert (case.when, case.then) == ([when], [then])


@pytest.mark.parametrize("line", ["The list is full", "When will it be ready?", "", "Then we go home", "if, then"])
def test_other_sentences_tell_none(line: str) -> None:
    assert told(line) is None


def test_a_wish_without_criteria_is_told_by_its_benefit_its_conditions_and_an_assumption() -> None:
    items = written("As a reader I want to keep books so that I find them again. At most 100 books fit on a list.")
    assert [item.quote for item in items] == ["I find them again", "At most 100 books fit on a list.", ""]
    assert [item.kind for item in items] == ["happy", "boundary", "negative"]
    assert items[2].assumption


def test_what_goes_wrong_is_a_criterion_though_nobody_put_it_as_a_condition() -> None:
    items = written(
        "En tant que client, je veux télécharger une facture afin de la garder. "
        "Une facture introuvable donne un message d'erreur.",
        "Télécharger une facture",
    )
    assert [(item.kind, item.quote) for item in items] == [
        ("happy", "la garder"),
        ("negative", "Une facture introuvable donne un message d'erreur."),
    ]


def test_a_step_does_without_the_frame_around_words_of_the_issue() -> None:
    items = written(
        "As a reader I want to keep books on a list.\n\nAcceptance criteria:\n- the list survives a restart"
    )
    step = scenarios(items, language="en").scenarios[0].steps[0]
    assert (step.action, step.expected) == ("Keep books on a list", "The list survives a restart")


def test_the_narrative_is_the_sentence_of_the_wish_and_not_the_summary_again() -> None:
    found = acceptance.criteria(
        Story("Let customers pay by invoice", "As a customer I want to pay by invoice so that x.")
    )
    assert found is not None
    assert found.narrative == "As a customer I want to pay by invoice so that x."
    alone = acceptance.criteria(Story("As a customer I want to pay by invoice so that I pay once a month"))
    assert alone is not None
    assert alone.narrative == ""


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("the limit of open invoices is 2,000 €", "boundary"),
        ("at most 3 cards can be kept", "boundary"),
        ("the file has 200 rows", "happy"),
        ("it opens in at most 2 seconds", "non_functional"),
        ("only admins may open it", "permission"),
        ("a wrong code is refused", "negative"),
        ("au plus 50 livres par liste", "boundary"),
    ],
)
def test_the_kind_is_told_by_the_words(line: str, kind: str) -> None:
    (item, *_) = written(f"As a reader I want to keep books.\n\nAcceptance criteria:\n- {line}")
    assert item.kind == kind


def test_a_bug_is_mended_when_what_was_expected_happens() -> None:
    (item,) = found(stories.GOOD_BUG_EN)
    assert item.quote == "The total is 18 EUR."
    assert "The total is 18 EUR." in item.then[0]


def test_what_the_rules_cannot_read_gets_nothing_and_too_little_gets_questions() -> None:
    german = Story("Rechnung", "Wenn ich auf Bezahlen klicke, passiert nichts. Die Rechnung wird nicht bezahlt.")
    assert acceptance.criteria(german) is None
    assert acceptance.own(german) is None
    thin = acceptance.criteria(Story("Fix it"))
    assert thin is not None
    assert thin.criteria == []
    assert thin.questions


def test_own_criteria_are_those_of_the_issue_alone() -> None:
    own = acceptance.own(
        Story("Keep books", "As a reader I want to keep books.\n\nAcceptance criteria:\n- a full list says so")
    )
    assert own is not None
    assert [item.quote for item in own.criteria] == ["a full list says so"]
    nothing = acceptance.own(Story("Keep books", "As a reader I want to keep books so that I find them again."))
    assert nothing is not None
    assert nothing.criteria == []


def test_each_criterion_becomes_one_test_and_a_limit_another() -> None:
    items = written(
        "As a reader I want to keep books.\n\n"
        "Acceptance criteria:\n- at most 100 books fit\n- it opens within 2 seconds"
    )
    made = scenarios(items, language="en").scenarios
    assert [(test.id, test.kind, test.covers) for test in made] == [
        ("TS-1", "boundary", ["AC-1"]),
        ("TS-2", "non_functional", ["AC-2"]),
        ("TS-3", "negative", ["AC-3"]),
        ("TS-4", "boundary", ["AC-1"]),
    ]
    assert [step.data for step in made[3].steps] == [
        "exactly at the limit: “at most 100 books”",
        "just beyond the limit: “at most 100 books”",
    ]


def test_french_limits_are_told_in_french() -> None:
    items = written(
        "En tant que lecteur, je veux garder mes livres.\n\nCritères d’acceptation\n- au plus 50 livres par liste"
    )
    made = scenarios(items, language="fr").scenarios
    assert made[-1].title == "Au plus 50 livres par liste\u00a0: à la limite et au-delà"
    assert made[-1].steps[1].expected == "La limite «\u00a0au plus 50 livres\u00a0» est respectée"


def test_only_the_kinds_that_are_wanted_are_written() -> None:
    items = found(stories.GOOD_EN)
    assert {test.kind for test in scenarios(items, language="en", kinds=["permission"]).scenarios} == {"permission"}
    assert scenarios([], language="en").scenarios == []


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.lists(st.sampled_from([
    "Given x", "When y", "Then z", "And", "- at most 5 MB", "Scenario:", "```", "As a reader I want it so that x",
    "Quand", "Alors l'", "étant donné que", "| a | b |", "Acceptance criteria:", "1. When a, b", "\u2028",
])).map("\n".join))  # fmt: skip
def test_no_text_breaks_the_rules(summary: str, description: str) -> None:
    criteria = acceptance.criteria(Story(summary, description))
    if criteria:
        scenarios(criteria.criteria, language=criteria.language)


def test_long_texts_cost_little() -> None:
    started = time.process_time()
    for line in ("Given a when b then ", "when ", "Scenario: x\nGiven y\nWhen z\nThen q\n", "* " * 50, "at most 1 "):
        acceptance.criteria(Story("Long", line * (60_000 // len(line))))
    assert time.process_time() - started < 6.0


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("A voucher can be used at most once", "boundary"),
        ("The link expires after 24 hours", "boundary"),
        ("Un seul bon est pris par commande", "boundary"),
        ("Le bon ne vaut jamais pour une autre commande", "negative"),
    ],
)
def test_limits_without_a_figure_and_what_never_happens_are_no_happy_paths(line: str, kind: str) -> None:
    (item, *_) = written(f"Acceptance criteria:\n- {line}")
    assert item.kind == kind


@pytest.mark.parametrize(
    "description",
    [
        "Steps to reproduce:\n1. Open the basket\n2. Enter SPRING\n\nExpected: the price is lower\n\nActual: error 500",
        "Étapes pour reproduire :\n- Ouvrir le panier\n- Saisir le bon\n\nRésultat attendu : le prix baisse",
    ],
)
def test_the_steps_of_a_report_are_the_steps_of_its_test(description: str) -> None:
    report = Story(
        "Paying with a voucher fails" if "Open" in description else "Le paiement échoue", description, is_bug=True
    )
    criteria = acceptance.criteria(report)
    assert criteria is not None
    test = scenarios(criteria.criteria, language=criteria.language, report=report).scenarios[0]
    first, last = test.steps
    assert (first.action in description, first.expected) == (True, "")
    assert last.action in description
    assert last.expected
