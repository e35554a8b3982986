"""Texts in languages the rules cannot read get no false claims."""

from dataclasses import replace

import pytest

from addon.rules.analyst import analyse
from addon.rules.story import Story

GERMAN = Story(
    "Rechnung kann nicht bezahlt werden",
    "Wenn ich auf Bezahlen klicke, passiert nichts. Erwartet: Die Rechnung wird bezahlt. Firefox 131 unter Windows 11.",
    is_bug=True,
)
SPANISH = Story("Pagar con tarjeta", "Como cliente quiero pagar con tarjeta para no usar efectivo.")
JAPANESE = Story("請求書を印刷する", "顧客として請求書を印刷したい。")


@pytest.mark.parametrize("story", [GERMAN, SPANISH, JAPANESE], ids=["de", "es", "ja"])
@pytest.mark.parametrize("language", ["auto", "de", "en"])
def test_nothing_is_claimed_about_a_text_that_cannot_be_read(story: Story, language: str) -> None:
    analysis = analyse(replace(story, language=language))
    assert analysis.language == "en"
    assert "English and French only" in analysis.summary
    said = (analysis.scores, analysis.missing, analysis.questions, analysis.risks, analysis.criteria)
    assert (*said, analysis.subtasks, analysis.labels) == ([],) * 7


def test_it_is_said_in_the_language_of_the_project() -> None:
    analysis = analyse(replace(GERMAN, language="fr"))
    assert analysis.language == "fr"
    assert "ne lisent que l’anglais et le français" in analysis.summary


def test_english_text_in_a_project_of_another_language_is_judged_in_english() -> None:
    analysis = analyse(Story("Pay", "As a buyer, I want to pay by card so that I save time.", language="de"))
    assert analysis.language == "en"
    assert len(analysis.scores) == 6


@pytest.mark.parametrize(
    "text",
    [
        "As a buyer in Los Angeles, I want to see the German name “Straße” so that I find the shop.",
        "The label “der Kunde” is wrong in the German translation of the page.",
        "En tant que client, je veux voir le nom « Größe » dans la langue du pays.",
    ],
)
def test_foreign_words_in_a_text_do_not_make_it_foreign(text: str) -> None:
    assert analyse(Story("Names", text)).scores
