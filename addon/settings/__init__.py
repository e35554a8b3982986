"""Everything the operator decides, read once from the environment, from `.env` and from `NAME_FILE` secrets."""

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from addon.errors import Misconfigured
from addon.settings.addresses import is_loopback, safe_address
from addon.settings.models import PROVIDERS, ModelSettings
from addon.settings.scale import ScaleSettings
from addon.settings.site import SiteSettings
from addon.settings.sources import SecretFiles
from addon.settings.words import in_words

__all__ = ["PROVIDERS", "ROOT", "Settings", "is_loopback", "load_settings"]

ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds `templates`, `static` and `atlassian-connect.json`."""


class Settings(ScaleSettings, ModelSettings, SiteSettings):
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

    @model_validator(mode="after")
    def _several_processes_share_a_server(self) -> "Settings":
        # The second process would be refused by the file's lock, later and in words that do not help.
        if self.redis_url and self.database_url.startswith("sqlite"):
            wanted = "DATABASE_URL=postgresql+asyncpg://… beside it: SQLite is for one"
            raise ValueError(f"REDIS_URL is for several processes, which need {wanted}")
        return self

    @property
    def scaled_out(self) -> bool:
        """Whether other processes serve the same sites."""
        return bool(self.redis_url)

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
        return safe_address(value) if value else value

    @field_validator("base_url", "install_keys_url", "oauth_url")
    @classmethod
    def _is_a_safe_address(cls, value: str) -> str:
        return safe_address(value)

    @property
    def base_path(self) -> str:
        """The path part of base_url: "" or "/prefix"."""
        return urlsplit(self.base_url).path


def load_settings(**overrides: Any) -> Settings:
    """Settings of this process.

    Raises Misconfigured with what is wrong of each variable, named as the operator wrote it and without its value.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise Misconfigured(in_words(error)) from None
    except UnicodeDecodeError:
        raise Misconfigured(".env is no text in UTF-8") from None
    except OSError as error:
        raise Misconfigured(f"cannot read the secret file {error.filename}: {error.strerror}") from None
