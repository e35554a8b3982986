"""Defects of stories are found and named in the author's words; good stories are left alone."""

from dataclasses import replace

import pytest

from addon.results.analysis import INVEST, Analysis
from addon.rules.analyst import analyse
from addon.rules.story import Story
from tests.unit.rules.stories import EVERY, GOOD_EN, GOOD_FR, VAGUE_EN, VAGUE_FR


def points(analysis: Analysis) -> dict[str, int]:
    return {score.aspect: score.score for score in analysis.scores}


def reason(analysis: Analysis, aspect: str) -> str:
    return next(score.reason for score in analysis.scores if score.aspect == aspect)


def quote(analysis: Analysis, aspect: str) -> str:
    return next(score.quote for score in analysis.scores if score.aspect == aspect)


@pytest.mark.parametrize("story", [GOOD_EN, GOOD_FR], ids=["en", "fr"])
def test_good_story_gets_no_complaint(story: Story) -> None:
    analysis = analyse(story)
    assert analysis.missing == []
    assert analysis.questions == []
    assert analysis.risks == []
    assert min(points(analysis).values()) >= 4
    assert analysis.overall >= 90


@pytest.mark.parametrize("story", [GOOD_EN, GOOD_FR], ids=["en", "fr"])
def test_every_letter_of_invest_is_scored_in_order(story: Story) -> None:
    assert tuple(score.aspect for score in analyse(story).scores) == INVEST


@pytest.mark.parametrize("story", EVERY, ids=[story.summary for story in EVERY])
def test_every_quote_stands_in_the_issue(story: Story) -> None:
    for score in analyse(story).scores:
        assert score.quote in story.summary or score.quote in story.description
        assert 0 <= score.score <= 5
        assert score.reason


def test_summary_names_who_what_and_why() -> None:
    said = analyse(GOOD_EN).summary
    assert "“accountant”" in said
    assert "“export the filtered order list as CSV”" in said
    assert "“I can reconcile bank statements at month end”" in said


def test_french_text_is_answered_in_french() -> None:
    analysis = analyse(GOOD_FR)
    assert analysis.language == "fr"
    assert "«\u00a0client\u00a0»" in analysis.summary
    assert all(mark not in question for question in analysis.questions for mark in (" ?", " ;", " :", " !"))


def test_project_language_wins_over_that_of_the_text() -> None:
    analysis = analyse(replace(GOOD_FR, language="en"))
    assert analysis.language == "en"
    assert analysis.missing == []
    assert "“client”" in analysis.summary


@pytest.mark.parametrize(("story", "code"), [(GOOD_EN, "en"), (GOOD_FR, "fr")], ids=["en", "fr"])
def test_language_the_rules_do_not_speak_gives_way_to_that_of_the_text(story: Story, code: str) -> None:
    assert analyse(replace(story, language="de")).language == code


@pytest.mark.parametrize(
    ("story", "words"),
    [
        (VAGUE_EN, ["fast", "user-friendly", "several", "etc", "if possible", "Better"]),
        (VAGUE_FR, ["rapide", "conviviale", "plusieurs", "si nécessaire", "Améliorer"]),
    ],
    ids=["en", "fr"],
)
def test_vague_words_are_asked_about_as_written(story: Story, words: list[str]) -> None:
    analysis = analyse(story)
    asked = " ".join(analysis.questions)
    assert sum(word in asked for word in words) >= len(words) - 2
    assert points(analysis)["estimable"] <= 3
    assert points(analysis)["testable"] <= 2


def test_figure_takes_the_vagueness_away() -> None:
    story = Story("Search", "As a clerk, I want a fast search (under 2 seconds) so that callers need not wait.")
    assert not any("“fast”" in question for question in analyse(story).questions)


def test_missing_role_and_benefit_are_named() -> None:
    missing = {
        item.what for item in analyse(Story("Dark mode", "I want to switch the page to dark colours at night.")).missing
    }
    assert {"Who it is for", "What it is good for", "Acceptance criteria"} <= missing


