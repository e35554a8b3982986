"""What comes back from a model, and what it cost."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A checked value and its price."""

    value: T
    usage: Usage
