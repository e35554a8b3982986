"""What may happen once, over all processes of a deployment."""

import hashlib

from addon.redis.connection import RedisDown
from addon.redis.shared import Shared


class Once:
    """Knows what other processes have seen. What this process itself has seen its caller remembers."""

    def __init__(self, shared: Shared, *, purpose: str) -> None:
        self._shared = shared
        self._purpose = purpose

    async def first(self, name: str, *, for_s: float) -> bool:
        """Whether nobody named it within `for_s` seconds; True as well while Redis is away."""
        # Names come from elsewhere and may be of any length.
        key = self._shared.key("once", self._purpose, hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:40])
        for_ms = max(round(for_s * 1000), 1)
        try:
            return bool(await self._shared.ask(lambda client: client.set(key, "1", nx=True, px=for_ms)))
        except RedisDown:
            return True
