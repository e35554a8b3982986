"""What the processes of a deployment call out to each other: hints that somebody else may want to look now.

A word reaches who listens at that moment, at most once; whoever relies on it has to look by itself as well, later.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from secrets import token_hex

from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from addon.redis.connection import Redis, RedisDown

log = logging.getLogger(__name__)

MOST_UNSAID = 10_000
"""Words kept while they are being sent; what is beyond is forgotten, as everything is while Redis is away."""
PAUSE_S = 0.5
READ_S = 5.0


class Hub:
    """One per process. Without Redis it reaches this process alone, which then is the only one."""

    def __init__(self, redis: Redis | None = None) -> None:
        self._redis = redis
        self._hearers: dict[str, list[Callable[[str], None]]] = {}
        self._unsaid: dict[tuple[str, str], None] = {}
        self._more = asyncio.Event()
        # What comes back to us has been heard here already.
        self._me = token_hex(8).encode()

    def on(self, topic: str, hear: Callable[[str], None]) -> None:
        """Calls `hear` with every word on the topic, from here and elsewhere. Before `open`."""
        self._hearers.setdefault(topic, []).append(hear)

    def tell(self, topic: str, word: str = "") -> None:
        """Returns at once. Equal words that were not yet sent are sent once."""
        self._hear(topic, word)
        if self._redis is not None and len(self._unsaid) < MOST_UNSAID:
            self._unsaid[topic, word] = None
            self._more.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Speaks and listens until the block ends; with or without a Redis that answers."""
        if self._redis is None:
            yield
            return
        tasks = [asyncio.create_task(self._speak(self._redis), name="hub speaks")]
        if self._hearers:
            tasks.append(asyncio.create_task(self._listen(self._redis), name="hub listens"))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # The last words are often the most welcome ones: a run that ended, a site that left.
            with suppress(RedisDown):
                await self._send(self._redis)

    async def _speak(self, redis: Redis) -> None:
        while True:
            await self._more.wait()
            try:
                await self._send(redis)
            except RedisDown:
                await asyncio.sleep(PAUSE_S)

    async def _send(self, redis: Redis) -> None:
        self._more.clear()
        words, self._unsaid = list(self._unsaid), {}
        if not words:
            return
        pipeline = redis.client.pipeline(transaction=False)
        for topic, word in words:
            pipeline.publish(redis.key("hub", topic), self._me + b" " + word.encode())
        await redis.ask(lambda _: pipeline.execute())

    async def _listen(self, redis: Redis) -> None:
        topics = {redis.key("hub", topic).encode(): topic for topic in self._hearers}
        while True:
            try:
                async with redis.client.pubsub(ignore_subscribe_messages=True) as ear:
                    await ear.subscribe(*topics)
                    # Whatever was said while nobody listened is lost: everybody should look once.
                    for topic in topics.values():
                        self._hear(topic, "")
                    await self._hear_from(ear, topics)
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("not listening: %s", type(error).__name__)
                await asyncio.sleep(PAUSE_S)

    async def _hear_from(self, ear: PubSub, topics: dict[bytes, str]) -> None:
        while True:
            message = await ear.get_message(timeout=READ_S)
            if message is None:
                # Silence may be a connection that nobody is at the other end of.
                await ear.ping()
                continue
            if message["type"] != "message":
                continue
            origin, _, word = bytes(message["data"]).partition(b" ")
            if origin != self._me:
                self._hear(topics[message["channel"]], word.decode("utf-8", "replace"))

    def _hear(self, topic: str, word: str) -> None:
        for hear in self._hearers.get(topic, ()):
            hear(word)
