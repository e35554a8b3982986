"""SQLite's driver with one trip to its thread for a statement.

aiosqlite hands every call to a thread and waits for its answer: for a cursor, a statement, its rows, and the cursor's
end. Each of these trips costs more than most statements of ours.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import aiosqlite

_CHUNK = 64


class Cursor:
    """As far as SQLAlchemy's adapter uses one: a statement is executed, read to its end and closed in one go."""

    arraysize = 1

    def __init__(self, run: Callable[..., Any], connection: sqlite3.Connection) -> None:
        self._run = run
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Self:
        await self._run(self._whole, self._connection.execute, sql, parameters=parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        await self._run(self._whole, self._connection.executemany, sql, parameters=parameters)
        return self

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is left open."""

    def _whole(self, execute: Callable[[str, Any], sqlite3.Cursor], sql: str, *, parameters: Any) -> None:
        """In the driver's thread."""
        cursor = execute(sql, parameters)
        self.description = cursor.description
        self._rows = cursor.fetchall() if cursor.description else []
        # Of an UPDATE with RETURNING it is known only when its rows have been read.
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        cursor.close()


class Connection(aiosqlite.Connection):
    """aiosqlite's, but for its cursors."""

    def cursor(self) -> Cursor:  # type: ignore[override]
        return Cursor(self._execute, self._conn)


def connect(database: str | Path, **options: Any) -> Connection:
    """As aiosqlite.connect; options are those of sqlite3.connect."""
    connection = Connection(lambda: sqlite3.connect(database, **options), _CHUNK)
    # A process that ends waits for no thread of its database.
    connection._thread.daemon = True
    return connection
