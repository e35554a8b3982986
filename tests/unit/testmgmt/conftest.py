from collections.abc import AsyncIterator

import pytest

from tests.unit.testmgmt.pretend import Bench
from tests.unit.testmgmt.pretend import bench as opened


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with opened() as made:
        yield made
