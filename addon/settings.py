"""Everything the operator decides, read once from the environment, from `.env` and from `NAME_FILE` secrets."""

import os
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from addon.errors import Misconfigured

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds `templates`, `static` and `atlassian-connect.json`."""

_ADDRESS = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:/[A-Za-z0-9._~-]+)*")
"""An address as plain as possible: what routers, proxies and headers read differently is not in it."""

ProviderName = Literal["rules", "openai", "ollama", "anthropic", "gemini"]
PROVIDERS: tuple[str, ...] = get_args(ProviderName)


class SecretFiles(PydanticBaseSettingsSource):
    """Reads NAME from the file that NAME_FILE points at, as container secrets are mounted."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        name = f"{field_name.upper()}_FILE"
        path = os.environ.get(name)
        try:
            return (Path(path).read_text("utf-8").strip() if path else None), field_name, False
        except UnicodeDecodeError:
            raise Misconfigured(f"{name}: {path} is no text in UTF-8") from None

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(info, name)[0] for name, info in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class SiteSettings(BaseSettings):
    """The add-on itself and the Jira sites it serves."""

    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port the web server listens on.")
    base_url: str = Field(
        "http://127.0.0.1:8080",
        description="Public address of the add-on as Jira reaches it, a path prefix allowed; https except on loopback.",
    )
    addon_key: str = Field(
        "com.jiravision.addon",
        pattern=r"^[a-zA-Z0-9._-]{1,64}$",
        description="Key of the add-on; never change it once installed.",
    )
    database_url: str = Field(
        "sqlite+aiosqlite:///./data/jiravision.db",
        description="SQLAlchemy address: sqlite+aiosqlite:///path or postgresql+asyncpg://user:password@host/name.",
    )
    app_secret_key: SecretStr = Field(
        SecretStr(""),
        description="Secrets sealing what is stored, comma-separated, each at least 32 characters: the first encrypts,"
        " all decrypt, and at start what an older one encrypted is encrypted anew. Empty: a key is made once and kept"
        " beside the SQLite file.",
    )
    install_keys_url: str = Field(
        "https://connect-install-keys.atlassian.com",
        description="Where install keys are fetched: the key at `<it>/<kid>`.",
    )
    oauth_url: str = Field(
        "https://oauth-2-authorization-server.services.atlassian.com",
        description="Atlassian's authorization server for calls as a user: the token at `<it>/oauth2/token`.",
    )
    connect_bridge_url: str = Field(
        "https://connect-cdn.atl-paas.net/all.js",
        description="Script of Atlassian's iframe bridge (the sandbox brings its own).",
    )
    jira_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        ("*.atlassian.net", "*.jira.com"),
        description="Comma-separated host patterns accepted as a Jira site; a loopback host with its port allows"
        " plain http.",
    )


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
    llm_keep_alive: str = Field(
        "30m", pattern=r"^-?\d{1,6}[smh]?$", description="How long Ollama keeps a model loaded after an answer."
    )
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
        return {name.strip(): tuple(price.split("/")) for name, _, price in pairs}

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


class Settings(ModelSettings, SiteSettings):
    """One field per environment variable; the README's table is made from the descriptions."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    xray_base_url: str = Field(
        "", description="Address of Xray Cloud for every project; empty: the host of the region a project chose."
    )
    zephyr_base_url: str = Field(
        "",
        description="Address of Zephyr Scale Cloud, version included, for every project; empty: the host of the region"
        " a project chose.",
    )
    ai_slots: int = Field(50, ge=1, le=1000, description="How many analyses one process works on at a time.")
    rerun_settle_seconds: float = Field(
        30.0,
        ge=0,
        le=3600,
        description="How long an issue rests after a change before it is analysed anew, where a project wants that.",
    )
    retention_days: int = Field(
        30, ge=1, le=3650, description="Days a tenant's data is kept after it uninstalled; secrets go at once."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe level that is logged."
    )
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="json, text, or auto: text on a terminal, json elsewhere."
    )
    operator_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token for /metrics and /health/detailed; empty: both answer callers on loopback only.",
    )
    enable_debug_routes: bool = Field(
        False, description="Explain qsh mismatches in the log and in 401 answers; for development only."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, SecretFiles(settings_cls), dotenv_settings

    @field_validator("jira_allowed_hosts", "llm_allowed_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: Any) -> Any:
        return (
            tuple(part.strip().lower() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("xray_base_url", "zephyr_base_url")
    @classmethod
    def _is_empty_or_safe(cls, value: str) -> str:
        return cls._is_a_safe_address(value) if value else value

    @field_validator("base_url", "install_keys_url", "oauth_url")
    @classmethod
    def _is_a_safe_address(cls, value: str) -> str:
        plain = value.rstrip("/")
        segments = plain.split("/")[3:]
        # The port is read here, because it is what urlsplit refuses only later.
        if not _ADDRESS.fullmatch(plain) or {".", ".."} & set(segments) or _host(plain) is None:
            raise ValueError("must look like https://host or https://host/prefix")
        if not plain.startswith("https://") and not is_loopback(_host(plain) or ""):
            raise ValueError("must be https: plain http is for this machine itself")
        return plain

    @property
    def base_path(self) -> str:
        """The path part of base_url: "" or "/prefix"."""
        return urlsplit(self.base_url).path


def _host(url: str) -> str | None:
    """None for what is no address after all, such as a port beyond 65535."""
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.port is None or parts.port else None
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """True for localhost and for addresses of the loopback range."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(**overrides: Any) -> Settings:
    """Settings of this process.

    Raises Misconfigured with one line per wrong variable, named as the operator wrote it and without its value.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, each['loc'])).upper() or 'settings'}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors(include_input=False)
        ]
        raise Misconfigured("; ".join(lines)) from None
    except UnicodeDecodeError:
        raise Misconfigured(".env is no text in UTF-8") from None
    except OSError as error:
        raise Misconfigured(f"cannot read the secret file {error.filename}: {error.strerror}") from None
