"""The schema: one way up, the same for everybody who comes at once."""

import asyncio
import sys
import time
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from addon.store import migrate as migration
from addon.store import sqlite
from addon.store.db import Database
from addon.store.migrate import (
    TRIES,
    WAITING,
    NoSchema,
    TableInUse,
    UnderWay,
    _alone,
    _config,
    at_head,
    migrate,
    migrated,
)
from addon.store.tables.everything import metadata
from addon.store.trouble import DatabaseDown
from tests.conftest import administer, in_database
from tests.rows import add_run, add_tenant
from tests.unit.awake import awake


async def test_migrated_database_is_at_head(database: Database) -> None:
    assert await at_head(database)


async def test_empty_database_is_not_at_head(tmp_path: Path) -> None:
    db = Database.open(f"sqlite+aiosqlite:///{tmp_path}/empty.db")
    assert not await at_head(db)
    await db.close()


async def test_migrations_build_exactly_the_tables_of_the_code(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.begin() as tx:
        assert await tx.run_sync(differences) == []


async def test_partial_indexes_are_partial(database: Database) -> None:
    names = "('ix_runs_waiting', 'ix_runs_working', 'ix_runs_lease', 'uq_runs_active', 'ix_publications_waiting')"
    sql = {
        "sqlite": f"SELECT sql FROM sqlite_master WHERE type = 'index' AND name IN {names}",
        "postgresql": f"SELECT indexdef FROM pg_indexes WHERE indexname IN {names}",
    }
    async with database.begin() as tx:
        found = list((await tx.execute(text(sql[database.dialect]))).scalars())
    assert len(found) == 5
    assert all("where" in statement.lower() for statement in found)


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    await migrate(database_url)
    db = Database.open(database_url)
    assert await at_head(db)
    await db.close()


@pytest.mark.parametrize(("version", "fine"), [("9999", True), ("0001", False)])
async def test_a_newer_schema_is_fine_and_an_older_one_is_not(database: Database, version: str, fine: bool) -> None:
    async with database.begin() as tx:
        await tx.execute(text(f"update alembic_version set version_num = '{version}'"))
    assert await at_head(database) is fine
    if not fine:
        with pytest.raises(NoSchema, match="jiravision migrate"):
            await migrated(database, within_s=0)


async def test_a_newer_schema_is_left_alone_and_said(database: Database, database_url: str) -> None:
    async with database.begin() as tx:
        await tx.execute(text("update alembic_version set version_num = '9999'"))
    said: list[str] = []
    await migrate(database_url, said.append)
    async with database.begin() as tx:
        assert (await tx.execute(text("select version_num from alembic_version"))).scalar_one() == "9999"
    assert "newer than this release" in said[-1]


async def test_it_says_what_it_does(tmp_path: Path) -> None:
    url, said = f"sqlite+aiosqlite:///{tmp_path}/new.db", list[str]()
    await migrate(url, said.append)
    assert said[:2] == ["0001 …", "0001 done"]
    await migrate(url, said.append)
    assert said[-1].endswith(" already.")


async def test_a_table_in_use_ends_the_migration_soon_and_nobody_else(postgres_url: str) -> None:
    """Somebody holds a row of runs: the step gives up, inserts of others go on, and nothing is half done."""
    await administer(postgres_url, 'CREATE DATABASE "busy"')
    url = in_database(postgres_url, "busy")
    await migrate(url)
    holder, others = Database.open(url), Database.open(url)
    async with others.begin() as tx:
        await tx.run_sync(lambda connection: command.downgrade(_config(connection), "0005"))
    longest = 0.0

    async def insert_on() -> None:
        nonlocal longest
        while True:
            async with awake() as passed:
                await add_run(others, tenant_id)
                longest = max(longest, passed())
            await asyncio.sleep(0.05)

    tenant_id = await add_tenant(others)
    began, said = time.monotonic(), list[str]()
    try:
        async with holder.begin() as tx:
            await tx.execute(text("lock table runs in row exclusive mode"))
            inserting = asyncio.create_task(insert_on())
            with pytest.raises(TableInUse, match="step 0006"):
                await migrate(url, said.append)
        assert time.monotonic() - began < 120
        assert not inserting.done()
        inserting.cancel()
        await asyncio.gather(inserting, return_exceptions=True)
        # One wait of the step, and a busy machine.
        assert longest < 3
        assert [line for line in said if "in use" in line][-1].endswith(f"try {TRIES} of {TRIES}")
        assert not await at_head(others)
    finally:
        await holder.close()
        await others.close()
        await administer(postgres_url, 'DROP DATABASE "busy" WITH (FORCE)')


async def test_who_waits_for_another_migration_says_so_and_has_its_own_end(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "WAIT_FOR_OTHER_S", 0.3)
    monkeypatch.setattr(migration, "WAIT_FOR_FILE_S", 0.3)
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.1)
    said: list[str] = []
    async with database.begin() as tx:
        assert await _alone(tx)
        with pytest.raises(UnderWay, match=r"another migration is under way.*`jiravision migrate` again") as caught:
            await migrate(database_url, said.append)
    assert not isinstance(caught.value, DatabaseDown)
    assert said == [WAITING]
    await migrate(database_url, said.append)
    assert said[-1].endswith(" already.")


