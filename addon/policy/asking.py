"""Who answers a run's questions: the tenant's models in turn, and whatever stands around every single call of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel

from addon.llm.answer import Answer
from addon.llm.choice import ModelChoice
from addon.llm.fallback import CanAsk, ask_in_turn
from addon.llm.partial import OnPartial
from addon.llm.prices import Prices
from addon.llm.prompt import Prompt
from addon.llm.question import Question
from addon.policy.budgets import Budgets
from addon.policy.metered import Metered, payers
from addon.policy.models import ModelPolicy

T = TypeVar("T", bound=BaseModel)


class Elsewhere(Protocol):
    """The AI service, which asks models in place of this process."""

    def takes(self, tenant_id: str) -> bool:
        """Whether the asks of this tenant go there."""

    def instead_of(self, models: CanAsk) -> CanAsk:
        """models: those of this process, asked while the service does not answer."""


@dataclass(frozen=True, slots=True)
class TenantAsker:
    """The models of one run of a tenant; an `Asker`. choices: in the order they are asked, at least one."""

    models: CanAsk
    choices: tuple[ModelChoice, ...]

    @property
    def choice(self) -> ModelChoice:
        """The model that is asked first."""
        return self.choices[0]

    async def ask(
        self, prompt: Prompt, *, shape: type[T], check: Callable[[T], T], on_partial: OnPartial | None = None
    ) -> Answer[T]:
        """A checked value, its usage with what it cost.

        Raises ModelError, its `usage` set when something was spent all the same, BudgetSpent among them; TooMany when
        the person has asked for too much within a minute.
        """
        return await ask_in_turn(self.models, self.choices, question=Question(prompt, shape, check, on_partial))


class Asks:
    """Finds the models of a tenant; `Askers`."""

    def __init__(
        self,
        models: CanAsk,
        policy: ModelPolicy,
        *,
        budgets: Budgets,
        prices: Prices,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._models = models
        self._policy = policy
        self._budgets = budgets
        self._prices = prices
        self._elsewhere = elsewhere

    async def asker(self, tenant_id: str, *, account_id: str | None = None) -> TenantAsker | None:
        """None: no model is configured, the rules answer. account_id: the person who asked. Raises DatabaseDown."""
        chain = await self._policy.chain(tenant_id)
        if not chain:
            return None
        models = self._models
        if self._elsewhere is not None and self._elsewhere.takes(tenant_id):
            models = self._elsewhere.instead_of(models)
        # Outermost, so that a budget is asked once an ask, wherever the model is asked then.
        metered = Metered(
            models=models,
            budgets=self._budgets,
            prices=self._prices,
            payers=payers({option.choice: option.payer for option in chain}),
            tenant_id=tenant_id,
            account_id=account_id,
        )
        return TenantAsker(metered, tuple(option.choice for option in chain))
