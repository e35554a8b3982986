"""An answer in another language than it should be in is seen, and nothing is said where nobody can be sure."""

import pytest

from addon.reading.spoken import Spoken
from addon.rules.tongues import STRANGE, told

ENGLISH = (
    "As a customer I want to know why my voucher was refused, so that I can pay with another one. The page shows the"
    " reason below the field, and the basket keeps what is in it when the voucher has expired."
)
FRENCH = (
    "En tant que cliente, je veux savoir pourquoi mon bon a été refusé afin de payer avec un autre. La page montre la"
    " raison sous le champ, et le panier garde ce qui est dedans quand le bon a expiré."
)
GERMAN = (
    "Als Kundin möchte ich wissen, warum mein Gutschein abgelehnt wurde, damit ich mit einem anderen bezahlen kann."
    " Die Seite zeigt den Grund unter dem Feld, und der Korb behält, was in ihm ist, wenn er nicht mehr gilt."
)
RUSSIAN = "Покупатель видит причину отказа под полем, и корзина сохраняет товары, если купон больше не действует."


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ENGLISH, "en"),
        (FRENCH, "fr"),
        (GERMAN, "de"),
        (RUSSIAN, STRANGE),
        ("Refund vouchers", ""),
        (f"{ENGLISH} {FRENCH}", ""),
        (f"{ENGLISH} {RUSSIAN}", ""),
        ("GET /vouchers 404 " * 30, ""),
        ("", ""),
    ],
)
def test_a_language_is_told_only_where_it_is_sure(text: str, code: str) -> None:
    assert told(text) == code


@pytest.mark.parametrize("answer", [FRENCH, GERMAN, RUSSIAN])
def test_an_answer_in_another_language_than_the_issue_is_named(answer: str) -> None:
    assert "another language" in Spoken(ENGLISH).problem([answer])
    assert Spoken(answer).problem([answer]) == ""


def test_an_order_beats_the_language_of_the_issue() -> None:
    assert "French (fr)" in Spoken(ENGLISH, wanted="fr").problem([ENGLISH])
    assert Spoken(ENGLISH, wanted="fr-CA").problem([FRENCH]) == ""


@pytest.mark.parametrize(
    ("source", "wanted", "answer"),
    [
        ("Refund vouchers", "auto", GERMAN),
        (ENGLISH, "auto", "Der Grund steht unter dem Feld."),
        (ENGLISH, "auto", f"The report says “{GERMAN}”, which nobody here reads."),
        (ENGLISH, "ja", GERMAN),
        (f"{ENGLISH}\n{FRENCH}", "auto", GERMAN),
    ],
)
def test_nothing_is_said_where_nobody_can_be_sure(source: str, wanted: str, answer: str) -> None:
    assert Spoken(source, wanted=wanted).problem([answer]) == ""


def test_what_it_is_built_upon_may_bring_its_language() -> None:
    assert Spoken(ENGLISH, FRENCH).problem([FRENCH]) == ""
    assert Spoken(ENGLISH, FRENCH).problem([GERMAN])


def test_people_may_ask_for_a_language_in_words() -> None:
    spoken = Spoken(ENGLISH)
    spoken.hear("Use short sentences.")
    assert spoken.problem([FRENCH])
    spoken.hear("Réponds en français.")
    assert spoken.problem([FRENCH]) == ""
