"""The models and what they may cost."""

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

ProviderName = Literal["rules", "openai", "ollama", "anthropic", "gemini"]
PROVIDERS: tuple[str, ...] = get_args(ProviderName)


class ModelSettings(BaseSettings):
    """Which models answer, what they may cost, and who asks them."""

    llm_provider: ProviderName = Field(
        "rules",
        description="Who judges issues: rules (no model), openai or any compatible server, ollama, anthropic, gemini.",
    )
    llm_base_url: str | None = Field(None, description="Address of the model's API; by default the provider's own.")
    llm_model: str = Field("", description="Name of the model; required unless the provider is rules.")
    llm_timeout: float = Field(
        120.0, gt=0, le=540, description="Longest time one model answer may take, in seconds, all retries included."
    )
    llm_api_key: SecretStr = Field(SecretStr(""), description="Key of the model's API.")
    openai_api_key: SecretStr = Field(SecretStr(""), description="Used for openai when LLM_API_KEY is empty.")
    anthropic_api_key: SecretStr = Field(SecretStr(""), description="Used for anthropic when LLM_API_KEY is empty.")
    gemini_api_key: SecretStr = Field(SecretStr(""), description="Used for gemini when LLM_API_KEY is empty.")
    llm_fallbacks: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Comma-separated `provider:model` entries, asked in this order when the model before them fails;"
        " each with its provider's own key and address.",
    )
    llm_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Comma-separated hosts, with a port where it is not the usual one, that sites may name as their"
        " model's address although they are private (an Ollama beside the add-on, for example).",
    )
    llm_context: int = Field(
        16_384,
        ge=2048,
        le=1_000_000,
        description="Context length, in tokens, that Ollama loads a model with.",
    )
    llm_keep_alive: str = Field("30m", description="How long Ollama keeps a model loaded after an answer.")
    llm_prices: Annotated[dict[str, tuple[float, float]], NoDecode] = Field(
        {},
        description="Prices that differ from the built-in table: comma-separated `model=input/output`, in US dollars"
        " for a million tokens.",
    )
    budget_tokens_per_day: int = Field(
        0, ge=0, description="Most tokens a site may spend a day on the operator's models; 0 for no limit."
    )
    budget_tokens_per_month: int = Field(0, ge=0, description="The same for a month (UTC).")
    budget_usd_per_day: float = Field(
        0.0, ge=0, description="Most US dollars a site may spend a day on the operator's models; 0 for no limit."
    )
    budget_usd_per_month: float = Field(
        0.0, ge=0, description="Most US dollars a site may spend a month on the operator's models; 0 for no limit."
    )
    budget_tokens_per_minute: int = Field(
        0,
        ge=0,
        description="Most tokens one person may use a minute on the operator's models; what is beyond waits. 0 for no"
        " limit.",
    )
    ai_service_url: str | None = Field(
        None, description="Address of a `jiravision ai-service` that asks the models in place of this process."
    )
    ai_shared_secret: SecretStr = Field(
        SecretStr(""),
        description="Secrets shared with the AI service, comma-separated, each at least 32 characters: the first signs"
        " tokens, all are believed.",
    )
    ai_token_ttl_seconds: int = Field(60, ge=5, le=3600, description="How long one token for the AI service is valid.")
    ai_auth_enabled: bool = Field(True, description="Whether the AI service asks for a token; off on loopback only.")
    ai_service_percent: int = Field(
        100, ge=0, le=100, description="Share of asks that go to the AI service, for a gradual move."
    )
    ai_service_fallback: bool = Field(
        True, description="Ask the models from this process while the AI service does not answer."
    )

    @field_validator("llm_fallbacks", mode="before")
    @classmethod
    def _split_models(cls, value: Any) -> Any:
        # Not in lower case: some servers tell names of models apart by it.
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("llm_fallbacks")
    @classmethod
    def _name_models(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            provider, _, model = entry.partition(":")
            if provider not in PROVIDERS[1:] or not model:
                raise ValueError(f"each entry is provider:model, the provider one of {', '.join(PROVIDERS[1:])}")
        return value

    @field_validator("llm_prices", mode="before")
    @classmethod
    def _split_prices(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pairs = (part.rpartition("=") for part in value.split(",") if part.strip())
        try:
            return {_named(name): (float(put), float(got)) for name, _, p in pairs for put, got in [p.split("/")]}
        except ValueError:
            raise ValueError("each entry is model=input/output, both in US dollars, such as my-model=0.5/1.5") from None

    @field_validator("llm_keep_alive")
    @classmethod
    def _is_a_span(cls, value: str) -> str:
        if not re.fullmatch(r"-?\d{1,6}[smh]?", value, re.ASCII):
            raise ValueError("must be a number of seconds, or a number with s, m or h; below 0 is for ever")
        return value

    @model_validator(mode="after")
    def _model_is_named(self) -> "ModelSettings":
        if self.llm_provider != "rules" and not self.llm_model:
            raise ValueError(f"LLM_MODEL is required with LLM_PROVIDER={self.llm_provider}")
        return self

    @property
    def model_key(self) -> str:
        """The key for the configured provider, "" when there is none."""
        return self.llm_api_key.get_secret_value() or self.provider_key(self.llm_provider)

    def provider_key(self, provider: str) -> str:
        """The operator's key for a provider that need not be the configured one, "" when there is none."""
        keys = {"openai": self.openai_api_key, "anthropic": self.anthropic_api_key, "gemini": self.gemini_api_key}
        return keys[provider].get_secret_value() if provider in keys else ""


def _named(model: str) -> str:
    if not model.strip():
        raise ValueError
    return model.strip()
