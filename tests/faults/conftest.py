"""One deployment that all these tests break and that has to be whole after each of them."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest

from addon.store.migrate import migrate
from tests.conftest import administer, in_database
from tests.faults.ground import LLM_TIMEOUT_S, MODEL_LATENCY_S, SEAL, SITES, Ground, address, database
from tests.faults.watch import Pulse, Supervisor
from tests.flow.conftest import sqlite_copy
from tests.services import PostgreSQL
from tests.stack import Fleet, Stack
from tests.zygote import SETTLED_SOON

TIMED = "test_crowd.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What measures times comes last on the ground: other workers have little left to do then, or nothing."""
    items.sort(key=lambda item: item.path.name == TIMED)


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Two processes of each kind on a PostgreSQL and a Redis of their own; whoever dies comes back."""
    with ExitStack() as standing:
        postgres = PostgreSQL(fsync=True, connections=100)
        standing.callback(postgres.remove)
        postgres.start()
        url = database(postgres)
        asyncio.run(migrate(url))
        folder = tmp_path_factory.mktemp("ground")
        stack = Stack(
            url,
            folder,
            sites=SITES,
            model=MODEL_LATENCY_S,
            scaled=True,
            warm=True,
            APP_SECRET_KEY=SEAL,
            LLM_TIMEOUT=str(LLM_TIMEOUT_S),
            **SETTLED_SOON,
        )
        standing.enter_context(stack)
        assert isinstance(stack.addon, Fleet)
        supervisor = standing.enter_context(Supervisor(stack.addon.all))
        pulse = standing.enter_context(Pulse({address(web): web for web in stack.addon.webs}))
        yield Ground(stack, postgres, supervisor, pulse)
        supervisor.rest(*stack.addon.all)


@pytest.fixture
def faulty(ground: Ground) -> Iterator[Ground]:
    """The ground, well at the start; at the end it is whole again without anybody's help."""
    ground.fresh_start()
    yield ground
    ground.whole()


@pytest.fixture
def fresh(
    tmp_path: Any, postgres_url: str, postgres_template: str, sqlite_template: Any
) -> Iterator[Callable[..., Stack]]:
    """Starts stacks of a test's own: fresh(postgresql=False, through=None, and what a Stack takes).

    through: a wire that stands before the server.
    """
    with ExitStack() as running:

        def start(*, postgresql: bool = False, through: Any = None, **options: Any) -> Stack:
            folder = tmp_path / uuid4().hex
            folder.mkdir()
            if not postgresql:
                url = sqlite_copy(sqlite_template, folder)
            else:
                name = f"faults_{uuid4().hex}"
                asyncio.run(administer(postgres_url, f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}"'))
                url = in_database(through.url if through else postgres_url, name)
            return running.enter_context(Stack(url, folder, **{"warm": True, **SETTLED_SOON, **options}))

        yield start
