from collections.abc import AsyncIterator

import pytest

from tests.unit.redis.deployment import Deployment, open_deployment


@pytest.fixture
async def deployment() -> AsyncIterator[Deployment]:
    """A Redis of the test's own, empty; the test may kill it."""
    async with open_deployment() as opened:
        yield opened
