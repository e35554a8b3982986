"""A PostgreSQL and a Redis of our own for the tests: private folders, free ports, gone when the tests are."""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import cycle
from pathlib import Path

# It stands where a plain PATH does not look.
RUNUSER = shutil.which("runuser", path=f"{os.defpath}:/usr/sbin:/sbin") or "runuser"
SYSTEM_USER = "postgres"
WORKERS = 64
"""So many workers of one pytest have ports of their own."""
MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3
"""Bytes that must be free there: the databases of all workers and their log take a part of it."""


def free_port() -> int:
    """A port nobody listens on at this moment, and that nobody else of the same pytest will be given."""
    while True:
        port = next(_own_ports())
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@cache
def _own_ports() -> Iterator[int]:
    """Those of this worker in no order: who was given one and listens later, or again, finds it as it was."""
    # Below the ports that connections going out are given, so that none of those takes it before it is listened on.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % WORKERS
    ports = list(range(10_000 + worker, 32_000, WORKERS))
    random.shuffle(ports)
    return cycle(ports)


def in_memory() -> Path | None:
    """A folder that costs no disk, for what nobody has to find again; None where there is none with room."""
    usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM
    return MEMORY if usable else None


def binaries() -> Path:
    """The folder of initdb and postgres. Raises RuntimeError: tests that silently skip a database prove nothing."""
    on_path = shutil.which("postgres")
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name.split(".")[0]))
    for folder in [*([Path(on_path).parent] if on_path else []), *reversed(known)]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise RuntimeError(
        "The tests need a PostgreSQL: install its server (Debian: apt-get install postgresql),"
        " or set TEST_PG_URL=postgresql+asyncpg://user:password@host/name of a role that may create databases."
    )


@contextmanager
def postgresql(*, fsync: bool = False) -> Iterator[str]:
    """The address of a running server: TEST_PG_URL when set, else one started for the length of the block.

    fsync: on for tests that kill the server itself.
    """
    given = os.environ.get("TEST_PG_URL")
    if given:
        yield given
        return
    server = PostgreSQL(fsync=fsync)
    try:
        server.start()
        yield server.url
    finally:
        server.remove()


class PostgreSQL:
    """A private server. Ends with `stop` or `kill`; `start` again continues on the same data and port."""

    def __init__(self, *, fsync: bool = False, connections: int = 300) -> None:
        self._bin = binaries()
        self._fsync = fsync
        self._connections = connections
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        # Every database is some hundred files, and making and removing them is most of what such a test costs.
        self.folder = Path(tempfile.mkdtemp(prefix="jiravision-pg-", dir=None if fsync else in_memory()))
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            user = pwd.getpwnam(SYSTEM_USER)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-D", str(self.folder / "data"), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Returns when the server accepts connections. Raises RuntimeError with its log when it does not."""
        options = {
            "fsync": "on" if self._fsync else "off",
            "unix_socket_directories": str(self.folder),
            "listen_addresses": "127.0.0.1",
            "max_connections": str(self._connections),
        }
        arguments = ["-D", str(self.folder / "data"), "-p", str(self.port)]
        for name, value in options.items():
            arguments += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            # A session of its own: runuser is frozen with it, and when a group that has somebody frozen in it loses its
            # shell, the kernel hangs up on all of them, the tests included.
            command = self._as_owner("postgres", arguments)
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", start_new_session=True)
        for _ in range(600):
            if self._process.poll() is not None:
                break
            if self._is_ready():
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}")

    @property
    def running(self) -> bool:
        """Also while frozen."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """As if the power went: recovery at the next start."""
        self._end(signal.SIGQUIT)

    def freeze(self) -> None:
        """All of its processes keep their connections and say nothing; new ones are taken by nobody."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        self.thaw()
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_ready(self) -> bool:
        # The last line of the pid file is the server's own word on its state.
        pid_file = self.folder / "data" / "postmaster.pid"
        return pid_file.exists() and pid_file.read_text().splitlines()[-1:] == ["ready   "]

    def _signal(self, number: signal.Signals) -> None:
        """To the server and every process it made."""
        pid_file = self.folder / "data" / "postmaster.pid"
        if self._process is None or self._process.poll() is not None or not pid_file.exists():
            return
        server = int(pid_file.read_text().split()[0])
        if number == signal.SIGCONT:
            # runuser stops itself when its child is stopped, and sees no end before it goes on.
            self._process.send_signal(number)
        # First the one that makes others, so that none is made meanwhile.
        with suppress(ProcessLookupError):
            os.kill(server, number)
        for child in Path(f"/proc/{server}/task/{server}/children").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(child), number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        pid_file = self.folder / "data" / "postmaster.pid"
        # The child may be runuser: the signal has to reach the server itself.
        if self._process.poll() is None and pid_file.exists():
            os.kill(int(pid_file.read_text().split()[0]), number)
        elif self._process.poll() is None:
            self._process.terminate()
        self._process.wait(timeout=30)
        self._process = None

    def _as_owner(self, program: str, arguments: Sequence[str]) -> list[str]:
        command = [str(self._bin / program), *arguments]
        return [RUNUSER, "-u", SYSTEM_USER, "--", *command] if os.geteuid() == 0 else command

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(self._as_owner(program, arguments), capture_output=True, text=True, cwd="/", check=False)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.strip()[-2000:]}")


@contextmanager
def redis() -> Iterator[str]:
    """The address of a Redis started for the length of the block."""
    server = RedisServer()
    try:
        server.start()
        yield server.url
    finally:
        server.remove()


class RedisServer:
    """A private server. `start` after `kill` continues on the same port with what was written to its file."""

    def __init__(self) -> None:
        self._program = shutil.which("redis-server")
        if self._program is None:
            raise RuntimeError("The tests need a Redis: install its server (Debian: apt-get install redis-server).")
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="jiravision-redis-"))

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns when the server answers. Raises RuntimeError with its log when it does not."""
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "yes", "dir": self.folder}
        arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([str(self._program), *arguments], stdout=log, stderr=log, cwd="/")
        for _ in range(1200):
            if self._process.poll() is not None:
                break
            with suppress(OSError):
                if self.command("PING").startswith(b"+PONG"):
                    return
            time.sleep(0.025)
        raise RuntimeError(f"Redis did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def command(self, *words: str) -> bytes:
        """The first bytes of the answer. Raises OSError when there is nobody."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as wire:
            wire.sendall(" ".join(words).encode() + b"\r\n")
            return wire.recv(4096)

    @property
    def running(self) -> bool:
        """Also while frozen."""
        return self._process is not None and self._process.poll() is None

    def freeze(self) -> None:
        """It keeps its connections and says nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """kill -9."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(timeout=30)
            self._process = None

    def remove(self) -> None:
        with suppress(ProcessLookupError):
            self.thaw()
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
