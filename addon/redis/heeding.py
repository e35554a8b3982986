"""Connections whose user can be told to end at any moment."""

import asyncio
from collections.abc import Iterable

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError


class _Heeding(AbstractConnection):
    """The client sends with asyncio.wait_for, which Python 3.11 lets swallow a cancellation that comes when the sending
    is just done (github.com/python/cpython/issues/81839). A listener then listens on, and who ends it waits for ever.
    """

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:
        told = _times_told()
        try:
            await super().send_packed_command(command, check_health)
        except (RedisError, OSError):
            await self._heed(told)
            raise
        await self._heed(told)

    async def _heed(self, told: int) -> None:
        """Raises CancelledError when the task was told to end since then."""
        if _times_told() > told:
            # The command may be on its way, and its answer would be taken for that of the next one.
            await self.disconnect(nowait=True)
            raise asyncio.CancelledError


def _times_told() -> int:
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0


def heeding(pool: BlockingConnectionPool) -> BlockingConnectionPool:
    """The pool, before its first connection, for connections that heed; of whatever kind its address asks for."""
    pool.connection_class = type(pool.connection_class.__name__, (_Heeding, pool.connection_class), {})
    return pool
