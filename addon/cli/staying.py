"""A process without a web server that stays until it is told to go."""

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal

import uvloop

from addon.errors import Misconfigured
from addon.observe.logs import configure
from addon.settings import Settings

log = logging.getLogger("addon.serve")


Role = Literal["worker", "scheduler"]
Open = Callable[[Settings, Role], AbstractAsyncContextManager[object]]


def stay(settings: Settings, role: Role, *, opened: Open) -> None:
    """Keeps what `opened` gives until SIGTERM or Ctrl-C. Raises Misconfigured, DatabaseDown."""
    if not settings.scaled_out:
        raise Misconfigured(
            f"REDIS_URL is empty: `jiravision serve` then is its own {role}, and nothing else is needed"
        )
    configure(settings.log_level, settings.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told(settings, role, opened=opened))


async def _until_told(settings: Settings, role: Role, *, opened: Open) -> None:
    leaving = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leaving.set)
    async with opened(settings, role):
        log.info("%s at work", role)
        await leaving.wait()
        log.info("%s told to go", role)
