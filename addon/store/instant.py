"""The database's own clock, which all processes of a deployment share."""

from sqlalchemy import ColumnElement, Float, literal_column
from sqlalchemy.ext.asyncio import AsyncConnection

_NOW = {
    # Not the beginning of the transaction: it may have waited for a row since.
    "postgresql": literal_column("extract(epoch from clock_timestamp())::float8", Float),
    "sqlite": literal_column("((julianday('now') - 2440587.5) * 86400.0)", Float),
}


def instant(tx: AsyncConnection) -> ColumnElement[float]:
    """UTC seconds since 1970 at the moment the statement comes to it."""
    return _NOW[tx.dialect.name]
