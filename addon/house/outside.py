"""The clients of everything that is not ours: Jira, its install keys, the models, test management tools."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2

from addon.jira.client import Jira
from addon.jira.install_keys import InstallKeys
from addon.jira.limiter import Limiter
from addon.jira.points import Points
from addon.llm.models import Models
from addon.llm.remote import Door, Remote
from addon.observe.metrics import app_version
from addon.redis.shared import Shared
from addon.settings import Settings
from addon.testmgmt.tools import Tools


@dataclass(frozen=True, slots=True)
class Outside:
    """One of each per process."""

    jira: Jira
    install_keys: InstallKeys
    models: Models
    service: Remote | None
    tools: Tools


@asynccontextmanager
async def open_outside(
    settings: Settings,
    shared: Shared,
    *,
    jira_transport: httpx2.AsyncBaseTransport | None = None,
    llm_transport: httpx2.AsyncBaseTransport | None = None,
    tool_transport: httpx2.AsyncBaseTransport | None = None,
) -> AsyncIterator[Outside]:
    """shared: what limits are counted in. Transports replace the network in tests. Raises Misconfigured."""
    door = Door.of(settings)
    user_agent, models = f"jiravision/{app_version()}", Models(llm_transport)
    limiter = Limiter(shared, points=Points(settings.jira_points_per_hour))
    outside = Outside(
        jira=Jira(oauth_url=settings.oauth_url, user_agent=user_agent, transport=jira_transport, limiter=limiter),
        install_keys=InstallKeys(settings.install_keys_url, jira_transport),
        models=models,
        service=Remote(door, refusals=models.refusals) if door else None,
        tools=Tools(user_agent, tool_transport),
    )
    try:
        yield outside
    finally:
        await outside.tools.close()
        await outside.models.close()
        if outside.service is not None:
            await outside.service.close()
        await outside.install_keys.close()
        await outside.jira.close()
