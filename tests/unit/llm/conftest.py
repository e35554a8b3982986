"""A pretend server and a client to it for each test, on each of the four wires."""

from collections.abc import AsyncIterator

import pytest

from addon.llm.models import Models
from tests.fake_model import FakeModel
from tests.unit.llm.bench import FOUR, Bench


@pytest.fixture(params=FOUR)
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    pauses: list[float] = []

    async def note(pause_s: float) -> None:
        pauses.append(pause_s)

    async with FakeModel() as server:
        models = Models(sleep=note)
        try:
            yield Bench(request.param, server, models, pauses)
        finally:
            await models.close()
