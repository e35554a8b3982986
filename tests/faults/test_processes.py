"""F20, F23, T31: processes that are told to go, that start before what they need, or that their work kills."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from addon.runs.office import STOP_WAIT_S
from tests.faults.ground import RECOVERED_S, SEAL, Ground
from tests.flow import acts
from tests.processes import PATIENCE_S
from tests.stack import JIRAVISION, Process, Stack, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

LEAVES_S = 30.0
WAITS_S = 90.0
"""Programs that load from nothing, side by side, on a busy machine."""
SOON = """
from addon.cli.main import run
from addon.store import migrate
migrate.migrated.__kwdefaults__["within_s"] = 3.0
run()
"""
"""The program itself, but for how long it waits for a database: half a minute is nothing to look at."""


# F20


def test_web_process_that_is_told_to_go_hands_its_watchers_over(faulty: Ground) -> None:
    faulty.stack.model("latency", 8)
    site, (leaving, staying) = faulty.site(), faulty.fleet.webs
    issue = faulty.issue(webhook=False)
    run = acts.analyse(site, issue["id"])
    seen: list[acts.Event] = []
    with ThreadPoolExecutor(1) as watcher:
        path = f"/runs/{run['id']}/events"
        watching = watcher.submit(lambda: seen.extend(acts.follow(through(faulty, leaving), site, path)))
        eventually(lambda: any(event.name == "token" for event in seen), "growing answer")
        began = time.monotonic()
        faulty.supervisor.rest(leaving)
        assert leaving.stop(LEAVES_S) == 0
        watching.result(PATIENCE_S)
    assert time.monotonic() - began < 7, "it waited for the end of the run"
    assert seen[-1].name == "reconnect"
    rest = list(acts.follow(through(faulty, staying), site, path, after=seen[-2].id))
    assert rest[-1].name == "done"
    assert all(int(event.id) > int(seen[-2].id) for event in rest)
    acts.over(site, run["id"])
    faulty.supervisor.mind()


def through(ground: Ground, web: Process) -> Stack:
    """The product as one of its web processes shows it."""
    url = f"http://127.0.0.1:{web.name.rpartition('-')[2]}"
    return cast("Stack", SimpleNamespace(url=url, client=ground.stack.client))


def test_worker_that_is_told_to_go_finishes_what_it_can(faulty: Ground) -> None:
    faulty.stack.model("latency", 3)
    issues = faulty.issues(10)
    eventually(lambda: len(faulty.stack.model("requests")) == len(issues), "questions to the model")
    began = time.monotonic()
    for worker in faulty.fleet.workers:
        worker.terminate()
    eventually(lambda: len(faulty.supervisor.ended) == 2, "end of both workers", LEAVES_S)
    assert time.monotonic() - began < STOP_WAIT_S
    assert {code for _, code in faulty.supervisor.ended} == {0}
    eventually(lambda: faulty.commented() == len(issues), "comments")
    assert acts.rows(faulty.stack, "SELECT 1 FROM runs WHERE attempts > 1 AND created_at > :t", t=faulty.began_at) == []


def test_what_a_leaving_worker_cannot_finish_is_taken_over_at_once(faulty: Ground) -> None:
    faulty.stack.model("script", ["hang"] * 4)
    issues = [faulty.issue(n) for n in range(4)]
    eventually(lambda: len(faulty.stack.model("requests")) == len(issues), "questions to the model")
    began = time.monotonic()
    for worker in faulty.fleet.workers:
        worker.terminate()
    eventually(lambda: len(faulty.supervisor.ended) == 2, "end of both workers", LEAVES_S)
    assert time.monotonic() - began < LEAVES_S
    assert {code for _, code in faulty.supervisor.ended} == {0}
    # No lease has to run out for it.
    eventually(lambda: faulty.commented() == len(issues), "comments", 20)


# F23


def test_processes_wait_for_a_database_that_comes_late(faulty: Ground) -> None:
    faulty.postgres.stop()
    early = (faulty.fleet.webs[0], faulty.fleet.workers[0], faulty.fleet.schedulers[0])
    for process in early:
        process.stop(LEAVES_S)
    eventually(lambda: all(process.running for process in early), "processes without a database")
    time.sleep(6)
    # They wait, and have not ended and been started again meanwhile.
    assert len(faulty.supervisor.ended) == len(early)
    faulty.postgres.start()
    eventually(lambda: faulty.ready() == 200, "ready web process", RECOVERED_S)


def test_without_a_database_the_wait_ends_in_one_line(tmp_path: Path) -> None:
    nowhere = "postgresql+asyncpg://postgres:canary@127.0.0.1:1/nowhere"
    settings = {"DATABASE_URL": nowhere, "REDIS_URL": "redis://127.0.0.1:1/0", "APP_SECRET_KEY": SEAL}
    commands = {role: ["-c", SOON, role] for role in ("serve", "worker", "scheduler")}
    with ended(tmp_path, commands, settings, within_s=WAITS_S) as processes:
        for process in processes:
            assert process.code == 1
            assert "waiting for the database" in process.output
            assert last_line(process).startswith("jiravision: ")
            assert "canary" not in process.output


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"DATABASE_URL": "sqlite+aiosqlite:///./never.db", "REDIS_URL": "redis://127.0.0.1:1/0"}, "postgresql"),
        ({"DATABASE_URL": "postgresql+asyncpg://postgres@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}, "KEY"),
        ({"DATABASE_URL": "mysql://nowhere/x"}, "DATABASE_URL"),
        ({"REDIS_URL": "http://127.0.0.1:1/0"}, "REDIS_URL"),
        ({"BASE_URL": "not an address"}, "BASE_URL"),
        ({"AI_SLOTS": "many"}, "AI_SLOTS"),
    ],
    ids=["sqlite shared", "no key", "other database", "no redis", "no address", "no number"],
)
def test_configuration_that_cannot_work_is_named_in_one_line(
    tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    with ended(tmp_path, {"serve": [*JIRAVISION, "serve"]}, settings, within_s=WAITS_S) as (process,):
        assert process.code == 2
        assert last_line(process).startswith("jiravision: ")
        assert words in last_line(process)


@contextmanager
def ended(
    folder: Path, commands: dict[str, list[str]], settings: dict[str, str], *, within_s: float
) -> Iterator[list[Process]]:
    """Programs of ours that are expected to end by themselves, once they have."""
    processes = [Process(name, [sys.executable, *command], folder, settings) for name, command in commands.items()]
    try:
        for process in processes:
            process.start()
        eventually(lambda: not any(process.running for process in processes), "end of the processes", within_s)
        yield processes
    finally:
        for process in processes:
            process.stop()


def last_line(process: Process) -> str:
    assert "Traceback" not in process.output, process.output
    return process.output.strip().splitlines()[-1]
