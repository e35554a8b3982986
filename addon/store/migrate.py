"""Brings the schema to its newest version. Safe to run from several processes at once and from any folder."""

import asyncio
import logging
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from addon.errors import AddonError, Misconfigured
from addon.store.db import Database, DatabaseDown

log = logging.getLogger(__name__)

SCRIPTS = Path(__file__).parent / "migrations"
WAIT_FOR_OTHER_S = 60
"""How long to wait for another process that migrates already."""
WAIT_FOR_TABLE_S = 5
"""How long a change may wait for a table in use: queueing behind a long reader would stop everybody else too."""
WAIT_FOR_SCHEMA_S = 30
"""How long a process that does not migrate itself waits for the one that does."""
_ADVISORY_LOCK = 0x4A56_0001


async def migrate(url: str) -> None:
    """All steps that are missing, in one transaction. Raises Misconfigured, DatabaseDown."""
    db = Database.open(url)
    try:
        for attempt in range(WAIT_FOR_OTHER_S // 10):
            try:
                async with db.begin() as tx:
                    if tx.dialect.name == "postgresql":
                        await tx.execute(text(f"SET LOCAL lock_timeout = '{WAIT_FOR_OTHER_S}s'"))
                        await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
                        await tx.execute(text(f"SET LOCAL lock_timeout = '{WAIT_FOR_TABLE_S}s'"))
                    await tx.run_sync(_upgrade)
                return
            except DatabaseDown as error:
                # SQLite gives up waiting for the other migrator after its busy timeout; the file itself is there.
                if not isinstance(error.__cause__, OperationalError) or db.dialect != "sqlite" or attempt == 5:
                    raise
                await asyncio.sleep(0.1)
    finally:
        await db.close()


async def migrated(db: Database) -> None:
    """Waits for whoever migrates. Raises Misconfigured when nobody does, DatabaseDown when the database stays away."""
    ends = time.monotonic() + WAIT_FOR_SCHEMA_S
    while True:
        try:
            if await at_head(db):
                return
            trouble: AddonError = Misconfigured("the database has no schema of this release: run `jiravision migrate`")
        except DatabaseDown as error:
            trouble = error
        if time.monotonic() > ends:
            raise trouble
        log.info("waiting for the database: %s", trouble.detail)
        await asyncio.sleep(1.0)


async def at_head(db: Database) -> bool:
    """Whether the schema is the one this code was written for. Raises DatabaseDown."""
    async with db.begin() as tx:
        return await tx.run_sync(_is_at_head)


def _config(connection: Connection | None = None) -> Config:
    # The path is set here as well as in pyproject.toml: an installed package has no pyproject.toml beside it.
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


def _upgrade(connection: Connection) -> None:
    command.upgrade(_config(connection), "head")


def _is_at_head(connection: Connection) -> bool:
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == newest
