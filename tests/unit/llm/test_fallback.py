"""Models in turn: who is asked next, what it costs, and how long all of it may take."""

from collections.abc import Awaitable, Callable
from itertools import pairwise
from time import monotonic
from typing import Any

import pytest

from addon.llm import errors
from addon.llm.answer import Answer, Usage
from addon.llm.choice import ModelChoice
from addon.llm.fallback import ask_in_turn
from addon.llm.models import Models
from addon.llm.question import Question
from addon.results.analysis import Analysis
from tests.fake_answers import analysis, read
from tests.fake_model import FakeModel
from tests.unit.llm.bench import FOUR, PROMPT

pytestmark = pytest.mark.faults

GOOD = Analysis.model_validate(analysis(read("", "As a user I want this")))
QUESTION = Question(PROMPT, Analysis, lambda value: value)


class Scripted:
    """Models that answer, or fail, as told by name. asked: the choices in order."""

    def __init__(self, **ends: errors.ModelError | str) -> None:
        self._ends = ends
        self.asked: list[ModelChoice] = []

    async def ask(self, choice: ModelChoice, *_: Any, **__: Any) -> Answer[Any]:
        self.asked.append(choice)
        usage = Usage(choice.provider, choice.model, "v1", input_tokens=10, output_tokens=1, requests=1, cost_usd=0.5)
        end = self._ends[choice.model]
        if isinstance(end, errors.ModelError):
            end.usage = usage if not isinstance(end, errors.BudgetSpent) else None
            raise end
        return Answer(GOOD, usage)

    @property
    def names(self) -> list[str]:
        return [choice.model for choice in self.asked]


def choices(*names: str) -> list[ModelChoice]:
    return [ModelChoice("openai", name, timeout_s=90.0) for name in names]


BETTER = [
    errors.ModelDown("down"),
    errors.ModelBusy("busy", retry_after_s=60.0),
    errors.ModelTimeout("late"),
    errors.ModelUnauthorized("key"),
    errors.ModelRejected("model"),
    errors.ModelNonsense("nonsense"),
    errors.ModelTooLong("long"),
    errors.ModelRefused("no"),
]


@pytest.mark.parametrize("error", BETTER, ids=lambda error: str(error.code))
async def test_another_model_is_asked_for_what_it_may_do_better(error: errors.ModelError) -> None:
    models = Scripted(first=error, second="good")
    answer = await ask_in_turn(models, choices("first", "second", "third"), question=QUESTION)
    assert models.names == ["first", "second"]
    assert answer.usage.model == "second"
    assert (answer.usage.requests, answer.usage.input_tokens, answer.usage.cost_usd) == (2, 20, 1.0)


async def test_spent_budget_ends_the_turn() -> None:
    models = Scripted(first=errors.BudgetSpent("spent"), second="good")
    with pytest.raises(errors.BudgetSpent) as caught:
        await ask_in_turn(models, choices("first", "second"), question=QUESTION)
    assert models.names == ["first"]
    assert caught.value.usage is None


async def test_what_was_spent_before_the_budget_ran_out_is_told() -> None:
    models = Scripted(first=errors.ModelBusy("busy", retry_after_s=9.0), second=errors.BudgetSpent("spent"))
    with pytest.raises(errors.BudgetSpent) as caught:
        await ask_in_turn(models, choices("first", "second"), question=QUESTION)
    assert caught.value.usage is not None
    assert caught.value.usage.requests == 1


async def test_refusal_is_taken_to_one_other_model_and_no_further() -> None:
    models = Scripted(first=errors.ModelRefused("no"), second=errors.ModelRefused("no"), third="good")
    with pytest.raises(errors.ModelRefused):
        await ask_in_turn(models, choices("first", "second", "third"), question=QUESTION)
    assert models.names == ["first", "second"]


async def test_last_error_tells_what_all_of_them_cost() -> None:
    models = Scripted(first=errors.ModelDown("1"), second=errors.ModelNonsense("2"), third=errors.ModelRejected("3"))
    with pytest.raises(errors.ModelRejected) as caught:
        await ask_in_turn(models, choices("first", "second", "third"), question=QUESTION)
    usage = caught.value.usage
    assert usage is not None
    assert (usage.model, usage.requests, usage.output_tokens, usage.cost_usd) == ("third", 3, 3, 1.5)


async def test_model_that_names_a_time_is_worth_more_than_the_last_word() -> None:
    models = Scripted(first=errors.ModelBusy("busy", retry_after_s=60.0), second=errors.ModelRejected("unknown"))
    with pytest.raises(errors.ModelBusy) as caught:
        await ask_in_turn(models, choices("first", "second"), question=QUESTION)
    assert caught.value.retry_after_s == 60.0
    assert caught.value.usage is not None
    assert caught.value.usage.requests == 2


async def test_one_model_has_all_the_time_and_several_share_it() -> None:
    alone = Scripted(only="good")
    await ask_in_turn(alone, choices("only"), question=QUESTION)
    assert alone.asked[0].timeout_s == pytest.approx(90.0, abs=0.1)
    several = Scripted(first=errors.ModelDown("1"), second=errors.ModelDown("2"), third="good")
    await ask_in_turn(several, choices("first", "second", "third"), question=QUESTION)
    assert [choice.timeout_s for choice in several.asked] == pytest.approx([60.0, 60.0, 90.0], abs=0.5)


@pytest.mark.parametrize("provider", FOUR)
async def test_next_model_answers_while_the_first_hangs(provider: str) -> None:
    async with FakeModel() as hung, FakeModel(latency_s=0.3) as well:
        hung.default = "stall"
        seen: list[dict[str, Any]] = []
        models = Models()
        turn = [
            ModelChoice("openai", "first", hung.url, "k", timeout_s=7.5),
            ModelChoice(provider, "second", well.url, "k", timeout_s=7.5),
        ]
        began = monotonic()
        question = Question(PROMPT, Analysis, lambda value: value, _noting(seen))
        answer = await ask_in_turn(models, turn, question=question)
        await models.close()
        assert monotonic() - began < 25
        assert answer.usage.provider == provider
        assert answer.usage.model == "second"
        assert answer.usage.requests == 2
        assert await hung.closed(hung.requests[0])
    # What can be seen starts over with the second one, and nothing of the first is left in it.
    sizes = [len(str(partial)) for partial in seen]
    assert any(after < before for before, after in pairwise(sizes))
    assert sizes[-1] <= len(str(answer.value.model_dump()))


def _noting(seen: list[dict[str, Any]]) -> Callable[[dict[str, Any]], Awaitable[None]]:
    async def note(partial: dict[str, Any]) -> None:
        seen.append(partial)

    return note


async def test_all_together_end_with_the_deadline_of_the_first() -> None:
    async with FakeModel() as server:
        server.default = "hang"
        models = Models()
        turn = [ModelChoice(provider, "m", server.url, "k", timeout_s=3.0) for provider in FOUR]
        began = monotonic()
        with pytest.raises(errors.ModelTimeout) as caught:
            await ask_in_turn(models, turn, question=QUESTION)
        await models.close()
        assert monotonic() - began < 20
        assert caught.value.usage is not None
        assert 2 <= caught.value.usage.requests <= len(FOUR)
