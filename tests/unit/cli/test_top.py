"""`jiravision top`: right figures in any width, for programs, and alive in a real terminal."""

import asyncio
import fcntl
import io
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from addon.cli.top_table import screen
from addon.cli.top_words import plain, span
from addon.errors import Misconfigured
from addon.runs.load import Loads
from addon.store.db import Database
from addon.store.repos import leaders, processes
from addon.store.repos.processes import Identity, Load
from addon.store.tables.clockwork import processes as process_rows
from addon.store.tables.tenants import tenants
from tests.rows import add_run, add_tenant
from tests.unit.cli.test_main import ROOT, invoke

COMMAND = [sys.executable, "-m", "addon.cli.main", "top"]
WORKER = Identity("w-1", "worker", "box-a", 4711, "0.4.0")
QUIET = {"waiting": 0, "later": 0, "working": 0, "oldest_s": 0.0}


async def populated(db: Database) -> None:
    """Two sites at work, a worker that works, one that is silent, a scheduler that leads."""
    busy, calm = await add_tenant(db), await add_tenant(db)
    async with db.begin() as tx:
        await tx.execute(tenants.update().where(tenants.c.id == busy).values(base_url="https://busy.atlassian.net"))
        await tx.execute(tenants.update().where(tenants.c.id == calm).values(paused_until=1.0))
    for number in range(3):
        await add_run(db, busy, run_at=time.time() - 130 - number)
    await add_run(db, busy, state="running", started_at=time.time())
    await add_run(db, calm, queue="priority", run_at=time.time() + 60)
    async with db.begin() as tx:
        await processes.report(tx, WORKER, load=Load({"ai": 50, "priority": 20}, {"ai": 3, "priority": 0}))
        await processes.report(tx, Identity("w-2", "worker", "box-b", 4712, "0.4.0"), load=Load({"ai": 50}, {"ai": 0}))
        await processes.report(tx, Identity("s-1", "scheduler", "box-c", 99, "0.4.0"), load=Load({}, {}))
        await processes.report(
            tx, Identity("w-3", "worker", "box-d", 5, "0.4.0"), load=Load({"ai": 50}, {"ai": 1}, True)
        )
        silent = process_rows.update().where(process_rows.c.name == "w-2")
        await tx.execute(silent.values(seen_at=process_rows.c.seen_at - 45))
        await leaders.hold(tx, "scheduler", holder="s-1", lease_s=60)


def drawn(found: Any, width: int, height: int = 10_000) -> str:
    shown = io.StringIO()
    Console(width=width, height=height, file=shown).print(screen(found, width=width, height=height))
    return shown.getvalue()


async def test_everything_is_told_from_the_database_alone(database: Database) -> None:
    await populated(database)
    told = await Loads(database).of_all()
    assert (told["waiting"], told["later"], told["working"]) == (4, 1, 1)
    assert 131 < told["oldest_s"] < 150
    queues = {each["queue"]: each for each in told["queues"]}
    assert (queues["ai"]["waiting"], queues["ai"]["working"], queues["ai"]["started_last_minute"]) == (3, 1, 1)
    sites = {each["site"]: each for each in told["sites"]}
    assert list(sites) == ["busy.atlassian.net", "acme.atlassian.net"]
    assert sites["busy.atlassian.net"]["queues"] == {"ai": 4}
    assert sites["acme.atlassian.net"]["state"] == "paused"
    assert told["other_sites"] is None
    states = {each["host"]: each["state"] for each in told["processes"]}
    assert states == {"box-a": "alive", "box-b": "silent", "box-c": "alive", "box-d": "draining"}
    assert (told["leader"]["host"], told["leader"]["pid"]) == ("box-c", 99)
    json.dumps(told)


async def test_a_site_hears_how_many_work_and_nothing_of_whom(database: Database) -> None:
    await populated(database)
    told = await Loads(database).of_site(await add_tenant(database))
    # Neither the silent one, nor the one that leaves, nor a scheduler works any queue.
    assert told["workers"] == 1
    assert told["waiting"] == 0
    assert "box" not in json.dumps(told)


