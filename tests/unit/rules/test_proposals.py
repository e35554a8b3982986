# ruff: noqa: E501 - issues as people type them
"""What is proposed is built from what the text asks for, and can be created."""

from dataclasses import replace

import pytest

from addon.rules.analyst import analyse
from addon.rules.story import Story
from tests.unit.rules.stories import EVERY, GOOD_EN

INVOICE = Story(
    "Let business customers pay by invoice",
    """As a business customer, I want to pay by invoice so that our accounting settles it once a month.

The invoice should be sent quickly and look modern. Customers with bad payment history should not see the option etc.

## Notes
- only for customers with a verified VAT number
- the limit of open invoices is 2,000 €
- printing from the order page would be nice""",
)
BASKET = Story(
    "Save the basket for later",
    """As a returning customer, I want my basket to be kept for 30 days so that I can finish my order on another day.

## Acceptance criteria
- Given I am signed in and my basket holds two items, when I come back 29 days later, then both items are still there.
- Given an item was sold out meanwhile, when I open the basket, then it is shown as unavailable and cannot be ordered.
- After 30 days the basket is emptied and I get one e-mail saying so.

## Notes
The basket of guests stays in the browser only.""",
    labels=("basket",),
)
REMINDER = Story(
    "Relancer automatiquement les factures impayées",
    """En tant que comptable, je veux qu’une relance parte 15 jours après l’échéance afin de ne plus suivre les impayés à la main.

- Envoyer la relance
- Si plus de 50 000 lignes :
- Archiver la relance envoyée""",
)
UPGRADE = Story(
    "Upgrade Python",
    "We are still on 3.9, which is end of life.\n\n- update the base image\n- fix the deprecated imports",
    issue_type="Task",
)


def titles(story: Story) -> list[str]:
    return [subtask.title for subtask in analyse(story).subtasks]


@pytest.mark.parametrize("text", ["", "TBD", "Please do it.", "As a <role>, I want <goal> so that <benefit>."])
def test_thin_issue_is_not_divided(text: str) -> None:
    analysis = analyse(Story("Login", text))
    assert analysis.subtasks == []
    assert analysis.criteria == []
    assert "“<" not in analysis.summary


def test_conditions_and_extras_are_no_pieces_of_work() -> None:
    made = titles(INVOICE)
    assert "Build: Pay by invoice" in made
    assert not any(word in title for title in made for word in ("VAT", "2,000", "rinting"))
    test = next(subtask for subtask in analyse(INVOICE).subtasks if subtask.title.startswith("Test:"))
    assert "verified VAT number" in test.description
    assert "2,000 €" in test.description
    assert "printing" not in test.description


def test_wish_that_is_no_action_goes_by_the_name_of_the_issue() -> None:
    assert titles(BASKET) == ["Build: Save the basket for later", "Test: Save the basket for later"]


def test_lines_that_only_introduce_others_are_no_pieces_of_work() -> None:
    made = titles(REMINDER)
    assert "Réaliser\u00a0: Envoyer la relance" in made
    assert "Réaliser\u00a0: Archiver la relance envoyée" in made
    assert not any("50 000" in title for title in made)


def test_joined_que_is_no_part_of_the_wish() -> None:
    analysis = analyse(REMINDER)
    assert "«\u00a0une relance parte 15 jours après l’échéance\u00a0»" in analysis.summary
    assert not any("qu’une" in text for text in (*analysis.questions, *titles(REMINDER)))


def test_steps_of_a_task_stand_as_they_are_written() -> None:
    assert titles(UPGRADE) == ["Update the base image", "Fix the deprecated imports"]


def test_one_piece_of_work_is_no_division() -> None:
    assert titles(Story("As a buyer", "I want to pay with my watch when I have no purse with me.")) == []


def test_documentation_is_a_piece_of_work_only_when_the_text_names_it() -> None:
    assert not any(title.startswith("Document") for title in titles(INVOICE))
    named = replace(INVOICE, description=f"{INVOICE.description}\n\nThe help page explains the limit.")
    assert "Document: Pay by invoice" in titles(named)


@pytest.mark.parametrize("changes", [{"level": 1, "issue_type": "Epic"}, {"is_subtask": True, "level": -1}])
def test_nothing_is_offered_where_jira_has_no_sub_tasks(changes: dict[str, object]) -> None:
    assert analyse(replace(INVOICE, **changes)).subtasks == []  # type: ignore[arg-type]


def test_epic_may_be_large() -> None:
    points = "\n".join(f"- part number {n} of the checkout" for n in range(12))
    analysis = analyse(Story("Checkout", f"All of the checkout is new.\n\n{points}", issue_type="Epic", level=1))
    assert not any("large" in risk.text for risk in analysis.risks)
    assert "12 points can become stories" in next(s.reason for s in analysis.scores if s.aspect == "small")


def test_task_is_not_asked_who_uses_it() -> None:
    analysis = analyse(UPGRADE)
    assert "Who it is for" not in {item.what for item in analysis.missing}
    assert not any("Who " in question for question in analysis.questions)
    assert "end of life" in next(score.quote for score in analysis.scores if score.aspect == "valuable")


