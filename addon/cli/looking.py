"""The database for commands that look at it from outside, beside whatever works on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from addon.errors import Misconfigured
from addon.settings import Settings
from addon.store.address import parse_url, sqlite_file
from addon.store.db import Database
from addon.store.migrate import at_head


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Open inside the block. Raises Misconfigured where there is none of this release yet, DatabaseDown."""
    file = sqlite_file(parse_url(settings.database_url))
    # Opening it would make it, and who looks leaves nothing behind.
    if file is not None and not file.exists():
        raise Misconfigured(f"there is no database at {file} yet; `jiravision serve` makes it at its first start")
    db = Database.open(settings.database_url, pool=2)
    try:
        if not await at_head(db):
            raise Misconfigured("the database has no schema of this release: run `jiravision migrate`")
        yield db
    finally:
        await db.close()
