"""What tokens cost: the operator's own prices, nothing for local models, and for the rest a library's table.

The table comes with the package and is never fetched anew.
"""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from genai_prices import Usage as Tokens
from genai_prices import calc_price

from addon.llm.answer import Usage
from addon.llm.capabilities import CAPABILITIES
from addon.llm.choice import ModelChoice
from addon.settings import is_loopback

MILLION = 1_000_000
NAMES = {"openai": "openai", "anthropic": "anthropic", "gemini": "google"}
"""Our providers, as the library calls them."""


class Prices:
    """own: model -> US dollars for a million tokens of input and of output; they go before everything else."""

    def __init__(self, own: Mapping[str, tuple[float, float]]) -> None:
        self._own = {name.lower(): price for name, price in own.items()}

    def cost_usd(self, choice: ModelChoice, input_tokens: int, *, output_tokens: int) -> float | None:
        """None when nobody knows what this model costs at its address."""
        own = self._own.get(choice.model.lower())
        if own is not None:
            return (input_tokens * own[0] + output_tokens * own[1]) / MILLION
        if _is_local(choice):
            return 0.0
        tokens = Tokens(input_tokens=input_tokens, output_tokens=output_tokens)
        try:
            # An address of somebody else's has prices of its own, even for a model of the same name.
            if choice.base_url:
                found = calc_price(tokens, choice.model, provider_api_url=choice.base_url)
            else:
                found = calc_price(tokens, choice.model, provider_id=NAMES[choice.provider])
        except LookupError:
            return None
        return float(found.total_price)

    def priced(self, usage: Usage, choice: ModelChoice) -> Usage:
        """The same with its cost. choice: the model that was asked."""
        cost = self.cost_usd(choice, usage.input_tokens, output_tokens=usage.output_tokens)
        return replace(usage, cost_usd=cost)


def _is_local(choice: ModelChoice) -> bool:
    return CAPABILITIES[choice.provider].local or is_loopback(urlsplit(choice.address).hostname or "")
