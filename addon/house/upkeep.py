"""What is done by itself while the house is open."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from addon.errors import AddonError
from addon.jira.users import own_account
from addon.policy.retention import purge
from addon.queue.broker import QUEUES
from addon.runs.desk import Desk
from addon.runs.reruns import Reruns

log = logging.getLogger(__name__)

PURGE_EVERY_S = 3600.0
PROBE_LOOK_S = 10.0


@asynccontextmanager
async def kept_clean(desk: Desk, reruns: Reruns) -> AsyncIterator[None]:
    """Deletes, once an hour, what is past its retention, and finds out who was superseded.

    Asks sites that refused the add-on, when they are due, whether they still do. Analyses changed issues anew when it
    is their turn.
    """

    async def hourly() -> None:
        while True:
            try:
                gone = await purge(desk.db, time.time())
                if gone:
                    log.info("deleted %d tenants past their retention", gone)
                await desk.tenants.settle(partial(own_account, desk.jira))
            except AddonError as error:
                log.warning("the hourly housekeeping was cut short: %s", error.code)
            await asyncio.sleep(PURGE_EVERY_S)

    async def probing() -> None:
        while True:
            try:
                if await desk.troubles.probe():
                    for queue in QUEUES:
                        await desk.wakes.wake(queue)
            except AddonError as error:
                log.warning("paused sites were not asked: %s", error.code)
            await asyncio.sleep(PROBE_LOOK_S)

    async def rerunning() -> None:
        while True:
            try:
                await reruns.start_due()
            except AddonError as error:
                log.warning("changed issues were not looked at: %s", error.code)
            await reruns.rest()

    jobs = {"retention": hourly, "probing": probing, "reruns": rerunning}
    tasks = [asyncio.create_task(job(), name=name) for name, job in jobs.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