async def test_sites_beyond_the_first_twenty_are_summed(database: Database) -> None:
    for number in range(23):
        tenant_id = await add_tenant(database)
        for _ in range(2 if number == 5 else 1):
            await add_run(database, tenant_id)
    told = await Loads(database).of_all()
    assert len(told["sites"]) == 20
    assert told["sites"][0]["waiting"] == 2
    assert (told["other_sites"]["number"], told["other_sites"]["waiting"]) == (3, 3)


async def test_a_look_is_a_handful_of_statements_and_locks_nothing(database: Database) -> None:
    async with database.begin():
        if database.dialect == "sqlite":
            # One connection there; a second one stands for the other process.
            other = Database.open(str(database.engine.url))
        else:
            other = Database.open(database.engine.url.render_as_string(hide_password=False))
        try:
            await asyncio.wait_for(Loads(other).of_all(), 60)
        finally:
            await other.close()


@pytest.mark.parametrize("width", [200, 80, 60, 40])
async def test_any_width_shows_what_matters_and_nothing_wraps(database: Database, width: int) -> None:
    await populated(database)
    said = drawn(await Loads(database).of_all(), width)
    assert all(len(line) <= width for line in said.splitlines())
    for expected in ("4 waiting, 1 at work", "priority", "busy.atl", "box-a", "silent for 45", "Leads: box-c, pid 99"):
        assert expected in said, said
    assert ("ai 3/50" in said) == (width >= 76)


def test_a_low_terminal_counts_the_sites_that_do_not_fit() -> None:
    site = {"state": "installed", **QUIET, "waiting": 2, "oldest_s": 5.0, "queues": {"ai": 2}}
    found = {
        "at": "2026-11-21T10:00:00.000Z", **QUIET, "queues": [], "processes": [], "leader": None, "schedules": [],
        "sites": [{**site, "site": f"site-{number}.example"} for number in range(20)],
        "other_sites": {**QUIET, "number": 4, "waiting": 8, "oldest_s": 99.0},
    }  # fmt: skip
    said = drawn(found, 100, height=21)
    assert "site-4.example" in said
    assert "site-5.example" not in said
    assert re.search(r"19 more +38 ", said)
    assert "Nobody works the queues at the moment" in said
    assert "Nobody leads" in said


def test_names_from_outside_cannot_steer_the_terminal() -> None:
    assert plain("a\x1b[2Jb\rc") == "a?[2Jb?c"
    assert [span(each) for each in (-3, 0.4, 59, 60, 3599, 7300, 200_000)] == [
        *("0 s", "0 s", "59 s", "1 min", "59 min", "2 h", "2 d"),
    ]


