"""What becomes of an answer: keys are looked up, limits kept, texts cleaned."""

from typing import Any

import pytest

from addon.reading.wording import Wording
from addon.results.summary import Finding, Summary, Theme
from addon.summary.check import MOST_KEYS, MOST_THEMES, Check

KEYS = frozenset(f"SHOP-{n}" for n in range(1, 60))


def checking(*, asked: bool = False, language: str = "auto") -> Check:
    return Check(KEYS, Wording("SHOP-1 and ABC-9"), asked=asked, language=language)


def theme(*keys: str, title: str = "A topic") -> Theme:
    return Theme(title=title, text="What goes on.", issues=list(keys))


def finding(*keys: str, text: str = "Something.") -> Finding:
    return Finding(text=text, issues=list(keys))


def answer(**changes: Any) -> Summary:
    base = Summary(
        language="en", overview="All in all.", themes=[theme("SHOP-1")], progress=[], blockers=[], risks=[], stale=[],
        answer=[],
    )  # fmt: skip
    return base.model_copy(update=changes)


def test_a_good_answer_passes_as_it_is() -> None:
    check = checking()
    assert check(answer()) == answer()
    assert check.dropped == 0


def test_keys_are_found_in_any_case_once_each_and_within_limits() -> None:
    keys = ["shop-1", " SHOP-1 ", *(f"SHOP-{n}" for n in range(2, 50))]
    (found,) = checking()(answer(themes=[theme(*keys)])).themes
    assert found.issues[:2] == ["SHOP-1", "SHOP-2"]
    assert len(found.issues) == MOST_KEYS


def test_an_invented_key_beside_a_true_one_is_left_out_and_counted() -> None:
    check = checking()
    found = check(answer(themes=[theme("SHOP-1", "OTHER-1")]))
    assert found.themes[0].issues == ["SHOP-1"]
    assert check.dropped == 1


def test_a_theme_without_a_true_key_is_objected_to_once_and_then_left_out() -> None:
    check = checking()
    wrong = answer(themes=[theme("OTHER-1"), theme("SHOP-2")], blockers=[finding()], risks=[finding("SECRET-1")])
    with pytest.raises(ValueError, match=r"themes\[0\]: names OTHER-1") as caught:
        check(wrong)
    assert "blockers[0]: names no issue at all" in str(caught.value)
    assert "risks[0]" in str(caught.value)
    assert check.best is not None
    found = check(wrong)
    assert ([one.issues for one in found.themes], found.blockers, found.risks) == ([["SHOP-2"]], [], [])
    assert check.dropped == 2


def test_a_remark_on_the_whole_needs_no_key() -> None:
    found = checking()(answer(risks=[finding()], progress=[finding()]))
    assert len(found.risks) == len(found.progress) == 1


def test_a_question_has_to_be_answered_and_none_is_where_nothing_was_asked() -> None:
    check = checking(asked=True)
    with pytest.raises(ValueError, match="was not answered"):
        check(answer())
    assert check(answer(answer=[finding("SHOP-3")])).answer == [finding("SHOP-3")]
    assert checking()(answer(answer=[finding("SHOP-3")])).answer == []


def test_what_lies_untouched_is_never_taken_from_a_model() -> None:
    assert checking()(answer(stale=[finding("SHOP-1")])).stale == []


def test_texts_are_cleaned_and_lists_cut() -> None:
    bad = "@all see OTHER-1, ABC-9 and https://evil.example/x ![p](https://evil.example)"
    found = checking()(answer(overview=bad, themes=[theme("SHOP-1", title=bad)] * 30))
    assert "evil.example" not in found.model_dump_json()
    assert "OTHER-1" not in found.model_dump_json()
    assert "ABC-9" in found.overview, "what stands in the issues may be repeated"
    assert len(found.themes) == MOST_THEMES


@pytest.mark.parametrize(
    ("answered", "wanted", "code"),
    [("fr", "auto", "fr"), ("fr_FR", "auto", "fr"), ("x", "auto", "en"), ("fr", "de", "de")],
)
def test_the_language_is_the_wanted_one_or_what_the_model_says(answered: str, wanted: str, code: str) -> None:
    assert checking(language=wanted)(answer(language=answered)).language == code


def test_a_preview_shows_no_key_that_is_not_in_the_set() -> None:
    partial = {
        "overview": "So f", "themes": [{"title": "A", "issues": ["SHOP-1", "OTHER-1", 3]}, "odd"], "risks": 5,
        "answer": [{"text": "x"}], "stale": [{"text": "y"}],
    }  # fmt: skip
    assert checking().preview(partial) == {"overview": "So f", "themes": [{"title": "A", "issues": ["SHOP-1"]}]}
    assert checking(asked=True).preview(partial)["answer"] == [{"text": "x", "issues": []}]
    assert checking().preview({"overview": 3}) == {}


def test_a_finding_about_an_invented_issue_in_its_words_is_left_out_and_counted() -> None:
    check = checking()
    wrong = answer(progress=[finding("SHOP-2", text="OTHER-7 is done."), finding("SHOP-2", text="SHOP-1 is done.")])
    with pytest.raises(ValueError, match=r"progress\[0\]"):
        check(wrong)
    assert [item.text for item in check(wrong).progress] == ["SHOP-1 is done."]
    assert check.dropped == 1
