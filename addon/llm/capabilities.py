"""What each kind of model server can do, as data: nobody asks "is it Gemini?" in the middle of the code."""

from dataclasses import dataclass
from typing import Literal

MOST_OUTPUT_TOKENS = 16_384
"""The limit that requests name and budgets put aside. The longest of our answers are an eighth of it."""
_SHORTER = {"gemini-2.0": 8192}
"""Beginnings of names of models that refuse a limit above their own."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One provider.

    base_url: where it lives when nobody said otherwise. schema: how an answer is bound to its schema; "grammar" rules
    out every other token, "native" is the provider's own promise, and servers that know neither are told in words.
    usage_in_stream: sends its count of tokens. most_output_tokens: what an answer may take, see output_limit. local:
    runs on somebody's own machine, so tokens cost nothing.
    """

    base_url: str
    schema: Literal["native", "grammar"]
    usage_in_stream: bool
    needs_key: bool
    most_output_tokens: int
    local: bool = False


CAPABILITIES: dict[str, Capabilities] = {
    "openai": Capabilities(
        "https://api.openai.com/v1", "native", True, needs_key=True, most_output_tokens=MOST_OUTPUT_TOKENS
    ),
    "ollama": Capabilities(
        "http://127.0.0.1:11434", "grammar", True, needs_key=False, most_output_tokens=MOST_OUTPUT_TOKENS, local=True
    ),
    # The wire insists on a limit; every model that takes schemas writes at least twice this much.
    "anthropic": Capabilities(
        "https://api.anthropic.com", "native", True, needs_key=True, most_output_tokens=MOST_OUTPUT_TOKENS
    ),
    "gemini": Capabilities(
        "https://generativelanguage.googleapis.com",
        "native",
        True,
        needs_key=True,
        most_output_tokens=MOST_OUTPUT_TOKENS,
    ),
}
"""By name of the provider."""


def of(provider: str) -> Capabilities:
    """Raises KeyError for a name nobody knows."""
    return CAPABILITIES[provider]


def output_limit(provider: str, model: str) -> int:
    """Tokens an answer of this model may take. Raises KeyError as `of`."""
    name = model.removeprefix("models/")
    shorter = [limit for beginning, limit in _SHORTER.items() if name.startswith(beginning)]
    return min([CAPABILITIES[provider].most_output_tokens, *shorter])
