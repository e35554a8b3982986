"""One statement straight through the driver, for the few that are sent so often that the way there is what costs.

What they say is written in SQLAlchemy Core as everywhere and compiled once; a connection comes from the same pool.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql import ClauseElement
from sqlalchemy.util import greenlet_spawn

Row = tuple[Any, ...]


class Swift:
    """A statement for both databases that returns a few rows. values: its parameters, as the driver takes them.

    Documents are texts of JSON. Parameters with a list of values are not known here.
    """

    def __init__(self, sqlite: ClauseElement, postgresql: ClauseElement) -> None:
        self._statements = {"sqlite": sqlite, "postgresql": postgresql}
        self._compiled: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {}

    def given(self, dialect: Dialect, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """The SQL and its arguments in their order. Raises KeyError for a parameter without a value."""
        if dialect.name not in self._compiled:
            made = self._statements[dialect.name].compile(dialect=dialect)
            names = tuple(getattr(made, "positiontup", None) or ())
            constants = {name: value for name, value in made.params.items() if value is not None}
            self._compiled[dialect.name] = str(made), names, constants
        sql, names, constants = self._compiled[dialect.name]
        return sql, [values[name] if name in values else constants[name] for name in names]


async def fetch(engine: Engine, statement: Swift, *, values: Mapping[str, Any]) -> list[Row]:
    """All its rows; committed. Raises what the driver raises, TimeoutError of the pool."""
    sql, arguments = statement.given(engine.dialect, values)
    held = await _connected(engine)
    # Cancelled or cut off in the middle, whatever a connection says next belongs to nobody.
    usable = False
    try:
        raw: Any = held.driver_connection
        if engine.dialect.name == "postgresql":
            found: list[Row] = await raw.fetch(sql, *arguments)
        else:
            found = await raw.execute_fetchall(sql, arguments)
        usable = True
    except (asyncpg.PostgresError, sqlite3.Error):
        # It answered, so that it is as good as before, unless it was closed with that.
        usable = not _ended(held)
        raise
    finally:
        await greenlet_spawn(held.close if usable else held.invalidate)
    return found


async def _connected(engine: Engine) -> PoolProxiedConnection:
    while True:
        try:
            held = await greenlet_spawn(engine.pool.connect)
        except engine.dialect.loaded_dbapi.Error as error:
            # Refused while the server starts up or is full: in the driver's own words, as everything here.
            raise (error.__cause__ or error) from None
        if not _ended(held):
            return held
        # The server went away while nobody used it: another is free, or made.
        await greenlet_spawn(held.invalidate)


def _ended(held: PoolProxiedConnection) -> bool:
    raw: Any = held.driver_connection
    return isinstance(raw, asyncpg.Connection) and raw.is_closed()
