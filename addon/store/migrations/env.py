"""Run by Alembic. `store/migrate.py` hands over its connection; the `alembic` command line opens one of its own."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from addon.settings import load_settings
from addon.store.db import Database
from addon.store.tables.everything import metadata


def upgrade(connection: Connection) -> None:
    # Transactional also on SQLite: our connections begin transactions themselves, so that its DDL rolls back too.
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


async def upgrade_alone() -> None:
    db = Database.open(load_settings().database_url)
    try:
        async with db.begin() as tx:
            await tx.run_sync(upgrade)
    finally:
        await db.close()


given = context.config.attributes.get("connection")
if given is None:
    asyncio.run(upgrade_alone())
else:
    upgrade(given)
