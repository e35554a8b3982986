"""How a model of a chain is reached and who pays for it: the operator for what the operator offers, else the site."""

from dataclasses import dataclass, replace
from typing import Self

from addon.llm.addresses import is_allowed
from addon.llm.capabilities import CAPABILITIES
from addon.llm.choice import ModelChoice
from addon.policy.limits import Owner
from addon.settings import Settings


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that the operator offers to every site."""

    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a site wants a model asked. base_url: its own address, None for none. has_key: it has a key of its own."""

    provider: str
    base_url: str | None
    has_key: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One model of a chain."""

    choice: ModelChoice
    payer: Owner


@dataclass(frozen=True, slots=True)
class Offers:
    """What the operator configured. options: in the order they are asked."""

    options: tuple[Option, ...]
    allowed_hosts: tuple[str, ...]
    plain: ModelChoice
    """Of the operator's provider, without a model: what every choice begins with."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        plain = ModelChoice(
            provider=settings.llm_provider,
            model="",
            base_url=settings.llm_base_url,
            api_key=settings.model_key,
            timeout_s=settings.llm_timeout,
            context_tokens=settings.llm_context,
            keep_alive=settings.llm_keep_alive,
        )
        if settings.llm_provider == "rules":
            return cls((), settings.llm_allowed_hosts, plain)
        # A fallback of the same provider lives at the same address and is paid with the same key.
        found = [replace(plain, model=settings.llm_model)]
        for entry in settings.llm_fallbacks:
            provider, _, model = entry.partition(":")
            here = provider == plain.provider
            found.append(
                replace(
                    plain,
                    provider=provider,
                    model=model,
                    base_url=plain.base_url if here else None,
                    api_key=plain.api_key if here else settings.provider_key(provider),
                )
            )
        return cls(tuple(Option(choice, "operator") for choice in found), settings.llm_allowed_hosts, plain)

    @property
    def listed(self) -> tuple[Offer, ...]:
        return tuple(Offer(option.choice.provider, option.choice.model) for option in self.options)

    def impossible(self, place: Place, model: str) -> str:
        """Why a site cannot have this model, as `field: words`; "" when it can."""
        offered = [offer for offer in self.listed if offer.provider == place.provider]
        own = place.has_key or place.base_url is not None
        if not model and (own or not offered):
            return "model: name the model to use."
        if CAPABILITIES[place.provider].local:
            # Its default address is this very machine: nobody makes us call what the operator never offered.
            known = place.base_url is not None or offered
            return (
                "" if known else "base_url: name the address of your Ollama; the add-on's operator has not set one up."
            )
        if own:
            return ""
        if not offered:
            return "api_key: this provider needs an API key of your own."
        # Prices of models differ a hundredfold, and it is the operator who pays.
        if model and model not in [offer.model for offer in offered]:
            return "api_key: a model other than the add-on's own needs an API key of your own."
        return ""

    def option(self, place: Place, model: str, *, key: str) -> Option:
        """The model as it is asked for a site. key: the site's own, "" for none."""
        offered = next((each.choice for each in self.options if each.choice.provider == place.provider), None)
        if place.base_url is not None:
            # Never with the operator's key: the address is the site's.
            named = replace(self.plain, provider=place.provider, base_url=place.base_url, model=model, api_key=key)
            # A host that the operator allowed and that wants no key of the site is the operator's own.
            payer: Owner = "operator" if not key and is_allowed(place.base_url, self.allowed_hosts) else "site"
            return Option(replace(named, guarded=True, allowed_hosts=self.allowed_hosts), payer)
        # The operator's address belongs to the operator's provider; another one is reached where it lives.
        there = offered or replace(self.plain, provider=place.provider, base_url=None, api_key="")
        choice = replace(there, model=model or there.model, api_key=key or there.api_key)
        if key:
            return Option(choice, "site")
        known = [each for each in self.options if (each.choice.provider, each.choice.model) == (place.provider, model)]
        return known[0] if known else Option(choice, "operator")