async def test_who_waits_for_another_migration_goes_on_after_it(postgres_url: str) -> None:
    """Also a long one: an index of a large table takes many minutes."""
    assert migration.WAIT_FOR_OTHER_S >= 1800
    await administer(postgres_url, 'CREATE DATABASE "awaited"')
    url = in_database(postgres_url, "awaited")
    other, waits = Database.open(url), asyncio.Event()
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        waits.set()

    try:
        async with other.begin() as tx:
            assert await _alone(tx)
            second = asyncio.create_task(migrate(url, say))
            await asyncio.wait_for(waits.wait(), 60)
        await asyncio.wait_for(second, 180)
        assert await at_head(other)
    finally:
        await other.close()
        await administer(postgres_url, 'DROP DATABASE "awaited" WITH (FORCE)')
    assert said[:2] == [WAITING, "0001 …"]


async def test_trouble_of_a_file_that_nobody_holds_keeps_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "WAIT_FOR_FILE_S", 0.0)
    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    db = Database.open(url)
    async with db.begin() as tx:
        # The first step finds one of its tables there.
        await tx.execute(text("create table runs (id text)"))
    await db.close()
    with pytest.raises(DatabaseDown) as caught:
        await migrate(url)
    assert "already exists" in caught.value.for_operator


async def test_four_processes_may_migrate_an_empty_sqlite_file_at_once(tmp_path: Path) -> None:
    await _migrate_in_processes(f"sqlite+aiosqlite:///{tmp_path}/new/jiravision.db", tmp_path)


async def test_four_processes_may_migrate_an_empty_postgresql_at_once(postgres_url: str, tmp_path: Path) -> None:
    await administer(postgres_url, 'CREATE DATABASE "raced"')
    try:
        await _migrate_in_processes(in_database(postgres_url, "raced"), tmp_path)
    finally:
        await administer(postgres_url, 'DROP DATABASE "raced" WITH (FORCE)')


async def _migrate_in_processes(url: str, elsewhere: Path) -> None:
    """In a folder without pyproject.toml: where the process stands must not matter."""
    root = Path(__file__).parents[3]
    code = f"import sys, asyncio; sys.path.insert(0, {str(root)!r})\n"
    code += f"from addon.store.migrate import migrate; asyncio.run(migrate({url!r}))"
    children = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=elsewhere, stderr=asyncio.subprocess.PIPE)
        for _ in range(4)
    ]
    for child in children:
        _, errors = await asyncio.wait_for(child.communicate(), 300)
        assert child.returncode == 0, errors.decode()
    db = Database.open(url)
    async with db.begin() as tx:
        tables = await tx.run_sync(lambda connection: inspect(connection).get_table_names())
    await db.close()
    assert set(metadata.tables) <= set(tables)