def test_task_without_a_reason_is_asked_for_one() -> None:
    analysis = analyse(Story("Rename the orders table", "It is called ord today and all of the code says orders."))
    assert "The reason" in {item.what for item in analysis.missing}


def test_role_in_the_title_counts() -> None:
    analysis = analyse(Story("As a buyer", "I want to pay with my watch so that I need no purse."))
    assert "“buyer”" in analysis.summary
    assert "Who it is for" not in {item.what for item in analysis.missing}


def test_as_a_result_is_no_role() -> None:
    analysis = analyse(Story("As a result, nobody orders", "I want to pay with my watch so that I need no purse."))
    assert "Who it is for" in {item.what for item in analysis.missing}


@pytest.mark.parametrize("story", [*EVERY, INVOICE, BASKET, REMINDER, UPGRADE], ids=lambda story: story.summary)
def test_nothing_missing_is_said_only_when_nothing_is(story: Story) -> None:
    analysis = analyse(story)
    ready = "Nothing essential" in analysis.summary or "rien d’essentiel" in analysis.summary
    assert ready == (not analysis.missing and not analysis.questions)
    assert analysis.overall < 100 or ready


@pytest.mark.parametrize("story", [*EVERY, INVOICE, BASKET, REMINDER, UPGRADE], ids=lambda story: story.summary)
def test_no_quote_serves_three_scores_of_a_story(story: Story) -> None:
    quotes = [score.quote for score in analyse(story).scores if score.quote and not story.is_bug]
    assert all(quotes.count(quote) < 3 for quote in quotes)


def test_silence_is_not_praised() -> None:
    found = {score.aspect: score for score in analyse(GOOD_EN).scores}
    assert (found["independent"].score, found["independent"].quote) == (4, "")
    assert (found["negotiable"].score, found["negotiable"].quote) == (4, "")


def test_said_in_so_many_words_independence_is_full() -> None:
    text = f"{GOOD_EN.description}\nIt can be delivered on its own. How it is built is open."
    found = {score.aspect: score for score in analyse(replace(GOOD_EN, description=text)).scores}
    assert (found["independent"].score, found["independent"].quote) == (5, "It can be delivered on its own.")
    assert found["negotiable"].score == 5


def test_each_family_of_words_is_asked_about_once_and_fittingly() -> None:
    story = Story(
        "Make the search fast and user-friendly",
        "The search should be much faster and easy to use. It should handle many products etc. and look modern.",
    )
    asked = analyse(story).questions
    assert [question for question in asked if "seconds" in question] == [
        "What does “fast” mean in figures, for example in seconds?"
    ]
    assert analyse(INVOICE).questions[1] == "Is there an example or a design to follow for “modern”?"


def test_reason_may_be_vague() -> None:
    story = Story("Lists", "As a clerk, I want to sort the list by date so that I easily find the best offer.")
    assert not any("easily" in question or "best" in question for question in analyse(story).questions)


def test_every_proposed_criterion_has_a_result_of_its_own() -> None:
    made = analyse(INVOICE).criteria
    assert len(made) == 4
    assert len({criterion.then for criterion in made}) == 4
    assert "“the limit of open invoices is 2,000 €”" in made[2].then


def test_rows_of_a_table_that_became_a_list_are_read_by_their_contents() -> None:
    text = (
        "En tant que comptable, je veux exporter les avoirs afin de les rapprocher.\n\n## Règles de gestion\n\n"
        "- Règle: Période\n  - Détail: du 1er au dernier jour du mois\n- Règle: Montants\n  - Détail: arrondi au centime, jamais en notation scientifique"
    )
    analysis = analyse(Story("Exporter les avoirs", text))
    testable = next(score for score in analysis.scores if score.aspect == "testable")
    assert (testable.score, testable.quote) == (5, "du 1er au dernier jour du mois")


def test_cells_of_a_table_are_no_criteria() -> None:
    text = "As a clerk, I want rules so that I can decide.\n\n## Rules\n\n| Rule | Period |\n|---|---|\n| A | 3 |"
    found = analyse(Story("Rules", text))
    assert next(score.score for score in found.scores if score.aspect == "testable") < 4


@pytest.mark.parametrize(
    ("story", "labels"),
    [
        (BASKET, []),
        (Story("Le total TTC est faux", "Le total TTC est faux deux jours plus tard."), []),
        (Story("Ignore previous orders", "Ignore previous orders when the orders page is shown later."), ["orders"]),
        (Story("Sell a gift card", "The gift card is sent by mail. A gift card, once paid, is valid."), ["gift-card"]),
        (Story("Voucher", "The voucher is lost. A voucher, once entered, must stay."), ["voucher"]),
    ],
    ids=lambda value: value.summary if isinstance(value, Story) else "",
)
def test_labels_name_things(story: Story, labels: list[str]) -> None:
    assert analyse(story).labels == labels
