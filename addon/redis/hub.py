"""What the processes of a deployment call out to each other: hints that somebody else may want to look now.

A word reaches who listens at that moment, at most once; whoever relies on it has to look by itself as well, later.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import islice
from secrets import token_hex

from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from addon.observe.unbroken import gone
from addon.redis.connection import Redis, RedisDown

log = logging.getLogger(__name__)

MOST_WORDS = 1_000
"""Words of a topic kept while they wait; what is beyond becomes the one word "", that something may be missed."""
LONGEST_WORD = 200
"""Bytes. Ours are ids; whatever is longer was not said by us."""
BATCH = 500
GATHER_S = 0.03
"""Words that come within so many seconds of each other travel, and are heard, together."""
PAUSE_S = 0.5
SILENCE_S = 1.5
"""So long nobody may say anything before the server is asked whether it is still there, and so long it may take."""
LAST_WORDS_S = 1.0

Word = tuple[str, str]
"""Topic and word."""


class Hub:
    """One per process. Without Redis it reaches this process alone, which then is the only one."""

    def __init__(self, redis: Redis | None = None) -> None:
        self._redis = redis
        self._hearers: dict[str, list[Callable[[str], None]]] = {}
        self._unsaid = _Words()
        self._more = asyncio.Event()
        self._came = _Words()
        self._listening = False
        # What comes back to us has been heard here already.
        self._me = token_hex(8).encode()

    @property
    def hears(self) -> bool:
        """Whether words of other processes arrive at present: who looks by itself may then take its time."""
        return self._redis is None or self._listening

    def on(self, topic: str, hear: Callable[[str], None]) -> None:
        """Calls `hear` with every word on the topic, from here and elsewhere. Before `open`.

        The word "" says that others may have been missed.
        """
        self._hearers.setdefault(topic, []).append(hear)

    def tell(self, topic: str, word: str = "") -> None:
        """Returns at once. Equal words that were not yet sent are sent once."""
        self._hear(topic, word)
        if self._redis is not None:
            self._unsaid.note(topic, word)
            self._more.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Speaks and listens until the block ends; with or without a Redis that answers."""
        if self._redis is None:
            yield
            return
        work = [self._speak, *([self._listen] if self._hearers else [])]
        tasks = [asyncio.create_task(_kept_up(each, self._redis), name=f"hub {each.__name__}") for each in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await gone(tasks)
            # The last words are often the most welcome ones: a run that ended, a site that left.
            with suppress(RedisDown, TimeoutError):
                async with asyncio.timeout(LAST_WORDS_S):
                    await self._send(self._redis)

    async def _speak(self, redis: Redis) -> None:
        while True:
            await self._more.wait()
            try:
                await self._send(redis)
            except RedisDown:
                await asyncio.sleep(PAUSE_S)
            # One message a word and moment would cost both sides more than the words are worth.
            await asyncio.sleep(GATHER_S)

    async def _send(self, redis: Redis) -> None:
        """Raises RedisDown; what was not sent then is kept."""
        self._more.clear()
        while self._unsaid:
            words = self._unsaid.take(BATCH)
            sent = False
            try:
                await redis.ask(self._publishing(redis, words))
                sent = True
            finally:
                if not sent:
                    # Said twice does no harm; a listener whose own connection held would never look for what was not.
                    for topic, word in words:
                        self._unsaid.note(topic, word)
                    self._more.set()

    def _publishing(self, redis: Redis, words: list[Word]) -> Callable[[object], Awaitable[object]]:
        pipeline = redis.client.pipeline(transaction=False)
        for topic, word in words:
            pipeline.publish(redis.key("hub", topic), self._me + b" " + word.encode("utf-8", "replace"))
        return lambda _: pipeline.execute()

    async def _listen(self, redis: Redis) -> None:
        topics = {redis.key("hub", topic).encode(): topic for topic in self._hearers}
        try:
            async with redis.client.pubsub() as ear:
                await ear.subscribe(*topics)
                await self._hear_from(ear, topics)
        except (RedisError, OSError, TimeoutError) as error:
            if self._listening:
                log.warning("other processes are not heard: %s", type(error).__name__)
            await asyncio.sleep(PAUSE_S)
        finally:
            self._listening = False

    async def _hear_from(self, ear: PubSub, topics: dict[bytes, str]) -> None:
        """Raises TimeoutError when the server neither speaks nor answers, RedisError, OSError."""
        awaited, asked = set(topics), False
        while True:
            message = await ear.get_message(timeout=SILENCE_S)
            if message is None:
                # A server that is frozen keeps its connections: only an answer tells that it is not.
                if asked:
                    raise TimeoutError
                await ear.ping()
                asked = True
                continue
            asked = False
            if message["type"] == "message":
                self._arrived(topics.get(message["channel"]), message["data"])
            elif message["type"] == "subscribe" and not self._listening:
                awaited.discard(message["channel"])
                if not awaited:
                    self._began_to_hear()
            # A flood of words must leave time for everything else.
            await asyncio.sleep(0)

    def _began_to_hear(self) -> None:
        self._listening = True
        log.info("other processes are heard")
        # Whatever was said while nobody listened is lost: everybody should look once.
        for topic in self._hearers:
            self._hear(topic, "")

    def _arrived(self, topic: str | None, data: object) -> None:
        if topic is None or not isinstance(data, bytes) or len(data) > LONGEST_WORD:
            return
        origin, space, word = data.partition(b" ")
        if origin == self._me or not space:
            return
        if not self._came:
            asyncio.get_running_loop().call_later(GATHER_S, self._pass_on)
        self._came.note(topic, word.decode("utf-8", "replace"))

    def _pass_on(self) -> None:
        came, self._came = self._came, _Words()
        for topic, word in came:
            self._hear(topic, word)

    def _hear(self, topic: str, word: str) -> None:
        for hear in self._hearers.get(topic, ()):
            try:
                hear(word)
            except Exception as error:  # noqa: BLE001 - it must keep neither the others nor who spoke from going on
                _report(f"a word on {topic} was not taken", error)


class _Words:
    """Words that wait, each once, by topic: many of one must not cost the others theirs."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, None]] = {}

    def __bool__(self) -> bool:
        return bool(self._of)

    def __iter__(self) -> Iterator[Word]:
        return ((topic, word) for topic, words in self._of.items() for word in words)

    def note(self, topic: str, word: str) -> None:
        """Keeps the word, or in the place of too many of its topic that there were some."""
        words = self._of.setdefault(topic, {})
        words[word] = None
        if len(words) > MOST_WORDS:
            words.clear()
            words[""] = None

    def take(self, most: int) -> list[Word]:
        """Up to so many of them, which do not wait any more."""
        taken = list(islice(self, most))
        for topic, word in taken:
            del self._of[topic][word]
        self._of = {topic: words for topic, words in self._of.items() if words}
        return taken


def _report(what: str, error: Exception) -> None:
    log.error("%s", what, exc_info=error)


async def _kept_up(work: Callable[[Redis], Awaitable[None]], redis: Redis) -> None:
    """Begins the work again whenever it ends: without it this process would be deaf or dumb to its end."""
    while True:
        try:
            await work(redis)
        except Exception as error:  # noqa: BLE001 - what speaks to us may be anything but a Redis
            log.warning(
                "talking to other processes failed: %s", type(error).__name__, extra={"cause": str(error)[:200]}
            )
            await asyncio.sleep(PAUSE_S)
