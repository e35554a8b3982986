"""Steps that an orderly end waits for, and tasks that it does not wait for for ever."""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any, TypeVar, cast

WAIT_S = 2.0
END_S = 3.0
TIMES = 3

log = logging.getLogger(__name__)

T = TypeVar("T")


async def unbroken(step: Coroutine[Any, Any, T]) -> T:
    """The step's result. Whoever cancels waits a moment for its end: a statement torn off costs its connection."""
    task = asyncio.ensure_future(step)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=WAIT_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


async def gone(tasks: Iterable["asyncio.Task[Any]"], *, within_s: float = END_S) -> None:
    """Waits for tasks that were cancelled, cancels them again, and breaks off who has not heard then.

    What libraries do with a cancellation is not in our hands; that a process which was told to go does go, is. Raises
    nothing of theirs.
    """
    pending = {task for task in tasks if not task.done()}
    for _ in range(TIMES):
        if pending:
            _, pending = await asyncio.wait(pending, timeout=within_s / TIMES)
        for task in pending:
            task.cancel()
    for task in pending:
        log.error("%s does not end although it was told to; it is broken off", task.get_name())
        # Else it would keep the whole process, whose loop ends with its last task.
        with suppress(RuntimeError):
            cast("Coroutine[Any, Any, None]", task.get_coro()).close()
        task.cancel()
