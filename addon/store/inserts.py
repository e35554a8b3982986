"""INSERT as each of the two databases knows it."""

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Insert = sqlite.Insert | postgresql.Insert


def insert_into(tx: AsyncConnection, table: Table) -> Insert:
    """The dialect's own INSERT, which knows on_conflict_do_nothing and on_conflict_do_update."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)
