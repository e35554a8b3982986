"""F21, F25: a new schema and a new key come in while people work; nobody notices."""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import httpx2
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from addon.store.migrate import SCRIPTS
from tests.conftest import administer, in_database
from tests.faults.ground import NEXT_SEAL, RECOVERED_S, SEAL, Ground
from tests.flow import acts
from tests.stack import JIRAVISION, Process, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

BEFORE = "0005"
"""The schema of the release before: what stands on it is brought to the newest one here."""
NEXT = "9999"
HELD_UP_S = 5.0
"""One wait of a migration for a table, which is a second, on a busy machine."""
PACE_S = 0.1


class Traffic:
    """People and Jira at work, without a pause.

    refused: what they were told when it was not what they wanted. bearable: statuses that nobody minds at present.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._end = threading.Event()
        self.asked = 0
        self.refused: list[str] = []
        self.bearable = {200}

    def __enter__(self) -> "Traffic":
        self._people = ThreadPoolExecutor(2)
        self._working = [self._people.submit(self._look), self._people.submit(self._write)]
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._people.shutdown()
        for each in self._working:
            each.result()

    def _look(self) -> None:
        site = self._ground.site()
        token = {"Authorization": f"JWT {site.token('ann')}"}
        with httpx2.Client(timeout=15, trust_env=False) as client:
            while not self._end.wait(PACE_S):
                self.asked += 1
                status = self._status(client, token)
                if status not in self.bearable:
                    self.refused.append(f"GET /usage: {status}")

    def _status(self, client: httpx2.Client, token: dict[str, str]) -> int:
        # A browser opens a new connection where one was closed before any answer, and so does a proxy; so does this.
        for _ in range(2):
            with suppress(httpx2.TransportError):
                headers = token | {"Connection": "close"}
                return int(client.get(f"{self._ground.stack.url}/api/v1/usage", headers=headers).status_code)
        return 0

    def _write(self) -> None:
        while not self._end.wait(3 * PACE_S):
            self._ground.issue(self.asked % len(self._ground.stack.sites))


def deliveries(ground: Ground) -> set[tuple[int, ...]]:
    found = [d for site in ground.stack.sites for d in site.ask("GET", "/deliveries")["deliveries"]]
    return {tuple(attempt.get("status", 0) for attempt in delivery["attempts"]) for delivery in found}


def rolled(ground: Ground, **environment: str) -> None:
    """One process of each kind after the other leaves and comes back, as in a deployment."""
    fleet = ground.fleet
    for turn in range(2):
        leaving = [fleet.webs[turn], fleet.workers[turn], fleet.schedulers[turn]]
        before = {process.name: process.pid for process in leaving}
        for process in leaving:
            process.change(**environment)
            process.terminate()

        def back(leaving: list[Process] = leaving, before: dict[str, int] = before) -> bool:
            return all(p.running and p.pid != before[p.name] for p in leaving)

        eventually(back, "processes that are back", 60)
        eventually(lambda n=turn: ground.ready(n) == 200, "ready web process", RECOVERED_S)


def test_schema_of_the_next_release_harms_nobody_who_runs_or_starts(faulty: Ground) -> None:
    with Traffic(faulty) as traffic, next_release(faulty):
        rolled(faulty)
        time.sleep(1)
    faulty.settled()
    assert traffic.asked >= 20
    assert traffic.refused == []
    assert deliveries(faulty) <= {(204,), (0, 204)}


@contextmanager
def next_release(ground: Ground) -> Iterator[None]:
    """What an additive migration does, done and taken back."""
    (current,) = acts.rows(ground.stack, "SELECT version_num FROM alembic_version")
    for statement in (
        "SET lock_timeout = '5s'",
        "CREATE TABLE of_the_next_release (id integer PRIMARY KEY)",
        "ALTER TABLE runs ADD COLUMN next_release text",
        "ALTER TABLE publications ADD COLUMN next_release integer NOT NULL DEFAULT 0",
        f"UPDATE alembic_version SET version_num = '{NEXT}'",
    ):
        acts.rows(ground.stack, statement)
    try:
        yield
    finally:
        for statement in (
            f"UPDATE alembic_version SET version_num = '{current[0]}'",
            "ALTER TABLE publications DROP COLUMN next_release",
            "ALTER TABLE runs DROP COLUMN next_release",
            "DROP TABLE of_the_next_release",
        ):
            acts.rows(ground.stack, statement)


def test_key_is_exchanged_while_people_work(faulty: Ground) -> None:
    with Traffic(faulty) as traffic:
        # First everybody learns to open what the new key seals; only then it seals. It stays for the tests that follow.
        for keys in (f"{SEAL},{NEXT_SEAL}", f"{NEXT_SEAL},{SEAL}", NEXT_SEAL):
            rolled(faulty, APP_SECRET_KEY=keys)
        # Jira replaces its secret with this; what was signed a moment before is refused, and then signed anew. Work
        # waits for that; a person who asks in this moment whether Jira lets them hears that it does not answer us.
        faulty.pardoned.add("the token does not hold: Signature verification failed")
        traffic.bearable.add(502)
        faulty.site().install()
        time.sleep(1)
        asked = traffic.asked
        # Who had asked in this moment has been answered when two more have.
        eventually(lambda: traffic.asked > asked + 2, "people who go on asking")
        traffic.bearable.discard(502)
        time.sleep(1)
        assert acts.rows(faulty.stack, "SELECT trouble FROM tenants WHERE trouble IS NOT NULL") == []
    faulty.settled()
    assert traffic.asked >= 20
    assert traffic.refused == []
    assert deliveries(faulty) <= {(204,), (0, 204)}


@pytest.fixture
def older(postgres_url: str) -> Iterator[str]:
    """The address of a database with the schema of the release before."""
    asyncio.run(administer(postgres_url, "CREATE DATABASE older"))
    url = in_database(postgres_url, "older")
    asyncio.run(_upgraded(url, BEFORE))
    yield url
    asyncio.run(administer(postgres_url, "DROP DATABASE older WITH (FORCE)"))


async def _upgraded(url: str, revision: str) -> None:
    def up(connection: Connection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(SCRIPTS))
        command.upgrade(config, revision)

    engine = create_async_engine(url)
    async with engine.begin() as tx:
        await tx.run_sync(up)
    await engine.dispose()


def test_migration_gives_way_to_a_table_in_use_and_can_be_run_twice_at_once(older: str, tmp_path: Path) -> None:
    migrating = [migration(older, tmp_path, n) for n in range(3)]
    with locked(older, "runs"), Reader(older, "runs") as reader:
        migrating[0].start()
        # It waits a second for the table, and lets pass who waits behind it, ten times.
        eventually(lambda: not migrating[0].running, "end of the migration that has to wait", 60)
        assert migrating[0].code == 1
        assert "Traceback" not in migrating[0].output
        assert migrating[0].output.strip().splitlines()[-1].startswith("jiravision: ")
    # Who serves on the table was held up, or this has seen nothing; and never for long.
    assert 0.5 < max(reader.waited) < HELD_UP_S
    for process in migrating[1:]:
        process.start()
    eventually(lambda: not any(process.running for process in migrating), "end of two migrations", 60)
    assert [process.code for process in migrating[1:]] == [0, 0]


class Reader:
    """Somebody who reads a table again and again meanwhile. waited: seconds each time took."""

    def __init__(self, url: str, table: str) -> None:
        self._address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._table = table
        self._end = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._read()), daemon=True)
        self.waited = [0.0]

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(30)

    async def _read(self) -> None:
        connection = await asyncpg.connect(self._address)
        while not self._end.is_set():
            began = time.monotonic()
            await connection.execute(f"SELECT 1 FROM {self._table} LIMIT 1")
            self.waited.append(time.monotonic() - began)
            await asyncio.sleep(PACE_S)
        await connection.close()


def migration(url: str, folder: Path, number: int) -> Process:
    settings = {"DATABASE_URL": url, "APP_SECRET_KEY": SEAL}
    return Process(f"migrate-{number}", [sys.executable, *JIRAVISION, "migrate"], folder, settings, warm=True)


@contextmanager
def locked(url: str, table: str) -> Iterator[None]:
    """Somebody reads a table for long, and holds it against every change of its form."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(address))
    loop.run_until_complete(connection.execute(f"BEGIN; SELECT 1 FROM {table} LIMIT 1"))
    try:
        yield
    finally:
        loop.run_until_complete(connection.execute("ROLLBACK"))
        loop.run_until_complete(connection.close())
        loop.close()
