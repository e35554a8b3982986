from collections.abc import AsyncIterator

import pytest

from tests.unit.redis.deployment import Deployment, be_patient, open_deployment


@pytest.fixture
async def deployment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deployment]:
    """A Redis of the test's own, empty; the test may kill it, or freeze it where its name says so."""
    if "frozen" not in request.node.name:
        be_patient(monkeypatch)
    async with open_deployment() as opened:
        yield opened
