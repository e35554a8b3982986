"""SQLite's statements: one trip to the driver's thread each, and nothing of what a cursor says is lost on it."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from addon.store.db import Database
from addon.store.one_trip import Cursor
from addon.store.trouble import DatabaseDown


class Trips:
    """Counts them, and makes them on the spot."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.count = 0

    async def __call__(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        self.count += 1
        return work(*arguments, **named)

    def cursor(self) -> Cursor:
        return Cursor(self, self.connection)


async def test_a_statement_with_its_rows_is_one_trip() -> None:
    trips = Trips()
    cursor = trips.cursor()
    await cursor.execute("SELECT ? AS one UNION SELECT 2 ORDER BY 1", [1])
    assert [column[0] for column in cursor.description or ()] == ["one"]
    assert await cursor.fetchall() == [(1,), (2,)]
    assert await cursor.fetchall() == []
    await cursor.close()
    assert trips.count == 1


async def test_what_was_changed_is_counted_also_where_rows_come_back() -> None:
    trips = Trips()
    for sql, changed in (
        ("CREATE TABLE t (n INTEGER)", -1),
        ("INSERT INTO t VALUES (1), (2)", 2),
        ("UPDATE t SET n = n + 1 RETURNING n", 2),
        ("UPDATE t SET n = 9 WHERE n = 3", 1),
        ("DELETE FROM t WHERE n = 77", 0),
    ):
        cursor = await trips.cursor().execute(sql)
        assert cursor.rowcount == changed, sql
    many = await trips.cursor().executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(5)])
    assert (many.rowcount, many.description) == (5, None)
    assert trips.count == 6


async def test_a_wrong_statement_is_said_and_the_connection_goes_on(tmp_path: Any) -> None:
    db = Database.open(f"sqlite+aiosqlite:///{tmp_path}/one.db")
    with pytest.raises(DatabaseDown):
        async with db.begin() as tx:
            await tx.execute(text("SELECT * FROM nowhere"))
    async with db.begin() as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1
    await db.close()
