"""The test button: a model is asked for one word, and that is put aside and booked like any other ask."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from pydantic import BaseModel

from addon.llm.answer import Answer
from addon.llm.choice import ModelChoice
from addon.llm.models import GREETING, Greeting, Models, hurried
from addon.llm.partial import OnPartial
from addon.llm.prices import Prices
from addon.llm.prompt import Prompt
from addon.policy.budgets import Budgets
from addon.policy.chain import Option
from addon.policy.metered import Metered, payers
from addon.settings import Settings

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Probes:
    """Knocks at models for one person of a site."""

    models: Models
    budgets: Budgets
    settings: Settings

    async def probe(self, tenant_id: str, option: Option, *, account_id: str) -> str:
        """As Models.probe, within the limits of whoever pays. Raises BudgetSpent or TooMany besides."""
        began = monotonic()
        metered = Metered(
            models=_Once(self.models),
            budgets=self.budgets,
            prices=Prices(self.settings.llm_prices),
            payers=payers({option.choice: option.payer}),
            tenant_id=tenant_id,
            account_id=account_id,
        )
        await metered.ask(hurried(option.choice), GREETING, shape=Greeting, check=lambda value: value)
        return f"{option.choice.model} answered in {round((monotonic() - began) * 1000)} ms."


@dataclass(frozen=True, slots=True)
class _Once:
    """A `CanAsk` that tries once, also with a key that was refused."""

    models: Models

    async def ask(
        self,
        choice: ModelChoice,
        prompt: Prompt,
        *,
        shape: type[T],
        check: Callable[[T], T],
        on_partial: OnPartial | None = None,
    ) -> Answer[T]:
        return await self.models.once(choice, prompt, shape=shape, check=check)
