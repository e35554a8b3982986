"""What comes back from a model, and what it cost."""

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one ask, summed over every request that was answered, the repair round included.

    expected_input_tokens: estimate for the first request, made before it was sent. requests: HTTP requests sent,
    retries included. estimated: some answer came without figures and was estimated.
    """

    provider: str
    model: str
    prompt_version: str
    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 0
    cost_usd: float | None = None
    estimated: bool = False
    expected_input_tokens: int = 0

    def plus(self, other: "Usage") -> "Usage":
        """Both together: the same work in several asks. Names and the first estimate are those of this one."""
        known = [cost for cost in (self.cost_usd, other.cost_usd) if cost is not None]
        return replace(
            self,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            requests=self.requests + other.requests,
            cost_usd=sum(known) if known else None,
            estimated=self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A checked value and its price. text: the model's own words. repaired: they were its second attempt."""

    value: T
    usage: Usage
    text: str = ""
    repaired: bool = False
