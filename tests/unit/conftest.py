"""What tests of several rooms need."""

from collections.abc import Iterator

import pytest

from tests.services import RedisServer


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A running Redis of the test's own."""
    running = RedisServer()
    running.start()
    yield running
    running.remove()
