"""The database behind one small face: a transaction, a dialect's insert, and one error when it is away."""

import asyncio
import fcntl
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import Connection, Table, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from addon.errors import Invalid, Misconfigured, Unavailable
from addon.store.clock import StoreClock
from addon.store.instant import instant
from addon.store.swift import Row, Swift, fetch

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 10.0
POOL_SIZE = 10
POOL_TIMEOUT_S = 20.0
COMMAND_S = 10.0
"""The longest one statement may take: whoever asked is told 503 while a server says nothing."""
CLOSE_S = 2.0
DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")
_UNREACHABLE = ("08", "53", "57", "40001", "40P01", "55P03", "25006")
"""SQLSTATE beginnings of a server that is away, full, shutting down, or asks to try the transaction again."""

_REFUSED = ("28", "3D000")
"""SQLSTATE beginnings of a server that knows no such database, role or password."""

_UNSTORABLE = ("22001", "22021", "22P05")
"""SQLSTATEs of a text that is too long or holds a character PostgreSQL cannot keep, above all NUL."""

_MISTAKES = ("22", "23", "42")
"""SQLSTATE classes of statements and values that are wrong, whatever the server's health."""

_NO_DATABASE = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_WITHOUT_BEGIN = "without_begin"

Insert = sqlite.Insert | postgresql.Insert


class DatabaseDown(Unavailable):
    """The database cannot be reached or did not answer in time; whether a commit in flight took hold is unknown."""

    code = "database_down"

    def __init__(self, reason: object = "") -> None:
        """reason: what the server or the network said, for the operator; callers are not told of our insides."""
        super().__init__("The database does not answer at the moment; please try again.", retry_after_s=5)
        self.reason = str(reason)[:300]

    @property
    def for_operator(self) -> str:
        return f"no database answers at the address of DATABASE_URL: {self.reason or 'no answer in time'}"


class DatabaseRefused(DatabaseDown):
    """A server is there and does not let us in: another name, role or password is needed, or an operator's hand."""

    @property
    def for_operator(self) -> str:
        return f"the server lets nobody in by DATABASE_URL: {self.reason}"


class Unstorable(Invalid):
    """A text of the caller's that no column can hold; SQLite would have taken it."""

    code = "unstorable"

    def __init__(self) -> None:
        super().__init__("A text in the request is too long or holds a character that cannot be kept.")


class NoDatabase(Misconfigured):
    """The file that DATABASE_URL names is something else than a SQLite database, or damaged."""

    # To a caller it is as good as away: what Jira delivers meanwhile is worth delivering again.
    status = 503

    def __init__(self) -> None:
        super().__init__("DATABASE_URL: the file is not a SQLite database, or it is damaged")


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


def insert_into(tx: AsyncConnection, table: Table) -> Insert:
    """The dialect's own INSERT, which knows on_conflict_do_nothing and on_conflict_do_update."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


@contextmanager
def mapped() -> Iterator[None]:
    """Turns what drivers raise when the database is away into DatabaseDown; mistakes of ours pass unchanged."""
    try:
        yield
    except DBAPIError as error:
        if _state(error).startswith(_UNSTORABLE):
            raise Unstorable from error
        if getattr(error.orig, "sqlite_errorname", "") in _NO_DATABASE:
            raise NoDatabase from error
        if _state(error).startswith(_REFUSED):
            raise _refused(error, str(error.orig)) from error
        if not (isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated or _away(error)):
            raise
        log.warning("database failed: %s", type(error.orig).__name__, extra={"cause": str(error.orig)[:300]})
        raise DatabaseDown(error.orig) from error
    except sqlite3.Error as error:
        # Not wrapped by SQLAlchemy: it came straight from the driver, as does what follows.
        if getattr(error, "sqlite_errorname", "") in _NO_DATABASE:
            raise NoDatabase from error
        if not isinstance(error, sqlite3.OperationalError | sqlite3.InterfaceError):
            raise
        log.warning("database failed: %s", type(error).__name__, extra={"cause": str(error)[:300]})
        raise DatabaseDown from error
    except asyncpg.PostgresError as error:
        state = str(error.sqlstate or "")
        if state.startswith(_UNSTORABLE):
            raise Unstorable from error
        if state.startswith(_MISTAKES):
            raise
        if state.startswith(_REFUSED):
            raise _refused(error, str(error)) from error
        # Also while connecting: too many connections, starting up.
        log.warning("database refused a connection: %s", type(error).__name__, extra={"cause": str(error)[:300]})
        raise DatabaseDown(error) from error
    except (PoolTimeout, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
        # The third is the driver's on a connection whose server has said good-bye and not hung up yet.
        log.warning("database unreachable: %s", type(error).__name__, extra={"cause": str(error)[:300]})
        raise DatabaseDown(error) from error


def _refused(error: Exception, words: str) -> DatabaseRefused:
    # The dialect puts the class of the driver's error before what the server said.
    said = words.rpartition(">: ")[2]
    log.warning("database refused a connection: %s", type(error).__name__, extra={"cause": said[:300]})
    return DatabaseRefused(said)


def _away(error: DBAPIError) -> bool:
    return _state(error).startswith(_UNREACHABLE)


def _state(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


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
            **{"isolation_level": "AUTOCOMMIT"} if self.dialect == "postgresql" else {_WITHOUT_BEGIN: True}
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
        _prepare(file)
        return cls(_sqlite_engine(parsed), _locked(file) if exclusive else None, clock=clock)

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

        Known as soon as anything was asked of the database; on SQLite the machine's own clock.
        """
        return self._clock.now()

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


def _sqlite_engine(url: URL) -> AsyncEngine:
    engine = create_async_engine(
        url,
        # One connection: writers queue here, in order, instead of racing for the file's lock.
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        connect_args={"timeout": BUSY_TIMEOUT_S},
        # Rolled back where something is open, see below: asking the driver's thread each time costs more than a read.
        pool_reset_on_return=None,
    )
    event.listen(engine.sync_engine, "connect", sqlite_connected)
    event.listen(engine.sync_engine, "begin", sqlite_begin)
    event.listen(engine.sync_engine, "reset", sqlite_reset)
    return engine


def sqlite_connected(connection: Any, _record: object) -> None:
    """Settings of a new SQLite connection: nothing committed is lost when the power goes."""
    # The driver must not open transactions by itself: it begins them deferred, and turning one into a write can fail.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def sqlite_begin(connection: Connection) -> None:
    """Takes the write lock at the beginning, so that what was read is still true when writing."""
    if not connection.get_execution_options().get(_WITHOUT_BEGIN):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def sqlite_reset(connection: Any, _record: object, _state: object) -> None:
    """A connection comes back without the transaction that whoever had it was in."""
    if connection.driver_connection.in_transaction:
        connection.rollback()


def _prepare(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise Misconfigured(f"cannot write the database file {file}: {error.strerror}") from None


def _locked(file: Path) -> int:
    lock = os.open(f"{file}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise Misconfigured(f"another server already works on {file}; stop it first, or use PostgreSQL") from None
    return lock
