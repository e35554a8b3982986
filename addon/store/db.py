"""The database behind one small face: a transaction, a dialect's insert, and one error when it is away."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from sqlalchemy import Table, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from addon.store.address import parse_url, sqlite_file
from addon.store.clock import StoreClock
from addon.store.inserts import Insert
from addon.store.instant import instant
from addon.store.sqlite import WITHOUT_BEGIN, locked, prepare, sqlite_engine
from addon.store.swift import Row, Swift, fetch
from addon.store.trouble import mapped

POOL_SIZE = 10
POOL_TIMEOUT_S = 20.0
COMMAND_S = 10.0
"""The longest one statement may take: whoever asked is told 503 while a server says nothing."""
CLOSE_S = 2.0


class Database:
    """All access of this process to its database. SQLite: one connection, so `begin` must never be nested."""

    def __init__(
        self,
        engine: AsyncEngine,
        lock: int | None = None,
        *,
        pool: int = POOL_SIZE,
        clock: StoreClock | None = None,
    ) -> None:
        self.engine = engine
        self._clock = clock or StoreClock()
        self.dialect = engine.dialect.name
        # Both databases commit by themselves what no BEGIN came before.
        self._single = engine.execution_options(
            **{"isolation_level": "AUTOCOMMIT"} if self.dialect == "postgresql" else {WITHOUT_BEGIN: True}
        )
        self._free = asyncio.Semaphore(pool if self.dialect == "postgresql" else 1)
        self._lock = lock

    @classmethod
    def open(cls, url: str, *, exclusive: bool = False, pool: int = POOL_SIZE, clock: StoreClock | None = None) -> Self:
        """Makes the file's folder; connects at first use.

        exclusive: hold `<file>.lock` while open, so that a second server on the same SQLite file is refused. Ignored on
        PostgreSQL, which is made for sharing. pool: most connections to PostgreSQL. Raises Misconfigured.
        """
        parsed = parse_url(url)
        file = sqlite_file(parsed)
        if file is None:
            return cls(_postgresql_engine(parsed, pool), pool=pool, clock=clock)
        prepare(file)
        return cls(sqlite_engine(parsed, patience_s=POOL_TIMEOUT_S), locked(file) if exclusive else None, clock=clock)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed on exit, rolled back on an error. Raises DatabaseDown.

        Never hold it across a call to Jira or a model.
        """
        with mapped():
            async with self._turn(), self.engine.begin() as tx:
                await self._set_clock(tx)
                yield tx

    @asynccontextmanager
    async def single(self) -> AsyncIterator[AsyncConnection]:
        """For exactly one statement, which commits itself: saves the round trips of BEGIN and COMMIT."""
        with mapped():
            async with self._turn(), self._single.connect() as connection:
                await self._set_clock(connection)
                yield connection

    async def swift(self, statement: Swift, values: Mapping[str, Any]) -> list[Row]:
        """As `single`, for what every delivery asks. Raises DatabaseDown, Unstorable."""
        if self.dialect == "postgresql" and self._clock.stale:
            async with self.single():
                pass
        with mapped():
            async with self._turn():
                return await fetch(self.engine.sync_engine, statement, values=values)

    def now(self) -> float:
        """UTC seconds by the database's clock, whatever this machine's says: for leases and what is due when.

        Known as soon as anything was asked of the database; on SQLite the machine's own clock, which never goes back.
        """
        return self._clock.now()

    def utc(self) -> float:
        """As `now`, for dates that go to others and come from them; on SQLite what the machine's clock says."""
        return self._clock.utc()

    def not_before(self, moment: float) -> None:
        """On SQLite `now` is from here on no earlier than that; a server's clock is left to the server."""
        if self.dialect == "sqlite":
            self._clock.not_before(moment)

    async def _set_clock(self, tx: AsyncConnection) -> None:
        self._clock.times(tx)
        if self.dialect == "postgresql" and self._clock.stale:
            asked = self._clock.tick()
            self._clock.answered(float((await tx.execute(select(instant(tx)))).scalar_one()), asked=asked)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """A connection will be free, in order of arrival: the pool itself lets newcomers overtake who waits."""
        if self._free.locked():
            async with asyncio.timeout(POOL_TIMEOUT_S):
                await self._free.acquire()
        else:
            # At once; the timeout would cost more than that.
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()

    def insert(self, table: Table) -> Insert:
        """The dialect's own INSERT, which knows on_conflict_do_nothing and on_conflict_do_update."""
        return postgresql.insert(table) if self.dialect == "postgresql" else sqlite.insert(table)

    async def close(self) -> None:
        """Ends every connection and gives the exclusive lock back."""
        with suppress(TimeoutError):
            # One that is in use now would be forgotten and never closed.
            async with asyncio.timeout(CLOSE_S):
                await self._free.acquire()
                self._free.release()
        await self.engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _postgresql_engine(url: URL, pool: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        connect_args={
            "timeout": 5,
            "command_timeout": COMMAND_S,
            "server_settings": {"application_name": "jiravision", "jit": "off", "lock_timeout": "10s"},
        },
    )
    event.listen(engine.sync_engine, "checkout", _still_open)
    return engine


def _still_open(connection: Any, _record: object, _proxy: object) -> None:
    """A connection that the server ended while nobody used it is replaced before anybody notices."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError
