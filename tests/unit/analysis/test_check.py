"""What a schema cannot say about an answer: true quotes, the right aspects, limits, clean words."""

from typing import Any

import pytest

from addon.analysis.check import MOST_SUBTASKS, Check
from addon.results.analysis import BUG_ASPECTS, INVEST, Criterion, Missing, Score, Subtask
from tests.unit.analysis.make import analysis, bug, facts, scores

INVENTED = "Users will surely love it"


def test_an_honest_answer_passes_unchanged() -> None:
    assert Check(facts())(analysis()) == analysis()


def test_an_invented_quote_is_objected_to_once_and_then_dropped() -> None:
    check = Check(facts())
    answer = analysis(scores=[*scores(INVEST[:5]), Score(aspect="testable", quote=INVENTED, reason="r", score=4)])
    with pytest.raises(ValueError, match=r"testable.*Users will surely"):
        check(answer)
    again = check(answer)
    assert check.dropped == 1
    assert [score.quote for score in again.scores][-1] == ""
    assert all(score.quote in facts().text() for score in again.scores)


def test_a_refused_answer_is_kept_for_the_case_that_the_repair_fails() -> None:
    check = Check(facts())
    with pytest.raises(ValueError, match="word for word"):
        check(analysis(scores=scores(quote=INVENTED)))
    assert check.best is not None
    assert check.dropped == 6


def test_a_quote_gets_the_spelling_of_the_source() -> None:
    answer = analysis(scores=scores(quote="i want to know   WHY my voucher"))
    assert {score.quote for score in Check(facts())(answer).scores} == {"I want to know why my voucher"}


def test_a_missing_aspect_is_named_and_never_made_up() -> None:
    check = Check(facts())
    for _ in range(2):
        with pytest.raises(ValueError, match="missing: small, testable"):
            check(analysis(scores=scores(INVEST[:4])))
    assert check.best is None


def test_each_aspect_of_the_nature_stands_once_and_in_order() -> None:
    answer = bug(nature="story", scores=[*reversed(scores(BUG_ASPECTS)), *scores(INVEST), *scores(BUG_ASPECTS[:2])])
    checked = Check(facts(is_bug=True))(answer)
    assert checked.nature == "bug"
    assert tuple(score.aspect for score in checked.scores) == BUG_ASPECTS


def test_scores_stay_between_nought_and_five() -> None:
    wild = [
        score.model_copy(update={"score": value}) for score, value in zip(scores(), (-3, 0, 5, 9, 100, 4), strict=True)
    ]
    assert [score.score for score in Check(facts())(analysis(scores=wild)).scores] == [0, 0, 5, 5, 5, 4]


def test_five_hundred_sub_tasks_become_ten() -> None:
    answer = analysis(subtasks=[Subtask(title=f"Part {n}", description="") for n in range(500)])
    assert len(Check(facts())(answer).subtasks) == MOST_SUBTASKS


@pytest.mark.parametrize("kind", [{"level": 1}, {"is_subtask": True, "level": -1}])
def test_sub_tasks_are_dropped_where_jira_takes_none(kind: dict[str, Any]) -> None:
    assert Check(facts(**kind)).clean(analysis()).subtasks == []


def test_a_title_is_one_line_of_at_most_255_characters() -> None:
    answer = analysis(subtasks=[Subtask(title="long\ntitle " * 60, description="d")])
    title = Check(facts())(answer).subtasks[0].title
    assert len(title) <= 255
    assert "\n" not in title


def test_labels_have_no_blanks_and_are_new() -> None:
    answer = analysis(labels=["Checkout", "gift card", "=1+1", "voucher", "VOUCHER", "x" * 300, "", "a", "b", "c", "d"])
    assert Check(facts())(answer).labels == ["gift-card", "VOUCHER", "a", "b", "c"]


def test_empty_items_are_left_out() -> None:
    checked = Check(facts())(
        analysis(
            missing=[Missing(what=" ", why="w")],
            questions=["", "\u200b"],
            subtasks=[Subtask(title="", description="d")],
            criteria=[Criterion(title="t", given="g", when="w", then="")],
        )
    )
    assert (checked.missing, checked.questions, checked.subtasks, checked.criteria) == ([], [], [], [])


def test_an_answer_full_of_tricks_loses_them_all() -> None:
    trick = "@all see ![x](https://evil.example/?d=1) [~accountid:1] HR-9"
    checked = Check(facts())(
        analysis(summary=trick, questions=[trick], subtasks=[Subtask(title=trick, description=f"{trick}\n\n{trick}")])
    )
    words = checked.model_dump_json()
    assert not any(sign in words for sign in ("evil.example", "@all", "accountid", "HR-9", "!["))


@pytest.mark.parametrize(
    ("asked", "answered", "code"),
    [("auto", "FR-ca", "fr"), ("de", "en", "de"), ("auto", "{{7*7}}", "en"), ("auto", "French", "fr")],
)
def test_the_language_is_a_code(asked: str, answered: str, code: str) -> None:
    assert Check(facts(), language=asked).clean(analysis(language=answered)).language == code
