"""A process without a web server that stays until it is told to go."""

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal

import uvloop

from addon.cli.memory import give_large_blocks_back
from addon.cli.probes import Probes, Watched, probed
from addon.errors import Misconfigured
from addon.observe.logs import configure
from addon.settings import Settings

log = logging.getLogger("addon.serve")


Role = Literal["worker", "scheduler"]
Open = Callable[[Settings, Role], AbstractAsyncContextManager[Watched]]


def stay(settings: Settings, role: Role, *, opened: Open) -> None:
    """Keeps what `opened` gives until SIGTERM or Ctrl-C. Raises Misconfigured, Unavailable."""
    if not settings.scaled_out:
        raise Misconfigured(
            f"REDIS_URL is empty: `jiravision serve` then is its own {role}, and nothing else is needed"
        )
    configure(settings.log_level, settings.log_format)
    give_large_blocks_back()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told(settings, role, opened=opened))


async def _until_told(settings: Settings, role: Role, *, opened: Open) -> None:
    leaving = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leaving.set)
    async with probed(settings) as probes:
        staying = asyncio.create_task(_stay(opened(settings, role), probes, leaving=leaving, role=role))
        told = asyncio.create_task(leaving.wait())
        await asyncio.wait((staying, told), return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        probes.draining = True
        if probes.house is None:
            # Waiting for a database that may never come is nothing to be waited for.
            staying.cancel()
        await asyncio.wait((staying,))
        if not staying.cancelled():
            staying.result()


async def _stay(
    house: AbstractAsyncContextManager[Watched], probes: Probes, *, leaving: asyncio.Event, role: Role
) -> None:
    async with house as probes.house:
        log.info("%s at work", role)
        await leaving.wait()
        log.info("%s told to go", role)
