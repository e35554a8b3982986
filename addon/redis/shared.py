"""Redis for who can do without it, because there is a twin of it in the memory of the process."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from typing import TypeVar

from redis.asyncio import Redis as Client

from addon.redis.connection import ANSWER_S, Redis, RedisDown, RedisRefused

PROBE_S = 0.5

T = TypeVar("T")


class Shared:
    """One per process. redis: None when this process is the only one; then nobody is ever asked.

    Whoever finds Redis away has waited for it, at most a second; the others do without it at once, until it answers
    again to somebody whom nobody waits for.
    """

    def __init__(self, redis: Redis | None = None, *, probe_s: float = PROBE_S) -> None:
        self.redis = redis
        self._probe_s = probe_s
        self._probing: asyncio.Task[None] | None = None

    @property
    def away(self) -> bool:
        """Whether there is nobody to ask at this moment."""
        return self.redis is None or (self._probing is not None and not self._probing.done())

    def key(self, *parts: str) -> str:
        """As `Redis.key`; "" as prefix where there is none."""
        return self.redis.key(*parts) if self.redis is not None else ":".join(parts)

    async def ask(self, work: Callable[[Client], Awaitable[T]]) -> T:
        """What `work` gets from the server, within a second. Raises RedisDown: then the twin decides."""
        if self.redis is None or self.away:
            raise RedisDown

        try:
            return await self.redis.ask(lambda client: _within(work(client), ANSWER_S))
        except RedisRefused:
            # It is there, for everybody else.
            raise
        except RedisDown:
            self._probe(self.redis)
            raise

    async def close(self) -> None:
        """Redis itself belongs to whoever opened it."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)

    def _probe(self, redis: Redis) -> None:
        async def until_it_answers() -> None:
            answered = False
            while not answered:
                await asyncio.sleep(self._probe_s)
                with suppress(RedisDown):
                    await redis.ping()
                    answered = True

        if not self.away:
            # Not on account of whoever happened to notice: what it says names no request.
            self._probing = asyncio.create_task(until_it_answers(), name="is redis back", context=Context())


async def _within(work: Awaitable[T], seconds: float) -> T:
    """Raises TimeoutError.

    Waiting for a connection, making it and asking have a second each, and the client may swallow a cancellation that
    comes with something it waited for: whoever asks does not wait for the end of what took too long.
    """
    asking = asyncio.ensure_future(work)
    try:
        await asyncio.wait({asking}, timeout=seconds)
        if asking.done():
            return asking.result()
        raise TimeoutError
    finally:
        if not asking.done():
            asking.add_done_callback(_heard)
            asking.cancel()


def _heard(asking: "asyncio.Future[T]") -> None:
    """What came of it nobody wants to know, but a task must not end unasked."""
    if not asking.cancelled():
        asking.exception()
