"""What is done to criteria before anyone sees them."""

import time
from typing import Any

import pytest

from addon.criteria.check import CLAUSE, MOST_CLAUSES, MOST_CRITERIA, MOST_QUESTIONS, TITLE, Check, Replaced
from addon.criteria.document import document
from addon.results.criteria import Criteria
from tests.unit.analysis.make import facts
from tests.unit.gherkin.make import criteria, criterion


def check(**changes: Any) -> Check:
    return Check(facts(), **changes)


def twice(checker: Check, answer: Criteria) -> Criteria:
    """The answer given a second time, when nothing is refused for its faults any more."""
    with pytest.raises(ValueError, match="AC-"):
        checker(answer)
    return checker(answer)


def test_a_good_answer_is_taken_at_once() -> None:
    checker = check()
    assert checker(criteria()).criteria == [criterion()]
    assert (checker.dropped, checker.best) == (0, criteria())


def test_quotes_are_spelled_as_in_the_issue() -> None:
    (item,) = check()(criteria(criterion(quote="i want to KNOW why my voucher  was refused"))).criteria
    assert item.quote == "I want to know why my voucher was refused"


def test_a_criterion_that_quotes_the_issue_assumes_nothing_besides() -> None:
    (item,) = check()(criteria(criterion(assumption="Vouchers are meant."))).criteria
    assert (bool(item.quote), item.assumption) == (True, "")


def test_ids_follow_the_order_whatever_the_model_called_them() -> None:
    items = [criterion(id="X", when=f"event {n} comes") for n in range(3)]
    assert [item.id for item in check()(criteria(*items)).criteria] == ["AC-1", "AC-2", "AC-3"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quote": "words nobody wrote"}, "does not hold 'words nobody wrote'"),
        ({"quote": "", "assumption": " "}, "needs a quote from the issue, or the assumption"),
        ({"when": "they click Pay"}, "instead of what is wanted"),
        ({"then": ["it works correctly"]}, "the outcome is vague"),
        ({"when": "they pay and then leave"}, "more than one thing"),
    ],
)
def test_faults_are_told_to_the_model_by_the_number_of_the_criterion(changes: dict[str, Any], words: str) -> None:
    good = criterion()
    with pytest.raises(ValueError, match="AC-2") as caught:
        check()(criteria(good, criterion(**{"when": "another thing comes", **changes})))
    assert words in str(caught.value)
    assert "AC-1" not in str(caught.value)


def test_all_faults_are_told_in_one_go() -> None:
    with pytest.raises(ValueError, match="AC-1") as caught:
        check()(criteria(criterion(quote="none", when="they click Pay", then=["it works"])))
    assert len(str(caught.value).splitlines()) == 3


def test_what_is_not_mended_is_kept_counted_and_said() -> None:
    checker = check()
    found = twice(checker, criteria(criterion(quote="none", then=["it works"])))
    assert checker.dropped == 1
    result = document(found, author="model", dropped=checker.dropped, say=str)
    assert result.criteria.criteria[0].assumption == "The issue does not say this; somebody has to confirm it."
    assert len(result.lint) == 1


def test_a_criterion_without_event_or_outcome_cannot_be_one() -> None:
    answer = criteria(criterion(), criterion(when=" "), criterion(then=["", " "]))
    assert len(twice(check(), answer).criteria) == 1
    with pytest.raises(ValueError, match="at least one is needed"):
        check()(criteria(criterion(when="")))


def test_questions_alone_are_an_answer_and_nothing_is_none() -> None:
    alone = criteria().model_copy(update={"criteria": []})
    assert check()(alone).questions
    with pytest.raises(ValueError, match="else ask in `questions`"):
        check()(alone.model_copy(update={"questions": [" "]}))


def test_limits_are_kept() -> None:
    long = "word " * 400
    items = [
        criterion(title=f"{n} {long}", given=[long] * 40, when=f"{n} {long}", then=[long] * 40, assumption=long)
        for n in range(40)
    ]
    checker = check()
    found = checker.clean(criteria(*items, questions=[f"{n}?" for n in range(90)], feature=long, narrative=long))
    assert (len(found.criteria), len(found.questions)) == (MOST_CRITERIA, MOST_QUESTIONS)
    for item in found.criteria:
        assert len(item.title) <= TITLE
        assert (len(item.given), len(item.then)) == (MOST_CLAUSES, MOST_CLAUSES)
        assert all(len(clause) <= CLAUSE for clause in (*item.given, item.when, *item.then))


def test_keywords_before_clauses_and_what_may_not_stand_in_a_text_are_taken_out() -> None:
    bad = "Given @all see OTHER-1 at [here](https://evil.example/x)\nScenario: y"
    (item,) = check().clean(criteria(criterion(given=[bad], when="When it is entered", then=["Then a date"]))).criteria
    assert item.given == ["all see […] at here Scenario: y"]
    assert (item.when, item.then) == ("it is entered", ["a date"])


@pytest.mark.parametrize(
    ("wanted", "said", "language"),
    [("auto", "fr", "fr"), ("auto", "French", "fr"), ("de", "en", "de"), ("auto", "", "en"), ("auto", "fr-CA", "fr")],
)
def test_the_language_is_the_projects_or_what_the_model_says(wanted: str, said: str, language: str) -> None:
    assert check(language=wanted).clean(criteria(language=said)).language == language


def test_a_preview_shows_clean_words_and_no_quote() -> None:
    partial = {
        "feature": "@x",
        "criteria": [{"quote": "q", "title": "a\nb", "given": ["![x](https://evil.example)"]}],
        "x": 1,
    }
    assert check().preview(partial) == {"feature": "x", "criteria": [{"title": "a b", "given": ["x"]}]}


def test_one_written_anew_takes_the_id_of_the_old_one_and_is_alone() -> None:
    base = criteria(criterion(), criterion(id="AC-2", when="another thing comes"))
    checker = check(replaced=Replaced(base, 1))
    found = checker(criteria(criterion(id="AC-9", when="something else comes")))
    assert [item.id for item in found.criteria] == ["AC-2"]
    with pytest.raises(ValueError, match="exactly one entry is wanted, AC-2"):
        check(replaced=Replaced(base, 1))(criteria(criterion(when="a comes"), criterion(when="b comes")))
    with pytest.raises(ValueError, match="AC-2: it repeats AC-1"):
        check(replaced=Replaced(base, 1))(criteria(criterion()))


def test_faults_of_those_that_stay_are_not_the_models() -> None:
    base = criteria(criterion(then=["it works"]), criterion(id="AC-2", when="another thing comes"))
    assert check(replaced=Replaced(base, 1))(criteria(criterion(when="something else comes"))).criteria


def test_hostile_answers_cost_little() -> None:
    started = time.process_time()
    for text in ("[" * 50_000, "press the " * 9_000, "@" * 90_000, "a:" * 40_000, "Given " * 20_000):
        check().clean(criteria(*[criterion(title=text, given=[text] * 9, when=text, then=[text] * 9)] * 20))
    assert time.process_time() - started < 6.0
