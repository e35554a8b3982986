"""The clients of everything that is not ours: Jira, its install keys, the models."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2

from addon.jira.client import Jira
from addon.jira.install_keys import InstallKeys
from addon.llm.models import Models
from addon.observe.metrics import app_version
from addon.settings import Settings


@dataclass(frozen=True, slots=True)
class Outside:
    """One of each per process."""

    jira: Jira
    install_keys: InstallKeys
    models: Models


@asynccontextmanager
async def open_outside(
    settings: Settings,
    jira_transport: httpx2.AsyncBaseTransport | None = None,
    *,
    llm_transport: httpx2.AsyncBaseTransport | None = None,
) -> AsyncIterator[Outside]:
    """Transports replace the network in tests."""
    outside = Outside(
        jira=Jira(oauth_url=settings.oauth_url, user_agent=f"jiravision/{app_version()}", transport=jira_transport),
        install_keys=InstallKeys(settings.install_keys_url, jira_transport),
        models=Models(llm_transport),
    )
    try:
        yield outside
    finally:
        await outside.models.close()
        await outside.install_keys.close()
        await outside.jira.close()
