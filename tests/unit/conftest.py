"""What tests of several rooms need."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

from tests.conftest import administer, in_database
from tests.postgres_wire import Wire
from tests.services import RedisServer

MINUTE_S, DAY_S = 60.0, 86_400.0

# How long an example takes says more about the machine than about what is tested.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A running Redis of the test's own."""
    running = RedisServer()
    running.start()
    yield running
    running.remove()


@pytest.fixture
async def wire(postgres_url: str, postgres_template: str) -> AsyncIterator[Wire]:
    """A PostgreSQL database of the test's own, over a wire that counts round trips."""
    name = f"costs_{uuid4().hex}"
    await administer(postgres_url, f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}"')
    async with Wire(in_database(postgres_url, name)) as counted:
        yield counted


@pytest.fixture
async def one_minute() -> None:
    """Calls are counted by the minute of the clock: no test stands with one foot in the next."""
    await _room_in(MINUTE_S, at_least_s=10)


@pytest.fixture
async def one_day() -> None:
    """As money is by the day."""
    await _room_in(DAY_S, at_least_s=30)


async def _room_in(period_s: float, *, at_least_s: float) -> None:
    left_s = period_s - time.time() % period_s
    if left_s < at_least_s:
        await asyncio.sleep(left_s + 0.1)
