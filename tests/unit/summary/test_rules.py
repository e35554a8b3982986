"""What is said without a model: counts, dates and links, and nothing that needs judgement."""

import pytest

from addon.i18n.catalog import Texts
from addon.results.summary import Finding, Summary
from addon.summary.by_rules import blockers, by_rules, language_of, stale
from addon.summary.issue_set import IssueSet
from tests.unit.summary.make import DAY, NOW, issue_set, one

SAY = Texts().of("en")


def busy() -> IssueSet:
    return issue_set(
        one(1, components=("Basket",), updated=NOW - 40 * DAY), one(2, type="Bug", due="2020-01-01"),
        one(3, category="done"), one(4, category="indeterminate", assigned=False, blocked_by=("X-1", "X-2")),
        one(5, flagged=True, components=("Basket",)),
    )  # fmt: skip


def summary(found: IssueSet, *, asked: bool = False, language: str = "en") -> Summary:
    return by_rules(found, language=language, say=Texts().of(language), asked=asked)


def test_everything_it_says_names_its_issues() -> None:
    found = summary(busy())
    assert "Issues read: 5. Not started: 3; in progress: 1; done: 1." in found.overview
    assert [(theme.title, theme.issues) for theme in found.themes] == [
        ("Type: Story", ["SHOP-1", "SHOP-3", "SHOP-4", "SHOP-5"]),
        ("Type: Bug", ["SHOP-2"]),
        ("Component: Basket", ["SHOP-1", "SHOP-5"]),
    ]
    assert [finding.issues for finding in found.progress] == [["SHOP-3"], ["SHOP-4"]]
    assert [(finding.text, finding.issues) for finding in found.blockers] == [
        ("Flagged as an impediment.", ["SHOP-5"]),
        ("Waits for X-1, X-2, not done yet.", ["SHOP-4"]),
    ]
    assert [finding.issues for finding in found.risks] == [["SHOP-2"], ["SHOP-4"]]
    assert [finding.issues for finding in found.stale] == [["SHOP-1"]]
    assert "40 days" in found.stale[0].text
    assert found.answer == []


def test_a_question_is_answered_with_what_is_missing() -> None:
    (said,) = summary(busy(), asked=True).answer
    assert "needs a language model" in said.text


def test_it_speaks_french() -> None:
    found = summary(busy(), language="fr")
    assert "Tickets lus" in found.overview
    assert found.language == "fr"


def test_an_empty_set_says_nothing() -> None:
    found = summary(issue_set(), asked=True)
    assert not any((found.overview, found.themes, found.progress, found.answer))
    assert stale(issue_set(), SAY) == []


def test_what_is_known_already_is_not_said_twice() -> None:
    told = [Finding(text="The bank is late.", issues=["SHOP-4"])]
    assert [finding.issues for finding in blockers(busy(), SAY, told=told)] == [["SHOP-5"]]


FRENCH = one(1, summary="Expliquer le refus d'un bon", text="Le client veut savoir pourquoi le bon est refusé.")
ENGLISH = one(2, summary="Explain the refusal", text="The customer wants to know why the voucher is refused.")


@pytest.mark.parametrize(
    ("issues", "wanted", "question", "language"),
    [
        ([FRENCH, FRENCH, ENGLISH], "auto", "", "fr"),
        ([FRENCH, ENGLISH, ENGLISH], "auto", "", "en"),
        ([FRENCH], "en", "", "en"),
        ([FRENCH], "de", "", "en"),
        ([ENGLISH], "en", "Qu'est-ce qui est en retard dans le sprint ?", "fr"),
        ([], "auto", "", "en"),
    ],
)
def test_the_language_is_the_questions_or_the_wanted_one_or_that_of_most_issues(
    issues: list[object], wanted: str, question: str, language: str
) -> None:
    assert language_of(issue_set(*issues), wanted=wanted, question=question) == language  # type: ignore[arg-type]
