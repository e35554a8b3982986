"""The clients of everything that is not ours: Jira, its install keys, the models, test management tools."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2

from addon.jira.client import Jira
from addon.jira.install_keys import InstallKeys
from addon.jira.limiter import IN_FLIGHT, Limiter
from addon.jira.points import Points
from addon.jira.shared_gates import SharedGates
from addon.llm.models import Models
from addon.llm.refusals import Refusals
from addon.llm.remote import Door, Remote
from addon.observe.metrics import app_version
from addon.redis.hub import Hub
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


@dataclass(frozen=True, slots=True)
class Wires:
    """What replaces the network in tests."""

    jira: httpx2.AsyncBaseTransport | None = None
    llm: httpx2.AsyncBaseTransport | None = None
    tools: httpx2.AsyncBaseTransport | None = None


@asynccontextmanager
async def open_outside(
    settings: Settings, shared: Shared, *, hub: Hub, wires: Wires, clock: Callable[[], float]
) -> AsyncIterator[Outside]:
    """shared: what limits are counted in. hub: who else hears of refused keys. clock: what tokens and hours go by.

    Raises Misconfigured.
    """
    door = Door.of(settings)
    user_agent = f"jiravision/{app_version()}"
    models = Models(wires.llm, refusals=Refusals(hub))
    points = Points(settings.jira_points_per_hour, clock=clock)
    together = SharedGates(shared, points, places=IN_FLIGHT) if shared.redis is not None else None
    limiter = Limiter(together, points=points)
    outside = Outside(
        jira=Jira(
            oauth_url=settings.oauth_url,
            user_agent=user_agent,
            transport=wires.jira,
            limiter=limiter,
            clock=clock,
        ),
        install_keys=InstallKeys(settings.install_keys_url, wires.jira),
        models=models,
        service=Remote(door, refusals=models.refusals, now=clock) if door else None,
        tools=Tools(user_agent, wires.tools),
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
