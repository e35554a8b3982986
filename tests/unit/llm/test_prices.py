"""What tokens cost, without asking anybody."""

import sys

import pytest

from addon.llm.answer import Usage
from addon.llm.choice import ModelChoice
from addon.llm.prices import Prices

MILLION = 1_000_000


def cost(choice: ModelChoice, own: dict[str, tuple[float, float]] | None = None) -> float | None:
    return Prices(own or {}).cost_usd(choice, 1000, output_tokens=1000)


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "gpt-5-mini"), ("anthropic", "claude-haiku-4-5"), ("gemini", "gemini-2.5-flash")],
)
def test_models_of_the_three_providers_have_a_price(provider: str, model: str) -> None:
    found = cost(ModelChoice(provider, model))
    assert found is not None
    assert 0 < found < 1


def test_an_operators_price_goes_first_and_is_for_a_million_tokens() -> None:
    prices = Prices({"GPT-5-mini": (1.0, 10.0)})
    assert prices.cost_usd(ModelChoice("openai", "gpt-5-mini"), MILLION, output_tokens=MILLION) == 11.0
    assert prices.cost_usd(ModelChoice("ollama", "gpt-5-mini"), MILLION, output_tokens=0) == 1.0


@pytest.mark.parametrize(
    "choice",
    [
        ModelChoice("ollama", "llama3.2"),
        ModelChoice("ollama", "llama3.2", "https://ollama.example.com"),
        ModelChoice("openai", "gpt-5-mini", "http://127.0.0.1:8000/v1"),
        ModelChoice("openai", "anything", "http://[::1]:8000/v1"),
    ],
)
def test_local_models_cost_nothing(choice: ModelChoice) -> None:
    assert cost(choice) == 0.0


@pytest.mark.parametrize(
    "choice",
    [
        ModelChoice("openai", "nobody-knows-me"),
        ModelChoice("openai", "gpt-5-mini", "https://gateway.example.com/v1"),
        ModelChoice("gemini", ""),
    ],
)
def test_a_price_nobody_knows_is_none_and_not_nothing(choice: ModelChoice) -> None:
    assert cost(choice) is None
    usage = Usage(choice.provider, choice.model, "v1", 10, 5)
    assert Prices({}).priced(usage, choice).cost_usd is None


def test_a_known_host_of_somebody_else_has_its_own_prices() -> None:
    assert cost(ModelChoice("openai", "llama-3.3-70b-versatile", "https://api.groq.com/openai/v1"))


def test_nothing_is_fetched() -> None:
    opened: list[object] = []

    def heard(event: str, args: tuple[object, ...]) -> None:
        if event in ("socket.connect", "socket.getaddrinfo"):
            opened.append(args)

    # A hook cannot be taken back, but it only listens.
    sys.addaudithook(heard)
    assert cost(ModelChoice("openai", "gpt-5-mini"))
    assert opened == []
