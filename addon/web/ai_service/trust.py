"""What the service believes its hosts by, opened from the settings."""

from dataclasses import dataclass
from typing import Self

from addon.llm.remote_tokens import Believer, Envelope, shared_secrets
from addon.redis.connection import Redis
from addon.redis.once import Once
from addon.redis.shared import Shared
from addon.settings import Settings, is_loopback


@dataclass(frozen=True, slots=True)
class Trust:
    """shared: what several processes of the service have between them, when REDIS_URL names one."""

    believer: Believer
    envelope: Envelope
    shared: Shared

    @classmethod
    def of(cls, settings: Settings, *, name: str) -> Self:
        """name: of the service among those that use the same Redis. Raises Misconfigured when its door stands open."""
        secrets = shared_secrets(settings, loopback=is_loopback(settings.host))
        shared = Shared(Redis(settings.redis_url, prefix=name) if settings.redis_url else None)
        believer = Believer(secrets, elsewhere=Once(shared, purpose="tokens"))
        return cls(believer, Envelope(secrets), shared)

    async def close(self) -> None:
        await self.shared.close()
        if self.shared.redis is not None:
            await self.shared.redis.close()
