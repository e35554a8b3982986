"""What is done to scenarios before anyone sees them."""

import time
from typing import Any

import pytest

from addon.generation.grounds import Basis
from addon.generation.wishes import RunWishes
from addon.reading.wording import Wording
from addon.results.scenarios import Scenario, Scenarios, Step
from addon.scenarios.check import MOST_PRECONDITIONS, MOST_SCENARIOS, MOST_STEPS, TEXT, TITLE, Check, Replaced
from tests.unit.generation.make import scenario
from tests.unit.gherkin.make import criterion

CRITERIA = [criterion(), criterion(id="AC-2", title="Two vouchers", kind="boundary")]


def check(**changes: Any) -> Check:
    return Check(Wording("The issue."), criteria=CRITERIA, **changes)


def both(**changes: Any) -> Scenario:
    return scenario(covers=["AC-1", "AC-2"], **changes)


def answer(*items: Scenario, language: str = "en") -> Scenarios:
    return Scenarios(language=language, scenarios=list(items or [both()]))


def numbered(count: int, **changes: Any) -> list[Scenario]:
    return [both(id="X", title=f"Test {n}", **changes) for n in range(count)]


def test_a_good_answer_is_taken_at_once_and_numbered() -> None:
    checker = check()
    found = checker(answer(*numbered(2)))
    assert [item.id for item in found.scenarios] == ["TS-1", "TS-2"]
    assert checker.best == found


def test_ids_of_criteria_there_are_not_are_left_out() -> None:
    (item,) = check().clean(answer(scenario(covers=["ac-2 ", "AC-9", "AC-1", "AC-1"]))).scenarios
    assert item.covers == ["AC-2", "AC-1"]


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([scenario()], "no scenario covers AC-2"),
        ([both(), scenario(title="Other", covers=["AC-7"])], "TS-2: `covers` names no id"),
        ([both(), both()], "TS-2: it has the title of TS-1"),
        ([both(steps=[Step(action="Go", data="", expected="it works as expected")])], "is no result anybody can see"),
        ([both(steps=[Step(action="Go", data="", expected="")])], "its last step says nothing"),
    ],
)
def test_faults_are_told_once_and_then_shown(items: list[Scenario], words: str) -> None:
    checker = check()
    with pytest.raises(ValueError, match=r"TS-|covers") as caught:
        checker(answer(*items))
    assert words in str(caught.value)
    assert len(checker(answer(*items)).scenarios) == len(items)


def test_nothing_to_do_is_no_scenario() -> None:
    empty = both(steps=[Step(action=" ", data="x", expected="y")])
    for _ in range(2):
        with pytest.raises(ValueError, match="at least one with a step"):
            check()(answer(empty))
    assert check().best is None


def test_a_step_that_only_leads_on_needs_no_result() -> None:
    steps = [Step(action="Open", data="", expected=""), Step(action="Look", data="", expected="1 May is shown")]
    assert check()(answer(both(steps=steps))).scenarios[0].steps == steps


def test_more_than_were_asked_for_are_cut_but_not_what_alone_covers_something() -> None:
    items = [scenario(title=f"First {n}") for n in range(4)] + [scenario(title="Last", covers=["AC-2"])]
    found = check(asked=RunWishes(count=2))(answer(*items))
    assert [item.title for item in found.scenarios] == ["First 0", "Last"]


def test_fewer_than_were_asked_for_are_asked_for_once() -> None:
    checker = check(asked=RunWishes(count=3))
    with pytest.raises(ValueError, match="exactly 3 scenarios are wanted, there are 1"):
        checker(answer())
    assert len(checker(answer()).scenarios) == 1


def test_other_kinds_than_were_asked_for_are_left_out() -> None:
    checker = check(asked=RunWishes(kinds=["boundary"]))
    with pytest.raises(ValueError, match="of the kinds boundary"):
        checker(answer())
    # A criterion of another kind may stay uncovered.
    found = check(asked=RunWishes(kinds=["boundary"]))(answer(both(), scenario(kind="boundary", covers=["AC-2"])))
    assert [(item.id, item.kind) for item in found.scenarios] == [("TS-1", "boundary")]


def test_limits_are_kept_and_texts_are_cleaned() -> None:
    bad = "@all see OTHER-1 at https://evil.example/x\nnow " + "word " * 400
    steps = [Step(action=bad, data=bad, expected=bad)] * 40
    found = check().clean(answer(*(both(title=f"{n} {bad}", preconditions=[bad] * 40, steps=steps) for n in range(60))))
    assert len(found.scenarios) == MOST_SCENARIOS
    item = found.scenarios[0]
    assert (len(item.steps), len(item.preconditions)) == (MOST_STEPS, MOST_PRECONDITIONS)
    assert len(item.title) <= TITLE
    texts = [item.title, *item.preconditions, *(text for step in item.steps for text in step.model_dump().values())]
    assert all(len(text) <= TEXT and "\n" not in text for text in texts)
    assert not any(word in text for text in texts for word in ("evil.example", "OTHER-1", "@all"))


def test_a_preview_shows_clean_words() -> None:
    partial = {"scenarios": [{"title": "@a", "steps": [{"action": "go to https://evil.example"}]}], "x": 1}
    assert check().preview(partial) == {"scenarios": [{"title": "a", "steps": [{"action": "go to […]"}]}]}


def test_one_written_anew_takes_the_id_and_at_least_what_the_old_one_covered() -> None:
    base = answer(both(), scenario(id="TS-2", title="Old", covers=["AC-2"]))
    replaced = Replaced(base, 1, Basis(CRITERIA, "en", "run"))
    (item,) = check(replaced=replaced)(answer(scenario(title="New", covers=["AC-9"]), both())).scenarios
    assert (item.id, item.title, item.covers) == ("TS-2", "New", ["AC-2"])
    (item,) = check(replaced=replaced)(answer(scenario(title="New"))).scenarios
    assert item.covers == ["AC-1"]


def test_hostile_answers_cost_little() -> None:
    started = time.process_time()
    for text in ("[" * 20_000, "as " * 9_000, "@" * 20_000, "works " * 5_000):
        step = Step(action=text, data=text, expected=text)
        check().clean(answer(*numbered(30, steps=[step] * 15)))
    assert time.process_time() - started < 8.0
