"""A gradual move to the AI service: which sites' asks go there, and what happens while it is away."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pydantic import BaseModel

from addon.llm.answer import Answer
from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelError
from addon.llm.fallback import CanAsk
from addon.llm.partial import OnPartial
from addon.llm.prompt import Prompt
from addon.llm.remote import ServiceDown
from addon.observe import logs

T = TypeVar("T", bound=BaseModel)

AWAY_S = 5.0
"""How long a service that did not answer is left alone, so that not every ask waits for it in vain."""

log = logs.logger("addon.remote")


@dataclass
class Moving:
    """percent: share of the tenants whose asks go to the service, always the same ones. fallback: see Instead."""

    service: CanAsk
    percent: int = 100
    fallback: bool = True
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    away_until: float = 0.0

    def takes(self, tenant_id: str) -> bool:
        """Whether the asks of this tenant go there."""
        # By the name and not by chance: a site whose asks moved stays where it is when the share grows.
        place = int.from_bytes(hashlib.sha256(tenant_id.encode()).digest()[:8], "big") % 100
        return place < self.percent

    def instead_of(self, models: CanAsk) -> CanAsk:
        """models: those of this process, asked while the service does not answer, if that is wanted."""
        return Instead(self, models) if self.fallback else self.service


@dataclass(frozen=True, slots=True)
class Instead:
    """A `CanAsk`: the service, or this process while the service is away."""

    moving: Moving
    models: CanAsk

    async def ask(
        self,
        choice: ModelChoice,
        prompt: Prompt,
        *,
        shape: type[T],
        check: Callable[[T], T],
        on_partial: OnPartial | None = None,
    ) -> Answer[T]:
        """As Models.ask, within the same time."""
        began = self.moving.clock()
        lost = None
        if began >= self.moving.away_until:
            try:
                return await self.moving.service.ask(choice, prompt, shape=shape, check=check, on_partial=on_partial)
            except ServiceDown as error:
                # Only the service itself being away: what a model said through it is the answer.
                log.warning("AI service away, asking from here", detail=error.detail)
                self.moving.away_until = self.moving.clock() + AWAY_S
                lost = error.usage
                choice = replace(choice, timeout_s=choice.timeout_s - (self.moving.clock() - began))
                if choice.timeout_s <= 0:
                    raise
        try:
            answer = await self.models.ask(choice, prompt, shape=shape, check=check, on_partial=on_partial)
        except ModelError as error:
            error.usage = error.usage.plus(lost) if error.usage and lost else error.usage or lost
            raise
        return replace(answer, usage=answer.usage.plus(lost)) if lost else answer
