"""Wake-up tokens: "queue so-and-so has due rows". The rows are the work and the truth; a lost token costs a second.

taskiq carries the tokens: inside one process with its in-memory broker, between processes with a list in Redis, under
the same task. A token goes to one worker; that running work is to be looked at again is called out to all of them.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import cast

from redis.asyncio import Redis as Client
from redis.exceptions import RedisError, ResponseError
from taskiq import AsyncBroker, BrokerMessage, InMemoryBroker
from taskiq.exceptions import SendTaskError
from taskiq.receiver import Receiver
from taskiq_redis import ListQueueBroker

from addon.observe.unbroken import gone
from addon.redis.connection import Redis, RedisDown, RedisRefused
from addon.redis.heeding import heeding
from addon.redis.hub import Hub

QUEUES = ("priority", "ai", "default", "exports")
"""In the order of importance: a person waits; analyses that come by themselves; writing to Jira; files."""

DUE = "jiravision.due"
"""What a token asks for, with a queue as its one argument."""

LOOK = "work"
"""The hub's topic for workers: somebody asked running work to stop, or a site left."""
NOTED = "later"
"""The hub's topic for who starts what is due by the clock: there is something new to wait for."""
SAME_S = 0.02
"""How long a token waits for more of its kind: it stands for all that became due before it leaves."""
MOST_TOKENS = 100
"""So many wait while nobody listens. A worker that comes back looks by itself; each token makes it look once more."""
POP_S = 5.0
PAUSE_S = 0.5

_PUT_RIGHT = """
if redis.call('TYPE', KEYS[1]).ok ~= 'list' then return redis.call('DEL', KEYS[1]) end
return 0
"""
"""In one step: what another process put right meanwhile holds tokens again."""

# One line for every token would drown the log.
logging.getLogger("taskiq").setLevel(logging.WARNING)
log = logging.getLogger(__name__)


class RedisBroker(ListQueueBroker):
    """A list in Redis that outlives the server's absences: a worker that ended with them would drop its work."""

    def __init__(self, redis: Redis) -> None:
        # Connections of its own: waiting for a token takes longer than any answer may.
        super().__init__(redis.url, queue_name=redis.key("wake"), socket_connect_timeout=1.0, socket_timeout=2 * POP_S)
        heeding(self.connection_pool)
        self._redis = redis

    async def kick(self, message: BrokerMessage) -> None:
        """Raises RedisDown."""
        try:
            await self._push(message.message)
        except RedisRefused:
            await self.put_right()
            await self._push(message.message)

    async def put_right(self) -> None:
        """Removes what is no list under the name of ours: it would keep every token out. Raises RedisDown."""
        if await self._redis.ask(self._without_garbage):
            log.warning("something else than tokens stood in Redis under %s: it was removed", self.queue_name)

    async def _push(self, token: bytes) -> None:
        """Raises RedisDown."""
        waiting = await self._redis.ask(lambda client: client.lpush(self.queue_name, token))
        if waiting > MOST_TOKENS:
            await self._redis.ask(lambda client: client.ltrim(self.queue_name, 0, MOST_TOKENS - 1))

    async def _without_garbage(self, client: Client) -> bool:
        return bool(await cast("Awaitable[int]", client.eval(_PUT_RIGHT, 1, self.queue_name)))

    async def listen(self) -> AsyncGenerator[bytes, None]:
        while True:
            token = None
            try:
                token = await self._next()
            except Exception as error:  # noqa: BLE001 - what answers us may be anything but a Redis
                await self._rest_after(error)
            if token is not None:
                yield token

    async def _next(self) -> bytes | None:
        """A token of ours, if one came within a few seconds. Raises whatever the answer of a stranger leads to."""
        async with Client(connection_pool=self.connection_pool) as client:
            # Not for ever: a server that went without a word would be waited for until the end of days.
            found = await client.brpop([self.queue_name], timeout=POP_S)
        if found is None:
            return None
        token = cast("bytes", found[1])
        if self._is_ours(token):
            return token
        log.info("a token that is not ours was dropped")
        return None

    async def _rest_after(self, error: Exception) -> None:
        if isinstance(error, RedisError | OSError):
            log.debug("no tokens: %s", type(error).__name__)
        else:
            log.warning("hearing of work failed: %s", type(error).__name__, extra={"cause": str(error)[:200]})
        # Whatever goes wrong with that is found out by the next turn.
        with suppress(Exception):
            if isinstance(error, ResponseError):
                await self.put_right()
            elif not isinstance(error, RedisError):
                # What the stranger said beyond it would be the next answer.
                await self.connection_pool.disconnect()
        await asyncio.sleep(PAUSE_S)

    def _is_ours(self, token: bytes) -> bool:
        """Whether taskiq would do with it what we meant: anybody who reaches Redis may put anything there."""
        try:
            said = self.formatter.loads(token)
        except (ValueError, RecursionError):
            return False
        more = said.labels or said.labels_types or said.kwargs
        return said.task_name == DUE and said.args in [[queue] for queue in QUEUES] and not more


