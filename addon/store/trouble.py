"""What goes wrong with a database: the errors everybody else knows, and what drivers say in their place."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from addon.errors import Invalid, Misconfigured, Unavailable

log = logging.getLogger(__name__)

_UNREACHABLE = ("08", "53", "57", "40001", "40P01", "55P03", "25006")
"""SQLSTATE beginnings of a server that is away, full, shutting down, or asks to try the transaction again."""

_GIVEN_UP = ("40001", "40P01")
"""SQLSTATEs of a transaction that stood against another one."""

_REFUSED = ("28", "3D000")
"""SQLSTATE beginnings of a server that knows no such database, role or password."""

_UNSTORABLE = ("22001", "22021", "22P05")
"""SQLSTATEs of a text that is too long or holds a character PostgreSQL cannot keep, above all NUL."""

_MISTAKES = ("22", "23", "42")
"""SQLSTATE classes of statements and values that are wrong, whatever the server's health."""

_NO_DATABASE = ("SQLITE_NOTADB", "SQLITE_CORRUPT")


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


class Contended(DatabaseDown):
    """The server gave this transaction up for the sake of another one; nothing of it happened."""


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
        raise (Contended if _state(error).startswith(_GIVEN_UP) else DatabaseDown)(error.orig) from error
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
