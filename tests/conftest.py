"""Fixtures every test may use. The databases are real: a SQLite file, and a PostgreSQL cloned from a template.

With -n (pytest-xdist) the workers share one PostgreSQL server, and tests that share a running product share a worker.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from addon.store.db import Database
from addon.store.migrate import migrate
from addon.store.secrets import Seals
from tests.services import postgresql

SHARED = ("product", "harness", "ground", "model_stack", "frail_stack", "stack")
"""Session fixtures that start a whole product: a test belongs to the worker that has the first of these it needs."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """One server for all workers. Without any installed, the tests that need one say so themselves."""
    running = contextlib.ExitStack()
    with contextlib.suppress(RuntimeError):
        os.environ["TEST_PG_URL"] = running.enter_context(postgresql())
    config.add_cleanup(running.close)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        fixtures = getattr(item, "_fixtureinfo", None)
        known = fixtures.name2fixturedefs if fixtures else {}
        group = next((name for name in SHARED if name in known), "")
        # What a module prepares once would otherwise be prepared by every worker that has one of its tests.
        if not group and any(made.scope in ("module", "class") for each in known.values() for made in each):
            group = item.nodeid.partition("::")[0]
        if group:
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A running PostgreSQL server's own database; tests get theirs from `database_url`."""
    with postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """Name of a migrated database to clone."""
    name = f"template_{uuid4().hex}"
    asyncio.run(administer(postgres_url, f'CREATE DATABASE "{name}"'))
    asyncio.run(migrate(in_database(postgres_url, name)))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    file = tmp_path_factory.mktemp("template") / "jiravision.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database; the test runs once on each kind."""
    if request.param == "sqlite":
        file = tmp_path / "jiravision.db"
        file.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        yield f"sqlite+aiosqlite:///{file}"
        return
    server = request.getfixturevalue("postgres_url")
    template = request.getfixturevalue("postgres_template")
    name = f"test_{uuid4().hex}"
    asyncio.run(administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    yield in_database(server, name)
    asyncio.run(administer(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database, fresh and migrated; the test runs once on each kind."""
    db = Database.open(database_url)
    yield db
    await db.close()


@pytest.fixture
def seals() -> Seals:
    return Seals(["a key of the tests, long enough to be one"])


def in_database(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


async def administer(server: str, statement: str) -> None:
    """Run one statement that must stand outside any transaction."""
    connection = await asyncpg.connect(
        make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    )
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