class Wakes:
    """Sends tokens, and hands those that arrive to the worker of this process, once there is one."""

    def __init__(self, redis: Redis | None = None, *, hub: Hub | None = None) -> None:
        self.broker: AsyncBroker = RedisBroker(redis) if redis else InMemoryBroker(max_stored_results=1)
        self._remote = redis is not None
        self._hub = hub or Hub()

        # Plain function: taskiq renames what it registers, which a method does not let happen.
        async def due(queue: str) -> None:
            await self._due_arrived(queue)

        self._due = self.broker.register_task(due, task_name=DUE)
        self._on_due: Callable[[str], Awaitable[None]] | None = None
        self._under_way: set[str] = set()
        self._left: dict[str, float] = {}
        self._listening: asyncio.Task[None] | None = None
        self._finish = asyncio.Event()

    def deliver_to(self, on_due: Callable[[str], Awaitable[None]]) -> None:
        """on_due: rows of a queue are due."""
        self._on_due = on_due

    def on_look(self, look: Callable[[], None]) -> None:
        """look: somebody asked running work to stop, or it is not known whether anybody did."""
        self._hub.on(LOOK, lambda _: look())

    def on_noted(self, noted: Callable[[], None]) -> None:
        """noted: something new waits for its time, or it is not known whether anything does."""
        self._hub.on(NOTED, lambda _: noted())

    async def start(self) -> None:
        """Begins to deliver. Who only sends does not need it."""
        self.broker.is_worker_process = self._remote
        await self.broker.startup()
        if self._remote:
            receiver = Receiver(self.broker, run_startup=False, max_async_tasks=8)
            self._listening = asyncio.create_task(receiver.listen(self._finish), name="tokens")

    async def stop(self) -> None:
        self._on_due = None
        self._finish.set()
        if self._listening is not None:
            self._listening.cancel()
            await gone([self._listening])
        await self.broker.shutdown()

    async def wake(self, queue: str) -> None:
        """Call it after the commit that made a row due. A token not yet delivered stands for all that follow it."""
        if queue in self._under_way:
            return
        self._under_way.add(queue)
        if not self._remote and self._rested(queue):
            await self._due.kiq(queue)
            return
        # Not waited for by a webhook: a token that is lost costs the row one second.
        task = asyncio.create_task(self._sent(queue))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

    async def look(self) -> None:
        """Call it after the commit of a request to cancel, so that it is noticed before the next heartbeat."""
        self._hub.tell(LOOK)

    def note(self) -> None:
        """Call it after the commit of what is to start later, so that whoever starts it knows when to look."""
        self._hub.tell(NOTED)

    def _rested(self, queue: str) -> bool:
        """Whether no token left just now; from now on one did."""
        now, before = time.monotonic(), self._left.get(queue, 0.0)
        if now - before >= SAME_S:
            self._left[queue] = now
        return now - before >= SAME_S

    async def _sent(self, queue: str) -> None:
        # What becomes due meanwhile is covered by this token, because it leaves only afterwards.
        await asyncio.sleep(SAME_S)
        self._under_way.discard(queue)
        # taskiq wraps what the broker raises.
        with suppress(RedisDown, SendTaskError):
            await self._due.kiq(queue)

    async def _due_arrived(self, queue: str) -> None:
        self._under_way.discard(queue)
        if self._on_due is not None:
            await self._on_due(queue)


_tasks: set[asyncio.Task[None]] = set()
