"""Stands in front of the models: nothing is asked before its price is put aside, and every ask is booked."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel

from addon.llm import expected
from addon.llm.answer import Answer, Usage
from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelError
from addon.llm.fallback import CanAsk
from addon.llm.partial import OnPartial
from addon.llm.prices import Prices
from addon.llm.prompt import Prompt
from addon.policy.budgets import Budgets, Wish
from addon.policy.limits import Owner
from addon.store.repos.spending import Amount

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Metered:
    """A `CanAsk` for one run of a tenant. payers: who pays for which model. account_id: the person who asked."""

    models: CanAsk
    budgets: Budgets
    prices: Prices
    payers: Mapping[ModelChoice, Owner]
    tenant_id: str
    account_id: str | None = None

    async def ask(
        self,
        choice: ModelChoice,
        prompt: Prompt,
        *,
        shape: type[T],
        check: Callable[[T], T],
        on_partial: OnPartial | None = None,
    ) -> Answer[T]:
        """As Models.ask, with the cost in the usage. Raises BudgetSpent or TooMany before anything is sent."""
        question = expected.said(prompt, shape)
        answers = expected.ROUNDS * expected.longest_answer(choice)
        most = self._amount(choice, expected.ROUNDS * question, output_tokens=answers)
        held = await self.budgets.reserve(self.tenant_id, self._wish(choice, most))
        heard = _Overheard(on_partial) if on_partial else None
        spent = most
        try:
            answer = await self.models.ask(choice, prompt, shape=shape, check=check, on_partial=heard)
            answer = replace(answer, usage=self.prices.priced(answer.usage, choice))
            spent = _amount(answer.usage)
            return answer
        except ModelError as error:
            error.usage = error.usage and self.prices.priced(error.usage, choice)
            spent = _amount(error.usage) if error.usage else Amount()
            raise
        except asyncio.CancelledError:
            # Nobody sends a bill for an ask that was called off: what was said and heard until then is on it.
            answered = expected.heard(heard.last) if heard else 0
            spent = self._amount(choice, question, output_tokens=answered)
            raise
        finally:
            # Shielded: a run that is called off must not leave its money put aside.
            await asyncio.shield(self.budgets.close(held, spent))

    def _wish(self, choice: ModelChoice, most: Amount) -> Wish:
        # Its share of the time that a chain has does not make a model another one.
        payer = self.payers.get(_timeless(choice), "operator")
        return Wish(payer, choice.provider, choice.model, most, choice.timeout_s, self.account_id)

    def _amount(self, choice: ModelChoice, input_tokens: int, *, output_tokens: int) -> Amount:
        cost = self.prices.cost_usd(choice, input_tokens, output_tokens=output_tokens)
        return Amount(input_tokens, output_tokens, cost)


class _Overheard:
    """Passes partial answers on and remembers the last."""

    def __init__(self, on_partial: OnPartial) -> None:
        self._on_partial = on_partial
        self.last: dict[str, Any] = {}

    async def __call__(self, found: dict[str, Any]) -> None:
        self.last = found
        await self._on_partial(found)


def payers(chain: Mapping[ModelChoice, Owner]) -> dict[ModelChoice, Owner]:
    """For `Metered`."""
    return {_timeless(choice): owner for choice, owner in chain.items()}


def _timeless(choice: ModelChoice) -> ModelChoice:
    return replace(choice, timeout_s=0.0)


def _amount(usage: Usage) -> Amount:
    return Amount(usage.input_tokens, usage.output_tokens, usage.cost_usd)
