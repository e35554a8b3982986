"""Several models in turn: the next is asked when the one before it failed in a way that another may not."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic
from typing import Protocol, TypeVar

from pydantic import BaseModel

from addon.llm.answer import Answer, Usage
from addon.llm.choice import ModelChoice
from addon.llm.errors import BudgetSpent, ModelError, ModelRefused
from addon.llm.partial import OnPartial
from addon.llm.prompt import Prompt
from addon.llm.question import Question

log = logging.getLogger(__name__)

T = TypeVar("T", bound=BaseModel)

SHARE = 2 / 3
"""Of the time that is left, what a model may use up while others stand behind it."""
LEAST_S = 0.1
"""With less than this left nobody is asked any more: it would cost and could not be answered."""


class CanAsk(Protocol):
    """`Models`, or whoever stands in front of it."""

    async def ask(
        self,
        choice: ModelChoice,
        prompt: Prompt,
        *,
        shape: type[T],
        check: Callable[[T], T],
        on_partial: OnPartial | None = None,
    ) -> Answer[T]:
        """As Models.ask."""


async def ask_in_turn(models: CanAsk, choices: Sequence[ModelChoice], *, question: Question[T]) -> Answer[T]:
    """The answer of the first model that has one; all of it ends within the timeout_s of the first choice.

    `usage` names the model that answered and counts what the others spent. Raises the ModelError of the last one
    asked, or of the one before that names a time to come back, its `usage` that of all. A spent budget ends the turn at
    once; a refusal is taken to one other model and no further. choices must not be empty.
    """
    ends = monotonic() + choices[0].timeout_s
    failed: list[ModelError] = []
    for behind, choice in zip(range(len(choices) - 1, -1, -1), choices, strict=True):
        left = ends - monotonic()
        timeout_s = min(choice.timeout_s, left * SHARE if behind else left)
        if failed and timeout_s < LEAST_S:
            break
        try:
            answer = await models.ask(
                replace(choice, timeout_s=timeout_s),
                question.prompt,
                shape=question.shape,
                check=question.check,
                on_partial=question.on_partial,
            )
        except ModelError as error:
            failed.append(error)
            if not behind or _is_final(failed):
                break
            log.warning("%s of %s failed (%s), asking the next model", choice.model, choice.provider, error.code)
            continue
        return Answer(answer.value, _summed(answer.usage, failed))
    raise _last(failed)


def _is_final(failed: Sequence[ModelError]) -> bool:
    """Whether no other model would do better."""
    refusals = sum(isinstance(error, ModelRefused) for error in failed)
    # One more model may see it otherwise; asking on until one gives in would be working around the refusal.
    return isinstance(failed[-1], BudgetSpent) or refusals > 1


def _last(failed: Sequence[ModelError]) -> ModelError:
    # Coming back later is worth more than the last word: the busy model may answer then.
    error = next((error for error in reversed(failed) if error.retry_after_s is not None), failed[-1])
    if isinstance(failed[-1], BudgetSpent):
        error = failed[-1]
    others = [other for other in failed if other is not error]
    spent = [usage for usage in (error.usage, *(other.usage for other in others)) if usage is not None]
    if spent:
        error.usage = _added(spent[0], spent[1:])
    return error


def _summed(usage: Usage, failed: Sequence[ModelError]) -> Usage:
    return _added(usage, [error.usage for error in failed if error.usage is not None])


def _added(usage: Usage, others: Sequence[Usage]) -> Usage:
    for other in others:
        usage = usage.plus(other)
    return usage
