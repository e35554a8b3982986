# ruff: noqa: E501 - reports as people type them
"""Bug reports told in prose are read as people mean them; thin ones earn no praise."""

import pytest

from addon.results.analysis import Analysis, Score
from addon.rules.analyst import analyse
from addon.rules.story import Story

ROTATE = Story(
    "Crash when rotating the phone in the gallery",
    "Open an article with a gallery, go to the third picture and rotate the phone: the app closes. Android 16, app 5.2.0. It should show the same picture in landscape.",
    is_bug=True,
)
BLANK = Story(
    "Page blanche au paiement",
    "J'ouvre le panier, je clique sur Payer et la page reste blanche. Je m'attends à voir la page de confirmation.",
    is_bug=True,
)
HOLLOW = Story(
    "Payment does not work", "I tried to pay and it did not work. Please fix as soon as possible.", is_bug=True
)


def scores(analysis: Analysis) -> dict[str, Score]:
    return {score.aspect: score for score in analysis.scores}


def test_steps_told_one_after_the_other_can_be_followed() -> None:
    analysis = analyse(ROTATE)
    assert scores(analysis)["steps"].score == 4
    assert scores(analysis)["steps"].quote.startswith("Open an article")
    assert not any(risk.severity == "high" for risk in analysis.risks)


@pytest.mark.parametrize(
    "text",
    [
        "I open the basket. Then I click Pay. The page is blank.",
        "When I open the basket and click on Pay, the page is blank.",
        "Log in, then choose Reports: the page is blank.",
        "Ouvrir le panier puis cliquer sur Payer : la page est blanche.",
        "Quand j'ouvre le panier et que je clique sur Payer, la page est blanche.",
        "J'ai ouvert le panier, j'ai saisi le code et rien ne se passe.",
    ],
)
def test_actions_in_prose_are_steps(text: str) -> None:
    assert scores(analyse(Story("Blank page", text, is_bug=True)))["steps"].score >= 3


@pytest.mark.parametrize(
    "text",
    [
        "Search is slow and filter results are wrong.",
        "Orders are lost, downloads fail.",
        "L'export est faux et la recherche ne donne rien.",
    ],
)
def test_nouns_that_look_like_actions_are_no_steps(text: str) -> None:
    assert scores(analyse(Story("Wrong", text, is_bug=True)))["steps"].score == 0


def test_what_was_only_tried_is_hardly_a_step() -> None:
    analysis = analyse(HOLLOW)
    assert scores(analysis)["steps"].score == 1
    assert scores(analysis)["actual"].score == 1
    assert "covers" not in analysis.summary
    assert analysis.subtasks == []
    assert analysis.criteria == []


def test_plea_to_the_team_is_no_vague_requirement() -> None:
    asked = " ".join(analyse(HOLLOW).questions)
    assert "as soon as possible" not in asked
    assert "seconds" not in asked


def test_browser_system_and_version_are_a_whole_environment() -> None:
    text = "Seen with Firefox 131 on Windows 11, release 8.4.2, every time."
    found = scores(analyse(Story("Total is wrong", text, is_bug=True)))["environment"]
    assert found.score == 5
    assert all(word in found.reason for word in ("“Firefox 131”", "“Windows 11”", "“release 8.4.2”"))


@pytest.mark.parametrize(
    ("text", "advice"), [("Seen on an iPhone.", "the version of the product"), ("Seen in 4.12.1.", "the browser")]
)
def test_part_of_an_environment_is_named_with_what_would_help(text: str, advice: str) -> None:
    found = scores(analyse(Story("Total is wrong", text, is_bug=True)))["environment"]
    assert found.score == 3
    assert advice in found.reason


@pytest.mark.parametrize("text", ["The edge of the window is cut off", "It is one pixel too wide", "Oracle of Delphi"])
def test_everyday_words_are_no_environment(text: str) -> None:
    assert scores(analyse(Story("Wrong", text, is_bug=True)))["environment"].score == 0


def test_expectation_in_a_sentence_of_its_own_counts() -> None:
    analysis = analyse(BLANK)
    assert scores(analysis)["expected"].score == 4
    assert scores(analysis)["expected"].quote == "Je m'attends à voir la page de confirmation."
    assert not any("à voir" in question for question in analysis.questions)
    assert "Je m'attends à voir" in analysis.criteria[0].then


@pytest.mark.parametrize(
    "text", ["I expect the list to appear.", "The list should appear.", "La liste devrait apparaître.", "J'attends la liste."]
)  # fmt: skip
def test_expectations_are_heard_in_prose(text: str) -> None:
    assert scores(analyse(Story("Vide", text, is_bug=True)))["expected"].score == 4


@pytest.mark.parametrize("text", ["La liste des pays est à voir.", "À voir avec le métier", "Couleur : (à voir)"])
def test_standing_alone_a_voir_is_an_open_point(text: str) -> None:
    story = Story("Liste des pays", f"En tant que client, je veux la liste afin de choisir. {text}")
    assert any("voir" in question for question in analyse(story).questions)


def test_criterion_names_the_environment_only_when_the_report_does() -> None:
    assert "“Android 16”" in analyse(ROTATE).criteria[0].given
    assert analyse(BLANK).criteria[0].given == ""


def test_which_ones_are_meant_is_asked_of_a_bug() -> None:
    text = "Sur certaines factures le total TTC est faux. Il faudrait corriger rapidement."
    analysis = analyse(Story("Le total TTC est faux", text, is_bug=True))
    asked = " ".join(analysis.questions)
    assert "De quels cas précis" in asked
    assert "rapidement" not in asked
    assert analysis.labels == []


def test_who_is_hit_is_quoted_with_the_number() -> None:
    text = "Invoices for Swiss customers show 20 % VAT. It hits about 30 customers."
    assert scores(analyse(Story("Wrong VAT", text, is_bug=True)))["impact"].quote == "It hits about 30 customers."


def test_date_of_the_first_time_is_not_yet_a_frequency() -> None:
    found = scores(analyse(Story("Nobody can log in since this morning", "The VPN times out.", is_bug=True)))
    assert found["reproducible"].score == 3
    assert found["impact"].score >= 3
