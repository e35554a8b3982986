"""What `doctor` says of models: each of the chain, its price, and the AI service that may ask them."""

import asyncio
from urllib.parse import urlsplit

import httpx2

from addon.cli.finding import Finding
from addon.errors import AddonError, Misconfigured
from addon.llm.models import Models
from addon.llm.prices import Prices
from addon.llm.remote import Door
from addon.policy.chain import Offers, Option
from addon.settings import Settings, is_loopback

ANSWER_S = 5.0


async def models(settings: Settings) -> list[Finding]:
    """One finding per model of the operator, in the order they are asked."""
    options = Offers.of(settings).options
    if not options:
        said = "none: the built-in rules judge"
        return [Finding("ok", "Model", said, "Set LLM_PROVIDER and LLM_MODEL for a deeper review.")]
    asked = Models()
    try:
        found = await asyncio.gather(*(_answers(asked, option, first=not at) for at, option in enumerate(options)))
    finally:
        await asked.close()
    return [*found, *_prices(settings, options)]


async def ai_service(settings: Settings) -> list[Finding]:
    """Whether the AI service is there and may be trusted with what is sent to it; nothing without one."""
    what = "AI_SERVICE_URL"
    try:
        door = Door.of(settings)
    except Misconfigured as error:
        return [Finding("fail", what, error.detail, "Set the same AI_SHARED_SECRET for both processes.")]
    if door is None:
        return []
    try:
        async with httpx2.AsyncClient(timeout=ANSWER_S, trust_env=False) as client:
            answer = await client.get(f"{door.url}/health")
        name = answer.json().get("name")
    except (httpx2.HTTPError, ValueError, AttributeError) as error:
        meanwhile = "this process asks the models" if settings.ai_service_fallback else "runs wait"
        said = f"{door.url} does not answer ({type(error).__name__}); meanwhile {meanwhile}"
        return [Finding("warn", what, said, "Start `jiravision ai-service`.")]
    if name != "jiravision-ai":
        return [Finding("fail", what, f"{door.url} is something else", "Give the address of `jiravision ai-service`.")]
    share = f"{door.url} answers, for {settings.ai_service_percent} % of the sites"
    parts = urlsplit(door.url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        return [Finding("warn", what, f"{share}, over plain http", "Issues travel readable: use https or one machine.")]
    return [Finding("ok", what, share)]


async def _answers(asked: Models, option: Option, *, first: bool) -> Finding:
    choice = option.choice
    what = "Model" if first else f"Fallback {choice.provider}:{choice.model}"
    try:
        return Finding("ok", what, await asked.probe(choice))
    except AddonError as error:
        todo = "Check LLM_BASE_URL, LLM_MODEL and LLM_API_KEY; until then the rules judge."
        if not first:
            todo = "Check LLM_FALLBACKS and the provider's key."
        return Finding("fail" if first else "warn", what, error.detail, todo)


def _prices(settings: Settings, options: tuple[Option, ...]) -> list[Finding]:
    """A limit in dollars counts nothing of a model whose price nobody knows: the operator should."""
    prices = Prices(settings.llm_prices)
    limited = settings.budget_usd_per_day or settings.budget_usd_per_month
    strange = [each.choice.model for each in options if prices.cost_usd(each.choice, 1, output_tokens=1) is None]
    if not limited or not strange:
        return []
    said = f"the price of {', '.join(strange)} is unknown: no limit in dollars counts it"
    return [Finding("warn", "Prices", said, "Set LLM_PRICES, or a limit in tokens.")]