def test_two_actions_in_one_wish_are_noticed() -> None:
    story = Story("Invoices", "As a clerk, I want to view invoices and delete drafts so that the list stays short.")
    analysis = analyse(story)
    assert points(analysis)["small"] == 3
    assert "several actions" in reason(analysis, "small")
    titles = [subtask.title for subtask in analysis.subtasks]
    assert "Build: View invoices" in titles
    assert "Build: Delete drafts" in titles


@pytest.mark.parametrize(
    "goal",
    [
        "accept the terms and conditions",
        "enter my name and address",
        "choose black and white",
        "read the pros and cons",
    ],
)
def test_pair_of_nouns_is_one_wish(goal: str) -> None:
    analysis = analyse(Story("x", f"As a guest, I want to {goal} so that I am done with it sooner."))
    assert "several actions" not in reason(analysis, "small")


def test_two_actions_in_french() -> None:
    analysis = analyse(
        Story("Docs", "En tant que client, je veux consulter et télécharger mes documents afin de les garder.")
    )
    assert "plusieurs actions" in reason(analysis, "small")


def test_several_stories_in_one_issue_are_counted() -> None:
    text = "As a buyer, I want to pay so that I own it.\n\nAs a seller, I want to be paid so that I can live."
    analysis = analyse(Story("Payments", text))
    assert points(analysis)["small"] == 2
    assert "2 wishes" in reason(analysis, "small")


def test_remark_in_brackets_is_asked_about() -> None:
    story = Story("Login", "As a member, I want to sign in (maybe with SSO) so that my list is mine.")
    assert any("(maybe with SSO)" in question for question in analyse(story).questions)


def test_dependency_is_quoted() -> None:
    story = Story("Pay", "As a buyer, I want to pay by card so that I save time. It depends on PAY-12 being released.")
    analysis = analyse(story)
    assert points(analysis)["independent"] == 2
    assert quote(analysis, "independent") == "It depends on PAY-12 being released."


@pytest.mark.parametrize("word", ["UTF-8", "ISO-8601", "SHA-256"])
def test_standard_is_no_dependency(word: str) -> None:
    story = Story("Pay", f"As a buyer, I want a receipt in {word} so that it can be read by my own tools.")
    assert points(analyse(story))["independent"] == 4


def test_technical_decision_is_noticed() -> None:
    story = Story("Cache", "As a reader, I want pages kept in Redis so that I wait less than 1 second.")
    analysis = analyse(story)
    assert points(analysis)["negotiable"] == 3
    assert "“Redis”" in reason(analysis, "negotiable")


def test_reason_that_repeats_the_wish_is_noticed() -> None:
    story = Story("Reports", "As a clerk, I want to print monthly reports so that monthly reports print.")
    assert points(analyse(story))["valuable"] == 2


def test_open_point_is_noticed() -> None:
    analysis = analyse(
        Story("Rates", "As a clerk, I want to see the rates so that I can quote. The currency list is TBD.")
    )
    assert points(analysis)["estimable"] == 2
    assert any("“TBD”" in question for question in analysis.questions)


def test_long_list_may_be_worth_splitting() -> None:
    lines = "\n".join(f"- the page shows figure number {n}" for n in range(12))
    analysis = analyse(Story("Board", f"As a lead, I want a board so that I see the state.\n{lines}"))
    assert points(analysis)["small"] == 2
    assert "12 points" in reason(analysis, "small")
    assert any(risk.severity == "high" for risk in analysis.risks)


def test_empty_description_asks_for_one() -> None:
    analysis = analyse(Story("Login"))
    assert analysis.missing[0].what == "A description"
    assert analysis.subtasks == []
    assert max(points(analysis).values()) == 1


def test_nothing_at_all_is_answered_too() -> None:
    analysis = analyse(Story(""))
    assert analysis.criteria == []
    assert analysis.subtasks == []
    assert analysis.labels == []
    assert analysis.summary


