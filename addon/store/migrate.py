"""Brings the schema to its newest version. Safe to run from several processes at once and from any folder."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from addon.errors import AddonError, Unavailable
from addon.store.address import parse_url, sqlite_file
from addon.store.db import Database
from addon.store.trouble import DatabaseDown

log = logging.getLogger(__name__)

SCRIPTS = Path(__file__).parent / "migrations"
WAIT_FOR_OTHER_S = 1800.0
"""How long to wait for another process that migrates already: who dies lets go at once, and an index of a large table
takes many minutes."""
WAIT_FOR_FILE_S = 60.0
"""How long to wait for a SQLite file that is busy or gives trouble: its steps take seconds."""
WAIT_FOR_TABLE_S = 1
"""How long a change may wait for a table in use: everybody who comes later waits behind it."""
TRIES = 10
PAUSE_S = 1.0
"""Between two tries for a table: whoever was held up by the first one goes before the second."""
WAIT_FOR_SCHEMA_S = 30.0
"""How long a process that does not migrate itself waits for the one that does."""
_ADVISORY_LOCK = 0x4A56_0001
_LOCK_NOT_AVAILABLE = "55P03"

WAITING = "Another migration is under way; waiting for it …"

Say = Callable[[str], None]


class TableInUse(Unavailable):
    """Somebody held a table for longer than a migration may wait for it."""

    code = "table_in_use"

    def __init__(self, step: str) -> None:
        super().__init__(
            f"step {step} waited {TRIES} times {WAIT_FOR_TABLE_S} s for a table that another session uses, and changed"
            " nothing. Run `jiravision migrate` again when that session is over (see pg_stat_activity).",
            retry_after_s=60,
        )


class UnderWay(Unavailable):
    """Another process migrates, and has not come to an end while this one waited."""

    code = "migration_under_way"

    def __init__(self, waited_s: float) -> None:
        super().__init__(
            f"another migration is under way; this one waited {waited_s:g} s for it and changed nothing more. Run"
            " `jiravision migrate` again when it is over. If nobody migrates, see who holds the database: with"
            " PostgreSQL the advisory lock in pg_locks and its session in pg_stat_activity, with SQLite the file.",
            retry_after_s=60,
        )


class NoSchema(Unavailable):
    """The database is older than this release, and nobody has brought it up."""

    code = "no_schema"

    def __init__(self) -> None:
        super().__init__("the database has no schema of this release: run `jiravision migrate`", retry_after_s=5)


async def migrate(url: str, say: Say = log.debug) -> None:
    """The steps that are missing, one after another, each in a transaction of its own; say: told of each.

    A schema newer than this release stays as it is. Raises Misconfigured, DatabaseDown, TableInUse, UnderWay.
    """
    db = _open(url)
    try:
        done = 0
        while step := await _one_step(db, say):
            done += 1
            say(f"{step} done")
        state = await schema(db)
        if state.newer:
            say(f"The database has schema {state.current}, which is newer than this release: nothing to do.")
        else:
            say(f"The database has the newest schema, {state.current}" + (f": {done} steps." if done else " already."))
    finally:
        await db.close()


async def _one_step(db: Database, say: Say) -> str:
    """The next missing step; "" when none is. Raises TableInUse, UnderWay, DatabaseDown."""
    waiting = _Waiting(WAIT_FOR_FILE_S if db.dialect == "sqlite" else WAIT_FOR_OTHER_S, say)
    tries = 0
    while True:
        step = ""
        trouble: DatabaseDown | None = None
        try:
            async with db.begin() as tx:
                # Read inside: whoever migrated while we waited has done the step.
                if await _alone(tx):
                    state = await tx.run_sync(_read)
                    if not state.missing:
                        return ""
                    step = state.missing[0]
                    say(f"{step} …")
                    await tx.run_sync(partial(_upgrade, to=step))
                    return step
        except DatabaseDown as error:
            if isinstance(error.__cause__, DBAPIError) and _sqlstate(error.__cause__) == _LOCK_NOT_AVAILABLE:
                tries += 1
                say(f"{step}: a table is in use, try {tries} of {TRIES}")
                if tries >= TRIES:
                    raise TableInUse(step) from error
                await asyncio.sleep(PAUSE_S)
                continue
            # SQLite gives up waiting for the other migrator after its busy timeout; the file itself is there.
            if db.dialect != "sqlite" or not isinstance(error.__cause__, OperationalError):
                raise
            trouble = error
        await waiting.go_on(trouble)


@dataclass(slots=True)
class _Waiting:
    """For the process that migrates already."""

    limit_s: float
    say: Say
    since: float = 0.0

    async def go_on(self, trouble: DatabaseDown | None) -> None:
        """A moment of it. trouble: what SQLite said. Raises UnderWay, or the trouble when that is another one."""
        busy = trouble is None or _errorname(trouble).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
        if not self.since:
            self.since = time.monotonic()
            if busy:
                self.say(WAITING)
                log.info(WAITING)
        waited_s = time.monotonic() - self.since
        if waited_s > self.limit_s:
            raise UnderWay(self.limit_s) if busy or trouble is None else trouble
        # Every look is a new connection to PostgreSQL.
        await asyncio.sleep(min(max(0.2, waited_s / 10), 2.0))


async def _alone(tx: AsyncConnection) -> bool:
    """False while another process migrates; on SQLite the transaction itself keeps the others out."""
    if tx.dialect.name != "postgresql":
        return True
    await tx.execute(text(f"SET LOCAL lock_timeout = '{WAIT_FOR_TABLE_S}s'"))
    got = await tx.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    return bool(got.scalar_one())


def _open(url: str) -> Database:
    parsed = parse_url(url)
    if sqlite_file(parsed) is not None:
        return Database.open(url)
    # An index on a large table takes longer than any statement of the servers may.
    return Database(create_async_engine(parsed, poolclass=NullPool, connect_args={"timeout": 5}), pool=1)


async def migrated(db: Database, *, within_s: float = WAIT_FOR_SCHEMA_S) -> None:
    """Waits for the database and for whoever migrates it. Raises NoSchema, DatabaseDown."""
    ends = time.monotonic() + within_s
    while True:
        try:
            if await at_head(db):
                return
            trouble: AddonError = NoSchema()
        except DatabaseDown as error:
            trouble = error
        if time.monotonic() > ends:
            raise trouble
        log.info("waiting for the database: %s", trouble.detail)
        await asyncio.sleep(1.0)


@dataclass(frozen=True, slots=True)
class State:
    """current: the schema's number, None without any. missing: steps of this release it has not had, in order.

    newer: made by a later release, whose steps only add to what this one needs.
    """

    current: str | None
    missing: tuple[str, ...]
    newer: bool


async def at_head(db: Database) -> bool:
    """Whether the schema has everything this release needs; a newer one has too. Raises DatabaseDown."""
    return not (await schema(db)).missing


async def schema(db: Database) -> State:
    """As it is in the database. Raises DatabaseDown."""
    async with db.begin() as tx:
        return await tx.run_sync(_read)


def _config(connection: Connection | None = None) -> Config:
    # The path is set here as well as in pyproject.toml: an installed package has no pyproject.toml beside it.
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


def _upgrade(connection: Connection, *, to: str) -> None:
    command.upgrade(_config(connection), to)


def _read(connection: Connection) -> State:
    scripts = ScriptDirectory.from_config(_config())
    steps = [script.revision for script in scripts.walk_revisions()][::-1]
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        return State(None, tuple(steps), newer=False)
    # Every release knows all steps before its own, so one it does not know came later.
    if current not in steps:
        return State(current, (), newer=True)
    return State(current, tuple(steps[steps.index(current) + 1 :]), newer=False)


def _errorname(error: DatabaseDown) -> str:
    return str(getattr(getattr(error.__cause__, "orig", None), "sqlite_errorname", ""))


def _sqlstate(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")
