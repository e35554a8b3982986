"""How often something may be done in a minute, counted over all processes: sliding windows of the `limits` library."""

import time
from typing import cast

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import ResponseError

from addon.redis.connection import Redis, RedisDown
from addon.redis.shared import Shared

MINUTE_S = 60.0


class Windows:
    """One per process. Without Redis, and while it is away, each process counts for itself."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._near = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._far = SlidingWindowCounterRateLimiter(_storage(shared.redis)) if shared.redis is not None else None

    async def hit(self, *name: str, most: int) -> float:
        """Counts one more of this name: 0.0, or, when there were `most` in the last minute, seconds until the next.

        What was refused is not counted.
        """
        item = RateLimitItemPerMinute(most)
        if self._far is not None and not self._shared.away:
            far = self._far
            try:
                return await self._shared.ask(lambda _: _sound_hit(far, item, name=name))
            except RedisDown:
                pass
        return await _hit(self._near, item, name=name)


def _storage(redis: Redis) -> RedisStorage:
    # The address is only read for the kind of server: the connections are ours.
    return RedisStorage(
        "async+redis://",
        implementation="redispy",
        key_prefix=redis.key("rate"),
        connection_pool=cast("str", redis.pool),
    )


async def _hit(
    limiter: SlidingWindowCounterRateLimiter, item: RateLimitItemPerMinute, *, name: tuple[str, ...]
) -> float:
    if await limiter.hit(item, *name):
        return 0.0
    stats = await limiter.get_window_stats(item, *name)
    # Never "at once": whoever comes back in that moment would be refused again.
    return min(max(stats.reset_time - time.time(), 1.0), MINUTE_S)


async def _sound_hit(
    limiter: SlidingWindowCounterRateLimiter, item: RateLimitItemPerMinute, *, name: tuple[str, ...]
) -> float:
    """As `_hit`, over counts that may be anything: those that we cannot have written are dropped."""
    try:
        wait_s = await _hit(limiter, item, name=name)
        if not wait_s or await _is_sound(limiter, item, name=name):
            return wait_s
    except (ResponseError, ValueError, OverflowError):
        # Another type, or no number.
        pass
    await limiter.clear(item, *name)
    return await _hit(limiter, item, name=name)


async def _is_sound(
    limiter: SlidingWindowCounterRateLimiter, item: RateLimitItemPerMinute, *, name: tuple[str, ...]
) -> bool:
    """No window holds more than it may or lasts longer than it can; one without an end would refuse for ever."""
    storage = cast("RedisStorage", limiter.storage)
    before, before_s, current, current_s = await storage.get_sliding_window(item.key_for(*name), item.get_expiry())
    counts = (before, before_s), (current, current_s)
    return all(0 <= count <= item.amount and (not count or 0 < left_s <= 2 * MINUTE_S) for count, left_s in counts)
