"""The SQLite file: how it is opened, what keeps it whole, and who has it for themselves."""

import fcntl
import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from addon.errors import Misconfigured
from addon.store import one_trip

BUSY_TIMEOUT_S = 10.0
WITHOUT_BEGIN = "without_begin"
"""An execution option: the statement is alone and commits itself."""


def sqlite_engine(url: URL, *, patience_s: float) -> AsyncEngine:
    engine = create_async_engine(
        url,
        # One connection: writers queue here, in order, instead of racing for the file's lock.
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=patience_s,
        connect_args={"timeout": BUSY_TIMEOUT_S, "async_creator_fn": one_trip.connect},
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
    if not connection.get_execution_options().get(WITHOUT_BEGIN):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def sqlite_reset(connection: Any, _record: object, _state: object) -> None:
    """A connection comes back without the transaction that whoever had it was in."""
    if connection.driver_connection.in_transaction:
        connection.rollback()


def prepare(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise Misconfigured(f"cannot write the database file {file}: {error.strerror}") from None


def locked(file: Path) -> int:
    lock = os.open(f"{file}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise Misconfigured(f"another server already works on {file}; stop it first, or use PostgreSQL") from None
    return lock
