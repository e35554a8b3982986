"""What tests of several rooms need."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from tests.conftest import administer, in_database
from tests.postgres_wire import Wire
from tests.services import RedisServer


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
