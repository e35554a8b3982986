"""Upper bounds on time that hold on a machine with too much to do."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

TICK_S = 0.01


@asynccontextmanager
async def awake() -> AsyncIterator[Callable[[], float]]:
    """Seconds since the block began, without those in which nobody let this process run.

    Of a turn that comes late two ticks count: what waits too long by its own fault still does.
    """
    passed = 0.0

    async def tick() -> None:
        nonlocal passed
        while True:
            began = time.monotonic()
            await asyncio.sleep(TICK_S)
            passed += min(time.monotonic() - began, 2 * TICK_S)

    ticking = asyncio.create_task(tick())
    try:
        yield lambda: passed
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
