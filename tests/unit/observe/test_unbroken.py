"""The end of tasks that hear late, or never, that they are to end."""

import asyncio
import logging
import time
from contextlib import suppress

import pytest

from addon.observe.unbroken import gone

SHORT_S = 0.3


async def deaf(times: int) -> None:
    """Swallows what it is told so often."""
    for _ in range(times):
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)


async def told(times: int) -> "asyncio.Task[None]":
    task = asyncio.create_task(deaf(times), name="listener")
    await asyncio.sleep(0)
    task.cancel()
    return task


async def test_who_missed_it_once_is_told_again(caplog: pytest.LogCaptureFixture) -> None:
    hearing, late = await told(1), await told(2)
    await gone([hearing, late], within_s=SHORT_S)
    assert hearing.done()
    assert late.done()
    assert caplog.records == []


async def test_who_never_hears_is_broken_off_by_name(caplog: pytest.LogCaptureFixture) -> None:
    task = await told(10**6)
    began = time.monotonic()
    with caplog.at_level(logging.ERROR):
        await gone([task], within_s=SHORT_S)
    assert time.monotonic() - began < SHORT_S + 15
    assert "listener does not end" in caplog.text
    # The loop of the process ends with its last task.
    await asyncio.wait([task], timeout=30)
    assert task.done()


async def test_what_a_task_failed_with_is_not_raised() -> None:
    async def fails() -> None:
        raise ValueError

    await gone([asyncio.create_task(fails())], within_s=SHORT_S)
    await gone([])
