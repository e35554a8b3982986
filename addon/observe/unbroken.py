"""Steps that an orderly end waits for."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

WAIT_S = 2.0

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
