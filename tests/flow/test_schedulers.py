"""Two schedulers as real processes: one leads, the other takes over, and probes say how each of them is."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from addon.clockwork.leader import OFFICE
from addon.store.db import Database
from addon.store.repos import leaders, processes
from addon.store.repos.processes import Process as Row
from tests.conftest import administer, in_database
from tests.services import RedisServer, free_port
from tests.stack import JIRAVISION, Process, eventually

pytestmark = pytest.mark.process
TAKEOVER_S = 20.0
"""A lease and a turn, on a busy machine."""


class Pair:
    """A database, a Redis, and processes of the add-on that need no Jira."""

    def __init__(self, url: str, redis: str, folder: Path) -> None:
        self.url = url
        self._redis = redis
        self._folder = folder
        self.started: list[Process] = []

    def run(self, command: str, number: int = 0, **other: str) -> Process:
        environment = {
            "DATABASE_URL": self.url,
            "REDIS_URL": self._redis,
            "APP_SECRET_KEY": "a key of the tests that is long enough to be one",
            "LOG_FORMAT": "json",
        }
        process = Process(
            f"{command}-{number}", [sys.executable, *JIRAVISION, command], self._folder, environment | other
        )
        process.start()
        self.started.append(process)
        return process

    def rows(self) -> dict[int, Row]:
        """By process id."""

        async def ask() -> list[Row]:
            db = Database.open(self.url)
            try:
                async with db.single() as tx:
                    return await processes.known(tx)
            finally:
                await db.close()

        return {row.identity.pid: row for row in asyncio.run(ask())}

    def leader(self) -> int | None:
        """The process id of who leads."""

        async def ask() -> str:
            db = Database.open(self.url)
            try:
                async with db.single() as tx:
                    term = await leaders.term(tx, OFFICE)
            finally:
                await db.close()
            return term.holder if term and not term.over else ""

        holder = asyncio.run(ask())
        return next((pid for pid, row in self.rows().items() if row.identity.name == holder), None)


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    server = RedisServer()
    server.start()
    yield server.url
    server.remove()


@pytest.fixture
def pair(postgres_url: str, postgres_template: str, redis_url: str, tmp_path: Path) -> Iterator[Pair]:
    name = f"pair_{uuid4().hex}"
    asyncio.run(administer(postgres_url, f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}"'))
    pair = Pair(in_database(postgres_url, name), redis_url, tmp_path)
    yield pair
    for process in pair.started:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
        process.stop(40)
    asyncio.run(administer(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)'))


def test_one_of_two_leads_and_is_followed_when_it_freezes_dies_or_goes(pair: Pair) -> None:
    both = {process.pid: process for process in (pair.run("scheduler", 0), pair.run("scheduler", 1))}
    first = eventually(lambda: pair.leader() if len(pair.rows()) == 2 else None, "leader", 60)
    (other,) = both.keys() - {first}
    os.kill(first, signal.SIGSTOP)
    eventually(lambda: pair.leader() == other, "takeover from a frozen leader", TAKEOVER_S)
    os.kill(first, signal.SIGCONT)
    eventually(lambda: "leads no longer" in both[first].output, "the frozen one to notice")
    assert pair.leader() == other

    both[other].kill()
    eventually(lambda: pair.leader() == first, "takeover from a dead leader", TAKEOVER_S)
    third = pair.run("scheduler", 2)
    eventually(lambda: third.pid in pair.rows(), "third one", 60)
    assert both[first].stop() == 0
    eventually(lambda: pair.leader() == third.pid, "takeover at once from one that went", TAKEOVER_S)
    assert first not in pair.rows(), "who goes takes its row along"
    assert other in pair.rows(), "who was killed is remembered, and silent"


@pytest.fixture
def asked() -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"http://127.0.0.1:{free_port()}", timeout=10, trust_env=False) as client:
        yield client


def test_probes_of_a_worker_say_how_it_is(pair: Pair, asked: httpx2.Client) -> None:
    worker = pair.run("worker", PROBE_PORT=str(asked.base_url.port))

    well = {"status": "ok", "checks": {"database": "ok", "migrations": "ok", "redis": "ok"}}

    def ready() -> bool | None:
        with contextlib.suppress(httpx2.TransportError):
            answer = asked.get("/health/ready")
            # It is ready without Redis too, while that is slow to answer.
            return answer.status_code == 200 and answer.json() == well
        return None

    eventually(ready, "ready worker", 60)
    assert asked.get("/health/live").json() == {"status": "ok", "still": [], "stuck": 0}
    assert "queue_depth" in asked.get("/metrics").text
    assert asked.get("/metrics", headers={"Via": "1.1 proxy"}).status_code == 403
    assert asked.get("/health/detailed").status_code == 404
    assert asked.post("/health/live").status_code == 405
    row = eventually(lambda: pair.rows().get(worker.pid), "word of the worker about itself")
    assert (row.identity.kind, row.load.draining) == ("worker", False)
    assert row.load.slots["ai"] > 0
    assert worker.stop() == 0
    assert "Traceback" not in worker.output
    assert pair.rows() == {}


def test_serve_ends_with_code_0_when_it_is_told_to_go(tmp_path: Path) -> None:
    port = free_port()
    environment = {"DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/a.db", "PORT": str(port)}
    serve = Process("serve", [sys.executable, *JIRAVISION, "serve"], tmp_path, environment)
    serve.start()

    def up() -> bool | None:
        assert serve.running, serve.output
        with contextlib.suppress(httpx2.TransportError):
            return httpx2.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).status_code == 200
        return None

    eventually(up, "server", 60)
    assert serve.stop() == 0


def test_a_worker_that_waits_for_its_database_leaves_when_told(pair: Pair) -> None:
    port, nobody = free_port(), free_port()
    worker = pair.run(
        "worker", DATABASE_URL=f"postgresql+asyncpg://u:secret@127.0.0.1:{nobody}/d", PROBE_PORT=str(port)
    )

    def alive() -> bool | None:
        with contextlib.suppress(httpx2.TransportError):
            return httpx2.get(f"http://127.0.0.1:{port}/health/live", trust_env=False).status_code == 200
        return None

    eventually(alive, "live worker", 60)
    assert httpx2.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).json()["status"] == "starting"
    eventually(lambda: "waiting for the database" in worker.output, "word of the database")
    assert worker.stop() == 0
    assert "secret" not in worker.output
