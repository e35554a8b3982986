"""The running product for the tests of this folder: two stacks shared by all of them, and fresh ones to break.

Shared stacks are never reset: a test makes its own issues, and clears the logs of a site before it counts in them.
"""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import clone, in_database
from tests.stack import Stack
from tests.zygote import SETTLED_SOON

MODEL_LATENCY_S = 0.05
FRAIL_TIMEOUT_S = 6
"""How long the stack for breaking waits for its model: answers that are slow on purpose come well within it."""
HEARD_S = 4.0
"""So soon every process has heard what one was told. What became true counts at once, what was true a bit longer; who
hears nothing asks by itself after five seconds.
"""
SCALED = os.environ.get("JIRAVISION_TEST_SHAPE") == "scaled"
"""Whether every stack of this folder is two web, two worker and two scheduler processes on PostgreSQL and Redis."""
SHAPE: dict[str, Any] = {"scaled": SCALED, "warm": True, **SETTLED_SOON}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A failure shows the ends of the logs of every process that had to do with it."""
    report: Any = yield
    if report.failed:
        given = getattr(item, "funcargs", {})
        own = given.get("tmp_path")
        for each in list(Stack.standing):
            if each in given.values() or (own and each.folder.is_relative_to(own)):
                report.sections.append((f"the processes of {each.folder.name}", each.addon.last_words()))
    return report


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Two sites, the rules as analyst, SQLite. For tests that need no model and kill nothing."""
    folder = tmp_path_factory.mktemp("stack")
    with Stack(fresh_database(request, folder), folder, sites=2, **SHAPE) as running:
        yield running


@pytest.fixture(scope="session")
def model_stack(tmp_path_factory: pytest.TempPathFactory, postgres_url: str, postgres_template: str) -> Iterator[Stack]:
    """Three sites, the test model, PostgreSQL. Behaviours a test scripts are gone when it ends: see `model`."""
    with Stack(
        new_database(postgres_url, postgres_template),
        tmp_path_factory.mktemp("model"),
        sites=3,
        model=MODEL_LATENCY_S,
        **SHAPE,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def frail_stack(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Three sites, the test model and little patience with it, SQLite. Who kills its add-on starts it again."""
    folder = tmp_path_factory.mktemp("frail")
    # Without the template where one process does everything: that one makes its schema itself.
    url = fresh_database(request, folder) if SCALED else f"sqlite+aiosqlite:///{folder}/jiravision.db"
    with Stack(url, folder, sites=3, model=MODEL_LATENCY_S, **SHAPE, LLM_TIMEOUT=str(FRAIL_TIMEOUT_S)) as running:
        yield running


@pytest.fixture
def model(model_stack: Stack) -> Iterator[Callable[..., Any]]:
    """`Stack.model` of the shared model stack, its log empty at the start and its behaviours gone at the end."""
    model_stack.model("reset")
    yield model_stack.model
    model_stack.model("reset")
    model_stack.model("latency", MODEL_LATENCY_S)


@pytest.fixture
def fresh_stack(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Stack]]:
    """Starts stacks of a test's own: fresh_stack(sites=1, model=None, postgresql=False, **environment)."""
    with contextlib.ExitStack() as running:

        def start(*, postgresql: bool = False, **options: Any) -> Stack:
            folder = tmp_path / uuid4().hex
            folder.mkdir()
            url = fresh_database(request, folder, postgresql=postgresql)
            return running.enter_context(Stack(url, folder, **{**SHAPE, **options}))

        yield start


def fresh_database(request: pytest.FixtureRequest, folder: Path, *, postgresql: bool = False) -> str:
    """The address of a migrated, empty database: a file in the folder, unless several processes are to share it."""
    value = request.getfixturevalue
    if postgresql or SCALED:
        return new_database(value("postgres_url"), value("postgres_template"))
    return sqlite_copy(value("sqlite_template"), folder)


def new_database(server: str, template: str) -> str:
    """The address of a migrated, empty database; it goes with the server."""
    name = f"flow_{uuid4().hex}"
    asyncio.run(clone(server, name, template))
    return in_database(server, name)


def sqlite_copy(template: Path, folder: Path) -> str:
    """The address of a migrated, empty file."""
    return f"sqlite+aiosqlite:///{shutil.copy(template, folder / 'jiravision.db')}"
