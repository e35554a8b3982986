"""How alike two issues are: the title first, then the rare words they share."""

import pytest

from addon.similar.scoring import NEAR_DUPLICATE, Sketch, compare
from addon.similar.telling import rarity, to_search, words

BODY = "The voucher SPRING10 stays in the total after it was removed from the basket in Firefox."


def score(one: Sketch, other: Sketch) -> int:
    return compare(one, other, weights=rarity([one.words, other.words]))[0]


def codes(one: Sketch, other: Sketch) -> list[str]:
    return [reason.code for reason in compare(one, other, weights=rarity([one.words, other.words]))[1]]


def test_the_same_issue_twice_is_a_near_duplicate() -> None:
    one = Sketch.of("Total is wrong after removing a voucher", BODY)
    assert score(one, one) == 100
    other = Sketch.of("Wrong total after a voucher was removed", BODY)
    assert score(one, other) >= NEAR_DUPLICATE


def test_a_copy_under_another_title_is_a_near_duplicate() -> None:
    assert score(Sketch.of("Payment", BODY), Sketch.of("Kasse zeigt falsche Summe", BODY)) >= NEAR_DUPLICATE


def test_another_topic_scores_low() -> None:
    other = Sketch.of("Read articles aloud", "As a commuter I want to listen to an article while walking.")
    assert score(Sketch.of("Total is wrong after removing a voucher", BODY), other) < 40


def test_titles_decide_where_there_is_no_text() -> None:
    assert score(Sketch.of("Payment does not work", ""), Sketch.of("Payment does not work", "")) == 100
    assert score(Sketch.of("Payment does not work", ""), Sketch.of("Search is slow", "")) < 50


def test_reasons_name_what_is_seen() -> None:
    more = {"components": ("Basket",), "labels": ("voucher",), "reporter": "tess", "parent": "SHOP-1"}
    one, other = (Sketch.of("Total is wrong after removing a voucher", BODY, **more) for _ in range(2))
    found = compare(one, other, weights=rarity([one.words, other.words]))[1]
    assert [reason.code for reason in found] == [
        "very_similar_title", "same_words", "same_component", "same_labels", "same_parent", "same_reporter",
    ]  # fmt: skip
    shared = next(reason for reason in found if reason.code == "same_words")
    assert 0 < len(shared.words) <= 5


def test_company_alone_makes_nothing_alike() -> None:
    more = {"components": ("Basket",), "labels": ("voucher",)}
    plain = score(Sketch.of("Payment", ""), Sketch.of("Searching is slow", ""))
    assert score(Sketch.of("Payment", "", **more), Sketch.of("Searching is slow", "", **more)) == plain


def test_nobody_is_not_the_same_reporter() -> None:
    assert "same_reporter" not in codes(Sketch.of("a", ""), Sketch.of("a", ""))


def test_rare_words_weigh_more_than_common_ones() -> None:
    weights = rarity([{"basket", "voucher"}, {"basket"}, {"basket"}])
    assert weights["voucher"] > weights["basket"] > 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The vouchers of the basket", ["voucher", "basket"]),
        ("Le client paie ses achats", ["paie", "achat"]),
        ("It is 2026 and we want it", []),
        ("Élève refusé", ["eleve", "refuse"]),
    ],
)
def test_words_that_say_nothing_are_left_out(text: str, found: list[str]) -> None:
    known = words(text)
    assert [word for word in found if word in known] == found
    if not found:
        assert known == {}


def test_the_most_telling_words_are_searched_first() -> None:
    assert to_search("Wrong total after removing a voucher", "voucher voucher voucher")[0] == "voucher"
    assert to_search("The", "A refund is refused, the refund waits")[0] == "refund"
    assert len(to_search(" ".join(f"word{n}x" for n in range(30)), "")) == 6
    assert to_search("", "") == []
