"""What each kind of model server can do, as data: nobody asks "is it Gemini?" in the middle of the code."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One provider.

    base_url: where it lives when nobody said otherwise. schema: how an answer is bound to its schema; "grammar" rules
    out every other token, "native" is the provider's own promise, and servers that know neither are told in words.
    usage_in_stream: sends its count of tokens. most_output_tokens: the limit each request names, None where it leaves
    the model's own. local: runs on somebody's own machine, so tokens cost nothing.
    """

    base_url: str
    schema: Literal["native", "grammar"]
    usage_in_stream: bool
    needs_key: bool
    most_output_tokens: int | None
    local: bool = False


CAPABILITIES: dict[str, Capabilities] = {
    "openai": Capabilities("https://api.openai.com/v1", "native", True, needs_key=True, most_output_tokens=None),
    "ollama": Capabilities(
        "http://127.0.0.1:11434", "grammar", True, needs_key=False, most_output_tokens=16_384, local=True
    ),
    # The wire insists on a limit; every model that takes schemas writes at least twice this much.
    "anthropic": Capabilities("https://api.anthropic.com", "native", True, needs_key=True, most_output_tokens=16_384),
    "gemini": Capabilities(
        "https://generativelanguage.googleapis.com", "native", True, needs_key=True, most_output_tokens=None
    ),
}
"""By name of the provider."""


def of(provider: str) -> Capabilities:
    """Raises KeyError for a name nobody knows."""
    return CAPABILITIES[provider]
