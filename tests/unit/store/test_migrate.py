"""The schema: one way up, the same for everybody who comes at once."""

import asyncio
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from addon.store.db import Database
from addon.store.migrate import at_head, migrate
from addon.store.tables.everything import metadata
from tests.conftest import administer, in_database


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
    sql = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND name LIKE '%_due' OR name = 'uq_runs_active'",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE indexname LIKE '%_due' OR indexname = 'uq_runs_active'",
    }
    async with database.begin() as tx:
        found = list((await tx.execute(text(sql[database.dialect]))).scalars())
    assert len(found) == 3
    assert all("where" in statement.lower() for statement in found)


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    await migrate(database_url)
    db = Database.open(database_url)
    assert await at_head(db)
    await db.close()


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
        _, errors = await asyncio.wait_for(child.communicate(), 60)
        assert child.returncode == 0, errors.decode()
    db = Database.open(url)
    async with db.begin() as tx:
        tables = await tx.run_sync(lambda connection: inspect(connection).get_table_names())
    await db.close()
    assert set(metadata.tables) <= set(tables)
