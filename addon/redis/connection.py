"""The memory that several processes share. It may forget everything at any moment: nothing in it is the truth."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import BlockingConnectionPool
from redis.asyncio import Redis as Client
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from addon.errors import Unavailable
from addon.redis.heeding import heeding

log = logging.getLogger(__name__)

ANSWER_S = 1.0
"""How long one answer may take. A frozen server costs a request so much once, and no more until `AWAY_S` are over."""
AWAY_S = 1.0
CONNECTIONS = 20

T = TypeVar("T")


class RedisDown(Unavailable):
    """Redis cannot be reached or did not answer in time; whether the command was carried out is unknown."""

    code = "redis_down"

    def __init__(self) -> None:
        super().__init__("Redis does not answer at the moment.", retry_after_s=AWAY_S)


class RedisRefused(RedisDown):
    """Redis answered that this cannot be done with this key; others may ask it for other things at once."""


class Redis:
    """One per process. prefix: begins every key and channel, so that several deployments may share a server."""

    def __init__(self, url: str, *, prefix: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.url = url
        self.prefix = prefix
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=ANSWER_S,
            socket_timeout=ANSWER_S,
            socket_connect_timeout=ANSWER_S,
            # Waiting and trying again is for callers, who know whether they can do without the answer.
            retry=Retry(NoBackoff(), 0),
        )
        self.pool = heeding(pool)
        self.client: Client = Client(connection_pool=self.pool)
        self._clock = clock
        self._away_until = 0.0
        self._down = False

    def key(self, *parts: str) -> str:
        """`prefix:part:part`."""
        return ":".join((self.prefix, *parts))

    async def ask(self, work: Callable[[Client], Awaitable[T]]) -> T:
        """What `work` gets from the server.

        Raises RedisDown, at once within a second of the last failure; RedisRefused when it is about one key.
        """
        if self._clock() < self._away_until:
            raise RedisDown
        try:
            answer = await work(self.client)
        except (RedisError, OSError, TimeoutError) as error:
            if _is_about_a_key(error):
                # Garbage under one name, which anybody may write there, must not take all the others away.
                raise RedisRefused from error
            self._away_until = self._clock() + AWAY_S
            if not self._down:
                log.warning("Redis is away: %s", type(error).__name__, extra={"cause": str(error)[:200]})
            self._down = True
            raise RedisDown from error
        if self._down:
            log.info("Redis is back")
            self._down = False
        return answer

    async def ping(self) -> None:
        """Raises RedisDown."""
        await self.ask(lambda client: client.ping())

    async def close(self) -> None:
        await self.client.aclose()
        await self.pool.disconnect()


def _is_about_a_key(error: Exception) -> bool:
    """Whether a sound server said so. One that is full, loading, a replica or closed to us says it in other words."""
    # Each of those has a word or a class of its own, new ones will too: only what is known counts.
    if type(error) is not ResponseError:
        return False
    return error.status_code == "ERR" or str(error).startswith("WRONGTYPE ")
