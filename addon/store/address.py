"""Where the database is: the address in DATABASE_URL."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from addon.errors import Misconfigured

DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")


def parse_url(url: str) -> URL:
    """Raises Misconfigured unless the address names a supported driver and, for SQLite, a file."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise Misconfigured("DATABASE_URL is not an address SQLAlchemy understands") from None
    if parsed.drivername not in DRIVERS:
        raise Misconfigured(f"DATABASE_URL must start with {' or '.join(f'{d}://' for d in DRIVERS)}")
    if parsed.drivername.startswith("sqlite") and parsed.database in (None, "", ":memory:"):
        raise Misconfigured("DATABASE_URL must name a file: a database in memory forgets what it accepted")
    return parsed


def sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite address, None for a server."""
    return Path(str(url.database)) if url.drivername.startswith("sqlite") else None
