"""Wake-up tokens: "queue so-and-so has due rows". The rows are the work and the truth; a lost token costs a second.

taskiq carries the tokens: inside one process with its in-memory broker, between processes with another broker under the
same two tasks.
"""

import logging
from collections.abc import Awaitable, Callable

from taskiq import AsyncBroker, InMemoryBroker

QUEUES = ("priority", "ai", "default")
"""In the order of importance: a person waits; analyses that come by themselves; writing to Jira."""

# One line for every token would drown the log.
logging.getLogger("taskiq").setLevel(logging.WARNING)


class Wakes:
    """Sends tokens, and hands those that arrive to the worker of this process, once there is one."""

    def __init__(self, broker: AsyncBroker | None = None) -> None:
        self.broker = broker or InMemoryBroker(max_stored_results=1)

        # Plain functions: taskiq renames what it registers, which a method does not let happen.
        async def due(queue: str) -> None:
            await self._due_arrived(queue)

        async def look() -> None:
            await self._look_arrived()

        self._due = self.broker.register_task(due, task_name="jiravision.due")
        self._look = self.broker.register_task(look, task_name="jiravision.look")
        self._on_due: Callable[[str], Awaitable[None]] | None = None
        self._on_look: Callable[[], Awaitable[None]] | None = None
        self._under_way: set[str] = set()

    def deliver_to(self, on_due: Callable[[str], Awaitable[None]], on_look: Callable[[], Awaitable[None]]) -> None:
        """on_due: rows of a queue are due. on_look: somebody asked running work to stop."""
        self._on_due, self._on_look = on_due, on_look

    async def start(self) -> None:
        await self.broker.startup()

    async def stop(self) -> None:
        self._on_due = self._on_look = None
        await self.broker.shutdown()

    async def wake(self, queue: str) -> None:
        """Call it after the commit that made a row due. A token not yet delivered stands for all that follow it."""
        if queue not in self._under_way:
            self._under_way.add(queue)
            await self._due.kiq(queue)

    async def look(self) -> None:
        """Call it after the commit of a request to cancel, so that it is noticed before the next heartbeat."""
        await self._look.kiq()

    async def _due_arrived(self, queue: str) -> None:
        self._under_way.discard(queue)
        if self._on_due is not None:
            await self._on_due(queue)

    async def _look_arrived(self) -> None:
        if self._on_look is not None:
            await self._on_look()
