"""The add-on itself and the Jira sites it serves."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode


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
        description="Key of the add-on; never change it once installed.",
    )
    database_url: str = Field(
        "sqlite+aiosqlite:///./data/jiravision.db",
        description="SQLAlchemy address: sqlite+aiosqlite:///path or postgresql+asyncpg://user:password@host/name.",
    )
    database_pool: int = Field(10, ge=2, le=200, description="Most connections one process opens to PostgreSQL.")
    redis_url: str = Field(
        "",
        description="Address of the Redis that several processes share (redis://host:6379/0). Empty: one process does"
        " everything; set: `serve`, `worker` and `scheduler` run side by side, on PostgreSQL.",
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

    @field_validator("addon_key")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        if not re.fullmatch(r"[a-zA-Z0-9._-]{1,64}", value):
            raise ValueError("must be 1 to 64 letters, digits, dots, hyphens and underscores")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_where_a_redis_may_be(cls, value: str) -> str:
        try:
            # Of a port that is none urlsplit says so only when it is asked.
            if not value or (re.fullmatch(r"(rediss?|unix)://\S+", value) and urlsplit(value).port != 0):
                return value
        except ValueError:
            pass
        raise ValueError("must be an address such as redis://host:6379/0, rediss://host:6379/0 or unix:///socket")
