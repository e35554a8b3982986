"""A pretend server and a client to it for each test."""

from collections.abc import AsyncIterator

import pytest

from addon.llm.models import Models
from tests.fake_model import FakeModel
from tests.unit.llm.bench import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    pauses: list[float] = []

    async def note(pause_s: float) -> None:
        pauses.append(pause_s)

    async with FakeModel() as server:
        models = Models(sleep=note)
        try:
            yield Bench(server, models, pauses)
        finally:
            await models.close()
