"""The face of whoever answers a run's questions, as features see it."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from pydantic import BaseModel

from addon.llm.answer import Answer
from addon.llm.choice import ModelChoice
from addon.llm.partial import OnPartial
from addon.llm.prompt import Prompt

T = TypeVar("T", bound=BaseModel)


class Asker(Protocol):
    """The model of one run, with everything that stands around each call of it: fallbacks, budgets, the ledger."""

    @property
    def choice(self) -> ModelChoice:
        """The model that is asked first; it belongs to what an answer depends on."""

    async def ask(
        self, prompt: Prompt, *, shape: type[T], check: Callable[[T], T], on_partial: OnPartial | None = None
    ) -> Answer[T]:
        """A checked value. Raises ModelError, its `usage` set when something was spent all the same."""


class Askers(Protocol):
    """Finds the model of a tenant."""

    async def asker(self, tenant_id: str, *, account_id: str | None = None) -> Asker | None:
        """None: no model is configured, the rules answer. account_id: the person who asked. Raises DatabaseDown."""
