"""The worked example of docs/operate.md, run as it is written: six processes, and who leads."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import make_url

from addon.store.migrate import migrate
from tests.conftest import administer, in_database
from tests.processes import eventually
from tests.services import RedisServer, free_port
from tests.zygote import ROOT

pytestmark = pytest.mark.process

EXAMPLE = re.compile(r"<!-- worked example -->\n```\n(.*?)```\n<!-- end of worked example -->", re.S)
OWNED = re.compile(r"<!-- role and database -->\n```\n(.*?)```\n<!-- end of role and database -->", re.S)
PORT = re.compile(r"\b(PORT|PROBE_PORT)=(\d+)")
TWO_OF_EACH = {"serve": 2, "worker": 2, "scheduler": 2}


@pytest.fixture
def shown(postgres_url: str, tmp_path: Path) -> Iterator["Shown"]:
    name = f"documented_{uuid4().hex}"
    asyncio.run(administer(postgres_url, f'CREATE DATABASE "{name}"'))
    redis = RedisServer()
    redis.start()
    example = Shown(tmp_path, in_database(postgres_url, name), redis.url)
    try:
        yield example
    finally:
        example.stop()
        redis.remove()
        asyncio.run(administer(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)'))


class Shown:
    """The example in a folder of its own, on addresses and ports that are free here."""

    def __init__(self, folder: Path, database_url: str, redis_url: str) -> None:
        found = EXAMPLE.search((ROOT / "docs" / "operate.md").read_text())
        assert found is not None
        self.ports: list[tuple[str, int]] = []
        script = re.sub(r"(?<=DATABASE_URL=)\S+", database_url, found[1])
        script = PORT.sub(self._free, re.sub(r"(?<=REDIS_URL=)\S+", redis_url, script))
        self._there = {"DATABASE_URL": database_url, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        self._folder = folder
        self._said = (folder / "said").open("w+")
        self.shell = subprocess.Popen(
            ["bash", "-euc", f"{script}\nwait"],
            cwd=folder,
            env={"PATH": self._there["PATH"], "COLUMNS": "200"},
            stdout=self._said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _free(self, written: re.Match[str]) -> str:
        self.ports.append((written[1], free_port()))
        return f"{written[1]}={self.ports[-1][1]}"

    def top(self) -> dict[str, object]:
        command = ["jiravision", "top", "--json"]
        told = subprocess.run(command, cwd=self._folder, env=self._there, capture_output=True, text=True, check=False)
        return dict(json.loads(told.stdout)) if told.returncode == 0 else {}

    def said(self) -> str:
        self._said.seek(0)
        return self._said.read()

    def stop(self) -> None:
        """Also what the shell has left behind it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.shell.pid, number)
                self.shell.wait(30)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass
        self._said.close()


def kinds(told: dict[str, object]) -> dict[str, int]:
    processes = told.get("processes")
    names = [each["kind"] for each in processes] if isinstance(processes, list) else []
    return {name: names.count(name) for name in sorted(set(names))}


def ready(port: int) -> bool:
    """With everything it needs, Redis included. Who is known to the others need not listen to everybody yet."""
    with contextlib.suppress(httpx2.TransportError):
        answer = httpx2.get(f"http://127.0.0.1:{port}/health/ready", timeout=30, trust_env=False)
        return (answer.status_code, answer.json()["status"]) == (200, "ok")
    return False


async def test_role_and_database_of_the_example_are_all_that_migrate_needs(postgres_url: str) -> None:
    """The statements as they are written, but under a name that is free here."""
    manual = (ROOT / "docs" / "operate.md").read_text()
    made, example = OWNED.search(manual), EXAMPLE.search(manual)
    assert made is not None
    assert example is not None
    wanted = re.search(r"(?<=DATABASE_URL=)\S+", example[1])
    assert wanted is not None
    name = f"documented_{uuid4().hex}"
    role = make_url(wanted[0].replace("jiravision", name))
    assert f"PASSWORD '{role.password}'" in made[1]
    server = make_url(postgres_url)
    url = server.set(username=role.username, password=role.password, database=role.database)
    try:
        for statement in made[1].replace("jiravision", name).splitlines():
            await administer(postgres_url, statement)
        await migrate(url.render_as_string(hide_password=False))
    finally:
        await administer(postgres_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await administer(postgres_url, f'DROP ROLE IF EXISTS "{name}"')


def test_example_of_several_processes_runs_as_it_is_written(shown: Shown) -> None:
    told: dict[str, object] = {}

    def standing() -> bool:
        # Each look is a process of its own, and takes its part of the machine from the six that start.
        time.sleep(2)
        assert shown.shell.poll() is None, shown.said()
        told.update(shown.top())
        return kinds(told) == TWO_OF_EACH and told["leader"] is not None

    try:
        eventually(standing, "two of each process, one of them leading", 120)
    except AssertionError:
        raise AssertionError(f"{kinds(told)}, leader {told.get('leader')}; they said: {shown.said()}") from None
    assert sorted(name for name, _ in shown.ports) == ["PORT"] * 2 + ["PROBE_PORT"] * 4
    for name, port in shown.ports:
        eventually(lambda port=port: ready(port), f"process that is ready at {name}={port}", 60)
    said = shown.said()
    assert "The database has the newest schema" in said
    assert "Traceback" not in said
