"""What the processes of one deployment have between them: Redis, and what is told over it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from addon.house.duties import Duties
from addon.queue.broker import Wakes
from addon.redis.connection import Redis
from addon.redis.hub import Hub
from addon.runs.bus import Bus
from addon.settings import Settings


@dataclass(frozen=True, slots=True)
class Between:
    """One per process. redis: None when this process is the only one; the others then reach no further than itself."""

    redis: Redis | None
    hub: Hub
    wakes: Wakes
    bus: Bus


@asynccontextmanager
async def open_between(settings: Settings, duties: Duties) -> AsyncIterator[Between]:
    """Connects at first use: a Redis that is away keeps nobody from starting."""
    redis = Redis(settings.redis_url, prefix=f"jiravision:{settings.addon_key}") if settings.redis_url else None
    hub = Hub(redis)
    try:
        yield Between(redis, hub, Wakes(redis, hub=hub), Bus(hub, watched=duties.watched))
    finally:
        if redis is not None:
            await redis.close()
