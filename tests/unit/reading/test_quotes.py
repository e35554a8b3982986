"""A quote counts only when the issue holds it, however a model bent its blanks and quotes."""

import pytest

from addon.reading.quotes import LONGEST, Source

TEXT = (
    "## Contexte\n\nEn tant que **comptable**, je veux exporter les avoirs du mois afin de les rapprocher de l’ERP.\n\n"
    "- Le séparateur attendu est « ; » et la virgule décimale : 1\u202f234,56 €.\n"
    "| Expired | `SPRING24` | Message `VOUCHER_EXPIRED` and the expiry date |\n"
    "1. Open the page. 2. It is slow.\n"
)


@pytest.mark.parametrize(
    ("quote", "spelling"),
    [
        ("je veux exporter les avoirs", "je veux exporter les avoirs"),
        ("En tant que comptable, je veux", "En tant que **comptable**, je veux"),
        ("de les rapprocher de l'ERP.", "de les rapprocher de l’ERP."),
        ('est ";" et la virgule décimale: 1 234,56 €', "est « ; » et la virgule décimale : 1\u202f234,56 €"),
        ("exporter\n  les   avoirs", "exporter les avoirs"),
        ('"Open the page."', "Open the page."),
        ("2. It is slow.", "It is slow."),
        ("EXPORTER LES AVOIRS", "exporter les avoirs"),
        ("Message VOUCHER_EXPIRED and the expiry date", "Message `VOUCHER_EXPIRED` and the expiry date"),
        ("En tant que comptable … rapprocher de l’ERP", "En tant que **comptable"),
    ],
)
def test_a_quote_is_found_and_spelled_as_in_the_source(quote: str, spelling: str) -> None:
    found = Source(TEXT).find(quote)
    assert found is not None
    assert found == spelling
    assert found in TEXT


@pytest.mark.parametrize(
    "quote",
    ["Users love it", "exporter les avoirs de l’année", "page. It was slow", "comptable … jamais écrit nulle part"],
)
def test_an_invented_quote_is_not_found(quote: str) -> None:
    assert Source(TEXT).find(quote) is None


@pytest.mark.parametrize("quote", ["", "   ", '""', "…", "**"])
def test_a_quote_without_words_is_empty(quote: str) -> None:
    assert Source(TEXT).find(quote) == ""


def test_a_long_quote_is_cut_between_words_and_still_stands_in_the_source() -> None:
    text = "word " * 200
    found = Source(text).find(text)
    assert found is not None
    assert len(found) <= LONGEST
    assert found in text
    assert found.endswith("word")


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert Source("Le de\u0301lai est de\u0301passe\u0301").find("délai est dépassé") == "délai est dépassé"
