"""Bug reports are judged as bug reports."""

from dataclasses import replace

import pytest

from addon.results.analysis import BUG_ASPECTS, Analysis
from addon.rules.analyst import analyse
from addon.rules.story import Story
from tests.unit.rules.stories import GOOD_BUG_EN, GOOD_BUG_FR, TEMPLATE_BUG


def points(analysis: Analysis) -> dict[str, int]:
    return {score.aspect: score.score for score in analysis.scores}


@pytest.mark.parametrize("story", [GOOD_BUG_EN, GOOD_BUG_FR], ids=["en", "fr"])
def test_good_report_gets_no_complaint(story: Story) -> None:
    analysis = analyse(story)
    assert analysis.nature == "bug"
    assert tuple(score.aspect for score in analysis.scores) == BUG_ASPECTS
    assert set(points(analysis).values()) == {5}
    assert analysis.missing == []
    assert analysis.questions == []


def test_french_headings_are_understood() -> None:
    quotes = {score.aspect: score.quote for score in analyse(GOOD_BUG_FR).scores}
    assert quotes["steps"] == "Ajouter un article à 20 €"
    assert quotes["expected"] == "le total est de 18 €."
    assert quotes["actual"] == "le total est de 20 €."
    assert quotes["reproducible"] == "à chaque fois depuis la mise à jour"


def test_headings_of_another_language_than_the_text_are_understood() -> None:
    story = replace(GOOD_BUG_FR, description=GOOD_BUG_FR.description.replace("Résultat attendu", "Expected result"))
    assert points(analyse(story))["expected"] == 5


def test_heading_with_nothing_below_is_named() -> None:
    analysis = analyse(TEMPLATE_BUG)
    assert points(analysis)["steps"] == 0
    assert points(analysis)["expected"] == 0
    assert points(analysis)["actual"] == 5
    reasons = {score.aspect: score.reason for score in analysis.scores}
    assert "“Steps to reproduce”" in reasons["steps"]
    assert "nothing stands below" in reasons["expected"]


def test_everything_lacking_is_asked_for() -> None:
    analysis = analyse(Story("Save fails", "", is_bug=True))
    asked = " ".join(analysis.questions)
    assert "step by step" in asked
    assert "should have happened" in asked
    assert "version, browser" in asked
    assert analysis.missing[0].what == "Steps to reproduce"


def test_report_told_in_prose_earns_part_of_the_score() -> None:
    text = "When I click Save in Chrome 120 the page shows error 500, it should show the list. All users are blocked."
    scores = points(analyse(Story("Save fails", text, is_bug=True)))
    assert scores == {"steps": 3, "expected": 3, "actual": 4, "environment": 3, "reproducible": 2, "impact": 5}


def test_fault_that_comes_and_goes_is_asked_about() -> None:
    analysis = analyse(Story("Logout", "Sometimes I am logged out when I open a second tab.", is_bug=True))
    assert points(analysis)["reproducible"] == 3
    assert any("every time" in question for question in analysis.questions)
    assert any("“Sometimes”" in risk.text for risk in analysis.risks)


def test_expected_result_becomes_a_criterion() -> None:
    assert "“The total is 18 EUR.”" in analyse(GOOD_BUG_EN).criteria[0].then


def test_sub_tasks_of_a_bug_reproduce_fix_and_prove() -> None:
    subtasks = analyse(GOOD_BUG_EN).subtasks
    assert [subtask.title.split()[0] for subtask in subtasks] == ["Reproduce:", "Find", "Check"]
    assert "Enter the code SPRING10" in subtasks[0].description


def test_stack_trace_is_not_read_as_prose() -> None:
    text = "```\nTraceback: when i click, it should fail always for 500 users\n```"
    assert set(points(analyse(Story("Crash", text, is_bug=True))).values()) <= {0, 3}


@pytest.mark.parametrize(
    "text", ["The total is 19.99 there", "It talks to 169.254.169.254 there", "See chapter 4.2 there"]
)
def test_numbers_are_no_versions(text: str) -> None:
    assert points(analyse(Story("Save fails", text, is_bug=True)))["environment"] == 0


@pytest.mark.parametrize("text", ["seen in v2", "seen in 4.12.1", "seen in version 7", "seen on an iPhone"])
def test_versions_and_devices_are_an_environment(text: str) -> None:
    assert points(analyse(Story("Save fails", text, is_bug=True)))["environment"] == 3
