"""What the processes of one deployment have between them: Redis, and what is told over it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from addon.house.duties import Duties
from addon.queue.broker import Wakes
from addon.redis.connection import Redis
from addon.redis.hub import Hub
from addon.redis.shared import Shared
from addon.redis.slots import Slots
from addon.redis.windows import Windows
from addon.runs.bus import Bus
from addon.settings import Settings


@dataclass(frozen=True, slots=True)
class Between:
    """One per process. redis: None when this process is the only one; the others then reach no further than itself.

    windows: how often something is done. streams: how many event streams are open.
    """

    redis: Redis | None
    hub: Hub
    wakes: Wakes
    bus: Bus
    shared: Shared
    windows: Windows
    streams: Slots


@asynccontextmanager
async def open_between(settings: Settings, duties: Duties) -> AsyncIterator[Between]:
    """Connects at first use: a Redis that is away keeps nobody from starting."""
    redis = Redis(settings.redis_url, prefix=f"jiravision:{settings.addon_key}") if settings.redis_url else None
    hub, shared = Hub(redis), Shared(redis)
    streams = Slots(shared, purpose="streams")
    try:
        bus = Bus(hub, watched=duties.watched, works=duties.work)
        yield Between(redis, hub, Wakes(redis, hub=hub), bus, shared, Windows(shared), streams)
    finally:
        # The connection last: what was begun still has words to say and places to give back.
        await streams.close()
        await shared.close()
        if redis is not None:
            await redis.close()
