"""Who answers a run's questions: the tenant's model, and whatever stands around every single call of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from addon.llm.answer import Answer
from addon.llm.choice import ModelChoice
from addon.llm.models import Models
from addon.llm.partial import OnPartial
from addon.llm.prompt import Prompt
from addon.policy.models import ModelPolicy

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class TenantAsker:
    """The model of one run of a tenant; an `Asker`."""

    models: Models
    choice: ModelChoice

    async def ask(
        self, prompt: Prompt, *, shape: type[T], check: Callable[[T], T], on_partial: OnPartial | None = None
    ) -> Answer[T]:
        """A checked value. Raises ModelError, its `usage` set when something was spent all the same."""
        return await self.models.ask(self.choice, prompt, shape=shape, check=check, on_partial=on_partial)


class Asks:
    """Finds the model of a tenant; `Askers`."""

    def __init__(self, models: Models, policy: ModelPolicy) -> None:
        self._models = models
        self._policy = policy

    async def asker(self, tenant_id: str, *, account_id: str | None = None) -> TenantAsker | None:
        """None: no model is configured, the rules answer. account_id: the person who asked. Raises DatabaseDown."""
        choice = await self._policy.choice(tenant_id)
        return TenantAsker(self._models, choice) if choice else None
