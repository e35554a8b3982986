"""What every measurement stands on: databases, the yardstick beside the add-on, and what was promised."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from addon.store.migrate import migrate
from bench.messages import Signer
from bench.report import Row
from bench.sender import Sent
from tests.conftest import administer, in_database
from tests.processes import Fleet, Process
from tests.services import free_port, postgresql
from tests.stack import JiraSite, Stack, eventually

Databases = Callable[[str], str]
"""Makes an empty database and returns its address."""


class Unmet(AssertionError):
    """A promise was not kept."""


@dataclass(frozen=True)
class Goal:
    """What was promised. found must not be above the limit, or not below it."""

    what: str
    found: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.found >= self.limit if self.at_least else self.found <= self.limit

    def row(self) -> Row:
        sign = "≥" if self.at_least else "≤"
        return self.what, f"{self.found:,.2f}", f"{sign} {self.limit:,g}", "yes" if self.met else "NO"


GOAL_HEAD = ("goal", "found", "promised", "met")


@dataclass(frozen=True)
class Table:
    title: str
    head: Row
    rows: list[Row]


@dataclass(frozen=True)
class Figures:
    """What one measurement brings."""

    tables: list[Table]
    goals: list[Goal]


def say(words: str) -> None:
    """What happens now: a measurement takes minutes."""
    print(f"· {words}", file=sys.stderr, flush=True)


def signer(site: JiraSite, user: str = "tess") -> Signer:
    state = site.ask("GET", "/state")
    installed = state["installation"]
    return Signer(installed["client_key"], installed["shared_secret"], state["base_url"], state["users"][user])


def port(stack: Stack) -> int:
    return int(urlsplit(stack.url).port or 0)


def shapes(kind: str) -> tuple[bool, ...]:
    """Whether the add-on is measured as a web, a worker and a scheduler process, which takes PostgreSQL."""
    return (False, True) if kind == "postgresql" else (False,)


def named(scaled: bool) -> str:
    return "web, worker, scheduler" if scaled else "one"


def front(stack: Stack) -> Process:
    """The process that requests come to."""
    return stack.addon.webs[0] if isinstance(stack.addon, Fleet) else stack.addon


def worker(stack: Stack) -> Process:
    """The process that works the queues."""
    return stack.addon.workers[0] if isinstance(stack.addon, Fleet) else stack.addon


def all_answered(sent: Sent, status: int = 204) -> Sent:
    others = [given for given in sent.statuses if given != status]
    if others:
        raise Unmet(f"{len(others)} of {len(sent.statuses)} requests were answered otherwise, such as {others[0]}")
    return sent


def rss_kb(process: Process) -> float:
    """What it weighs now."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return float(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


@contextlib.contextmanager
def bare(url: str, folder: Path, page_bytes: int) -> Iterator[tuple[Process, int]]:
    """The running yardstick and its port."""
    number = free_port()
    command = [sys.executable, "-m", "bench.bare", url, str(number), str(page_bytes)]
    process = Process("bare", command, folder, {})
    process.start()
    try:
        eventually(lambda: _listening(process, number), "bare service")
        yield process, number
    finally:
        process.stop()


def _listening(process: Process, number: int) -> bool:
    if not process.running:
        raise Unmet(f"the bare service ended: {process.output[-2000:]}")
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", number), 1):
        return True
    return False


@contextlib.contextmanager
def databases(kind: str, folder: Path) -> Iterator[Databases]:
    """Databases of one kind, on PostgreSQL with their tables. It writes to the disk as it would in production."""
    if kind == "sqlite":
        yield lambda name: f"sqlite+aiosqlite:///{folder}/{name}.db"
        return
    with postgresql(fsync=True) as server:

        def made(name: str) -> str:
            asyncio.run(administer(server, f'CREATE DATABASE "bench_{name}"'))
            url = in_database(server, f"bench_{name}")
            # Several processes leave that to whoever operates them.
            asyncio.run(migrate(url))
            return url

        yield made