@pytest.mark.parametrize("others", [(), ("--once",), ("--json", "--once")])
def test_watching_is_for_programs_and_goes_on(tmp_path: Path, others: tuple[str, ...]) -> None:
    _, said, error = invoke("top", "--watch", *others, folder=tmp_path)
    assert isinstance(error, Misconfigured)
    assert "--json" in error.detail
    assert (said, list(tmp_path.iterdir())) == ("", [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--json", "--every", "2"), "--every goes where it looks on"),
        (("--every", "2"), "--every goes where it looks on"),
        (("--once", "--every", "2"), "--once goes without --every"),
    ],
)
def test_a_pace_without_a_second_look_is_refused(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """Also at its default, and where no terminal is."""
    _, _, error = invoke("top", *arguments, folder=tmp_path)
    assert isinstance(error, Misconfigured)
    assert error.detail.startswith(said)


@pytest.mark.parametrize("arguments", [("--json",), ("--json", "--once")])
def test_one_document_is_one_look(database_url: str, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    _, said, _ = invoke("top", *arguments, folder=tmp_path, DATABASE_URL=database_url)
    assert json.loads(said)["waiting"] == 0


def test_without_a_terminal_it_prints_once(database_url: str, tmp_path: Path) -> None:
    populate(database_url)
    code, said, _ = invoke("top", folder=tmp_path, DATABASE_URL=database_url)
    assert code == 0
    assert "busy.atlassian.net" in said
    assert "\x1b" not in said
    told = json.loads(invoke("top", "--json", folder=tmp_path, DATABASE_URL=database_url)[1])
    assert told["waiting"] == 4


def populate(url: str) -> None:
    async def whole() -> None:
        db = Database.open(url)
        await populated(db)
        await db.close()

    asyncio.run(whole())


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a populated file."""
    file = tmp_path / "jiravision.db"
    file.write_bytes(sqlite_template.read_bytes())
    populate(f"sqlite+aiosqlite:///{file}")
    return f"sqlite+aiosqlite:///{file}"


def environment(url: str) -> dict[str, str]:
    bare = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**bare, "PYTHONPATH": str(ROOT), "DATABASE_URL": url, "TERM": "xterm-256color"}


def hears_ctrl_c() -> None:
    """Shells have what they start in the background ignore it, which is inherited."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.process
@pytest.mark.parametrize("ended_by", ["Ctrl-C", "reader"])
def test_watched_by_a_program_it_tells_a_document_per_line(url: str, tmp_path: Path, ended_by: str) -> None:
    command = [*COMMAND, "--json", "--watch", "--every", "0.5"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(url), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=hears_ctrl_c,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert [line["waiting"] for line in lines] == [4, 4]
        assert lines[0]["at"] < lines[1]["at"]
        if ended_by == "Ctrl-C":
            process.send_signal(signal.SIGINT)
        else:
            process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""


@contextmanager
def terminal(url: str, folder: Path, *, width: int = 100, height: int = 40) -> Iterator[Any]:
    """`jiravision top` in a terminal of its own."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, "--every", "0.5"], cwd=folder, env=environment(url), stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, preexec_fn=hears_ctrl_c,
    )  # fmt: skip
    try:
        yield Terminal(ours, theirs, process)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)


class Terminal:
    """What a person at it sees and types."""

    def __init__(self, ours: int, theirs: int, process: subprocess.Popen[bytes]) -> None:
        self._ours, self.theirs, self.process = ours, theirs, process
        self.seen = b""

    def until(self, text: str, within_s: float = 120.0) -> None:
        os.set_blocking(self._ours, False)
        end = time.monotonic() + within_s
        while text.encode() not in self.seen:
            assert time.monotonic() < end, f"no {text!r} in {self.seen[-3000:]!r}"
            try:
                self.seen += os.read(self._ours, 65536)
            except BlockingIOError:
                time.sleep(0.02)

    def types(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    @property
    def cooked(self) -> bool:
        """Whether typing shows and waits for the line's end, as a shell expects it."""
        mode = termios.tcgetattr(self.theirs)[3]
        return bool(mode & termios.ECHO) and bool(mode & termios.ICANON)


@pytest.mark.process
@pytest.mark.parametrize("key", [b"q", "SIGINT", "SIGTERM"])
def test_in_a_terminal_it_goes_on_until_told_to_end(url: str, tmp_path: Path, key: bytes | str) -> None:
    with terminal(url, tmp_path) as shown:
        shown.until("busy.atlassian.net")
        shown.until("q ends")
        assert not shown.cooked
        shown.types(b"x")
        populate(url)
        shown.until("8 waiting")
        assert shown.process.poll() is None
        if isinstance(key, bytes):
            shown.types(key)
        else:
            shown.process.send_signal(getattr(signal, key))
        assert shown.process.wait(60) == 0
        shown.until("\x1b[?1049l")
        assert shown.cooked
        assert b"Traceback" not in shown.seen


@pytest.mark.process
def test_a_database_that_goes_is_said_and_waited_for(url: str, tmp_path: Path) -> None:
    with terminal(url, tmp_path) as shown:
        shown.until("busy.atlassian.net")
        asyncio.run(broken(url, shown))
        shown.types(b"q")
        assert shown.process.wait(60) == 0


async def broken(url: str, shown: Terminal) -> None:
    """Takes a table away, and gives it back once that was noticed."""
    db = Database.open(url)
    async with db.single() as tx:
        await tx.exec_driver_sql("ALTER TABLE processes RENAME TO elsewhere")
    await asyncio.to_thread(shown.until, "database does not answer")
    async with db.single() as tx:
        await tx.exec_driver_sql("ALTER TABLE elsewhere RENAME TO processes")
    shown.seen = b""
    await asyncio.to_thread(shown.until, "busy.atlassian.net")
    await db.close()
