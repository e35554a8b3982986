"""Fixtures every test may use. The databases are real: a SQLite file, and a PostgreSQL cloned from a template.

With -n (pytest-xdist) the workers share one PostgreSQL server, and tests that share a running product share a worker.
"""

import asyncio
import contextlib
import gc
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from addon.store.db import Database
from addon.store.migrate import migrate
from addon.store.secrets import Seals
from tests.services import postgresql
from tests.zygote import NOBODY

# Seven thousand tests and what they import would be gone through for garbage again and again: a quarter of all time.
gc.set_threshold(50_000, 20, 100)
os.environ["SSL_CERT_DIR"] = NOBODY
os.environ.pop("SSL_CERT_FILE", None)
SHARED = ("product", "harness", "ground", "model_stack", "frail_stack", "stack")
"""Session fixtures that start a whole product: a test belongs to the worker that has the first of these it needs."""
GROUNDS = 3
"""Deployments that are broken side by side: each waits more than it computes."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """One server for all workers. Without any installed, the tests that need one say so themselves."""
    running = contextlib.ExitStack()
    with contextlib.suppress(RuntimeError):
        os.environ["TEST_PG_URL"] = running.enter_context(postgresql())
    config.add_cleanup(running.close)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    grounds: dict[Path, str] = {}
    ranks: dict[pytest.Item, int] = {}
    for item in items:
        given = item.get_closest_marker("xdist_group")
        group = given.args[0] if given else shared_by(item)
        if group == "ground":
            # The tests of one module stay together, so that none of what they leave to the next is new.
            group = grounds.setdefault(item.path, f"ground-{len(grounds) % GROUNDS}")
        if group and hasattr(config, "workerinput"):
            # The mark alone does nothing: xdist writes the group where a pytest from 9.2 on does not look.
            item._id = type(item.id).parse(f"{item.nodeid}@{group}")
        ranks[item] = 4 if given else rank(item, group)
    # The long ones first, so that the many short ones fill what is left of the time of every worker; last who asked to
    # be alone.
    items.sort(key=ranks.__getitem__)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


def shared_by(item: pytest.Item) -> str:
    """What tests of this one's group share; empty: nothing."""
    fixtures = getattr(item, "_fixtureinfo", None)
    known = fixtures.name2fixturedefs if fixtures else {}
    # A fixture of a test's own may stand for one of those or another.
    chosen = [value for value in getattr(getattr(item, "callspec", None), "params", {}).values() if value in SHARED]
    group = next((name for name in SHARED if name in (chosen or known)), "")
    # What a module prepares once would otherwise be prepared by every worker that has one of its tests.
    if not group and any(made.scope in ("module", "class") for each in known.values() for made in each):
        group = item.nodeid.partition("::")[0]
    return group


def rank(item: pytest.Item, group: str) -> int:
    if group.startswith("ground"):
        return 0
    if group in SHARED:
        return 1
    return 2 if group or item.get_closest_marker("process") else 3


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
    asyncio.run(clone(server, name, template))
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


async def clone(server: str, name: str, template: str) -> None:
    """A new database, as the template is."""
    async with administrator(server) as connection:
        # Copied as files: page by page through the log costs several times as much. Older servers know no other way.
        way = "STRATEGY file_copy" if connection.get_server_version().major >= 15 else ""
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {way}')


async def administer(server: str, statement: str) -> None:
    """Run one statement that must stand outside any transaction."""
    async with administrator(server) as connection:
        await connection.execute(statement)


@contextlib.asynccontextmanager
async def administrator(server: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(
        make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    )
    try:
        yield connection
    finally:
        await connection.close()