def test_sub_task_is_not_asked_for_role_or_offered_sub_tasks() -> None:
    analysis = analyse(Story("Write the migration for the orders table", "Rename two fields.", is_subtask=True))
    assert analysis.subtasks == []
    assert not {"Who it is for", "What it is good for"} & {item.what for item in analysis.missing}


def test_criteria_start_from_the_wish() -> None:
    story = Story("Gift cards", "As a buyer, I want to send a gift card by mail so that my friend can choose.")
    main = analyse(story).criteria[0]
    assert main.title == "Send a gift card by mail"
    assert "“buyer”" in main.given
    assert "“my friend can choose”" in main.then


def test_existing_criteria_are_not_proposed_again() -> None:
    assert analyse(GOOD_EN).criteria == []


@pytest.mark.parametrize("story", EVERY, ids=[story.summary for story in EVERY])
def test_sub_tasks_are_few_and_fit_jira(story: Story) -> None:
    subtasks = analyse(story).subtasks
    assert len(subtasks) in (0, 2, 3, 4, 5, 6)
    assert len({subtask.title for subtask in subtasks}) == len(subtasks)
    assert all(0 < len(subtask.title) <= 255 and "\n" not in subtask.title for subtask in subtasks)


def test_listed_points_become_sub_tasks() -> None:
    story = Story(
        "Profile", "As a member, I want a profile so that others find me.\n\n- upload a picture\n- set a nickname"
    )
    titles = [subtask.title for subtask in analyse(story).subtasks]
    assert "Build: Upload a picture" in titles
    assert "Build: Set a nickname" in titles


def test_labels_are_new_words_of_the_text() -> None:
    story = Story("Invoice download", "The invoice is stored. Each invoice has a download link.", labels=("download",))
    assert analyse(story).labels == ["invoice"]


@pytest.mark.parametrize("story", EVERY, ids=[story.summary for story in EVERY])
def test_labels_hold_no_spaces(story: Story) -> None:
    assert all(label and " " not in label for label in analyse(story).labels)


def test_sensitive_data_is_a_risk() -> None:
    story = Story("Sign-up", "As a guest, I want to sign up with my passport so that I can rent a car.")
    assert any("“passport”" in risk.text and risk.severity == "high" for risk in analyse(story).risks)


def test_same_issue_gets_the_same_answer() -> None:
    assert analyse(VAGUE_EN) == analyse(VAGUE_EN)


def test_nested_points_detail_their_parent_and_are_not_counted() -> None:
    rules = "\n".join(f"- case {n}\n  - input {n}\n  - output {n}" for n in range(5))
    analysis = analyse(Story("Board", f"As a lead, I want a board so that I see the state.\n{rules}"))
    assert points(analysis)["small"] > 2
    assert not any("nput" in subtask.title for subtask in analysis.subtasks)


def test_purpose_under_a_heading_counts_as_benefit() -> None:
    analysis = analyse(
        Story("Refusal text", "## Why\nShoppers leave the basket when a voucher is refused without a reason.")
    )
    assert points(analysis)["valuable"] == 4
    assert quote(analysis, "valuable").startswith("Shoppers leave")
    assert "What it is good for" not in {item.what for item in analysis.missing}


@pytest.mark.parametrize(
    "text", ["See https://example.org/browse/12", "Target release 2027-01-01", "Split from part 3"]
)
def test_any_number_is_not_yet_a_measure(text: str) -> None:
    assert (
        points(analyse(Story("Banner in article view", f"{text}. The banner shows up in the article view.")))[
            "testable"
        ]
        == 1
    )


def test_clause_does_not_run_from_the_description_into_the_summary() -> None:
    analysis = analyse(Story("I want a list", "As a clerk"))
    assert all(score.quote in ("", "a list", "I want a list", "As a clerk") for score in analysis.scores)
