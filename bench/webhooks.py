"""500 new issues of three sites: how fast they are taken, when the last one is answered, and what each costs.

python -m bench.webhooks [--issues 500] [--database sqlite|postgresql] [--write]

Starts everything it needs (pretend Jira, test model, add-on, PostgreSQL) and ends with an error when a delivery was not
answered with 204 within a second, when an issue has not exactly one comment, or when the pretend Jira complains.
"""

import argparse
import asyncio
import contextlib
import re
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import messages, report
from bench.bare import SECRET
from bench.messages import NewIssue, Signer
from bench.report import Load, Whole
from bench.sender import Sent, send
from tests.conftest import administer, in_database
from tests.services import free_port, postgresql
from tests.stack import Fleet, JiraSite, Process, Stack, eventually

SITES = 3
AT_ONCE = 32
MODEL_S = 0.3
LIMIT_S = 1.0
PATIENCE_S = 300.0
ROUNDS = 5
PER_ROUND = 600
PAGE = "/ui/issue-panel?issueId={id}&projectId={project}&xdm_e=x&xdm_c=channel-1&cp=&lic=none&cv=1001.0.0"
BARE = Signer("yardstick", SECRET, "http://127.0.0.1", "nobody")

Databases = Callable[[str], str]
"""Makes an empty database and returns its address."""


class Unmet(AssertionError):
    """A promise was not kept."""


def signer(site: JiraSite) -> Signer:
    state = site.ask("GET", "/state")
    installed = state["installation"]
    return Signer(installed["client_key"], installed["shared_secret"], state["base_url"], state["users"]["tess"])


def port(stack: Stack) -> int:
    return int(urlsplit(stack.url).port or 0)


def all_answered(sent: Sent, status: int = 204) -> Sent:
    others = [given for given in sent.statuses if given != status]
    if others:
        raise Unmet(f"{len(others)} of {len(sent.statuses)} requests were answered otherwise, such as {others[0]}")
    return sent


def whole(name: str, url: str, folder: Path, count: int) -> Whole:
    """Deliveries while analyses run, to the last comment."""
    with Stack(url, folder, sites=SITES, model=MODEL_S) as stack:
        signers = [signer(site) for site in stack.sites]
        made = [(n % SITES, stack.site(n % SITES).create_issue(webhook=False)) for n in range(count)]
        issues = [(site, NewIssue(i["id"], i["key"], i["project_id"])) for site, i in made]
        requests = [messages.webhook(signers[site], issue) for site, issue in issues]
        used = stack.addon.cpu_s()
        sent = all_answered(send(port(stack), requests, at_once=AT_ONCE))
        all_commented(stack, count)
        cpu_s = stack.addon.cpu_s() - used
        last = max(answered_once(stack.site(site), issue.key) for site, issue in issues)
        no_complaints(stack.sites, count)
        return Whole(name, sent.seconds, sent.ended - sent.began, last - sent.began, cpu_s / count * 1000)


def all_commented(stack: Stack, count: int) -> None:
    """Returns when the add-on itself counts that many comments; asked seldom, for the answer costs the add-on too."""
    until = time.monotonic() + PATIENCE_S
    while True:
        counters = stack.client.get(f"{stack.url}/metrics").text
        found = re.search(r'^jira_publish_success_total{target="comment"} (\S+)', counters, re.MULTILINE)
        if found and float(found[1]) >= count:
            return
        if time.monotonic() > until:
            told = [line for line in counters.splitlines() if line.startswith(("runs_total", "jira_pub", "queue_"))]
            raise Unmet(f"not {count} comments within {PATIENCE_S:g} s: {told}")
        time.sleep(0.5)


def answered_once(site: JiraSite, key: str) -> float:
    """When the add-on's comment was written, UTC seconds. Raises Unmet unless there is exactly one."""
    comments = site.comments(key)
    if len(comments) != 1:
        raise Unmet(f"{key} has {len(comments)} comments of ours")
    return datetime.fromisoformat(comments[0]["created"]).timestamp()


def no_complaints(sites: Sequence[JiraSite], issues: int) -> None:
    complaints = [complaint for site in sites for complaint in site.complaints()]
    if complaints:
        raise Unmet(f"the pretend Jira complains {len(complaints)} times, such as {complaints[0]}")
    written = sum(len(site.requests("comment.create")) for site in sites)
    if written != issues:
        raise Unmet(f"{written} comments were sent for {issues} issues")


def costs(name: str, databases: Databases, folder: Path) -> list[tuple[Load, Load]]:
    """(the add-on, the bare service), for a webhook and for a page; in turns, so that both meet the same machine."""
    options: dict[str, Any] = {"AI_SLOTS": "1", "LLM_TIMEOUT": "540"}
    with Stack(databases("addon"), folder, sites=SITES, model=0.0, **options) as stack:
        panel = occupied(stack)
        target = PAGE.format(id=panel.id, project=panel.project_id)
        shown = stack.client.get(stack.site().page_url(target, "tess"))
        with bare(databases("bare"), folder, len(shown.content)) as (yardstick, bare_port):
            hooks = Turns("webhook", name, stack.addon, yardstick)
            pages = Turns("page", name, stack.addon, yardstick)
            signers = [signer(site) for site in stack.sites]
            for turn in range(ROUNDS):
                issues = [made_up(turn * PER_ROUND + n) for n in range(PER_ROUND)]
                ours = [messages.webhook(signers[n % SITES], issue) for n, issue in enumerate(issues)]
                theirs = [messages.webhook(BARE, issue, "/hook") for issue in issues]
                hooks.take((port(stack), ours), (bare_port, theirs), status=204)
                ours = [messages.page(signers[0], target)] * PER_ROUND
                theirs = [messages.page(BARE, "/page?" + target.partition("?")[2])] * PER_ROUND
                pages.take((port(stack), ours), (bare_port, theirs), status=200)
        # It waits for the analysis that hangs otherwise.
        stack.addon.kill()
        return [hooks.figures(), pages.figures()]


def occupied(stack: Stack) -> NewIssue:
    """Gives the only slot to an analysis that hangs, so that deliveries are taken and nothing else is worked."""
    stack.model("default", "hang")
    made = stack.site().create_issue()
    eventually(lambda: stack.model("requests"), "analysis that hangs")
    return NewIssue(made["id"], made["key"], made["project_id"])


def made_up(number: int) -> NewIssue:
    """An issue that exists nowhere: nobody will look for it."""
    return NewIssue(str(5_000_000 + number), f"SHOP-{5_000_000 + number}", "10010")


class Turns:
    """Loads two services alternately. CPU: the median of the rounds, for other work on the machine comes and goes."""

    def __init__(self, kind: str, database: str, addon: Process | Fleet, yardstick: Process) -> None:
        self._names = (f"{kind}, {database}: add-on", f"{kind}, {database}: bare FastAPI")
        self._services = (addon, yardstick)
        self._sent: tuple[list[Sent], list[Sent]] = ([], [])
        self._cpu_us: tuple[list[float], list[float]] = ([], [])

    def take(self, *loads: tuple[int, Sequence[str]], status: int) -> None:
        """loads: port and requests of the add-on, then of the bare service."""
        for (where, requests), service, sent, cpu_us in zip(
            loads, self._services, self._sent, self._cpu_us, strict=True
        ):
            used = service.cpu_s()
            sent.append(all_answered(send(where, requests, at_once=AT_ONCE), status))
            cpu_us.append((service.cpu_s() - used) / len(requests) * 1e6)

    def figures(self) -> tuple[Load, Load]:
        ours, theirs = (
            Load(
                name,
                [second for each in sent for second in each.seconds],
                statistics.median(len(each.seconds) / (each.ended - each.began) for each in sent),
                statistics.median(cpu_us),
            )
            for name, sent, cpu_us in zip(self._names, self._sent, self._cpu_us, strict=True)
        )
        return ours, theirs


@contextlib.contextmanager
def bare(url: str, folder: Path, page_bytes: int) -> Iterator[tuple[Process, int]]:
    """The running yardstick and its port."""
    number = free_port()
    command = [sys.executable, "-m", "bench.bare", url, str(number), str(page_bytes)]
    process = Process("bare", command, folder, {})
    process.start()
    try:
        eventually(lambda: listening(process, number), "bare service")
        yield process, number
    finally:
        process.stop()


def listening(process: Process, number: int) -> bool:
    if not process.running:
        raise Unmet(f"the bare service ended: {process.output[-2000:]}")
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", number), 1):
        return True
    return False


def measure(name: str, databases: Databases, folder: Path, count: int) -> tuple[Whole, list[tuple[Load, Load]]]:
    for part in ("whole", "costs"):
        (folder / part).mkdir(parents=True)
    return whole(name, databases("whole"), folder / "whole", count), costs(name, databases, folder / "costs")


@contextlib.contextmanager
def measured_on(kind: str, folder: Path) -> Iterator[Databases]:
    """Databases of one kind. PostgreSQL writes to the disk as it would in production."""
    if kind == "sqlite":
        yield lambda name: f"sqlite+aiosqlite:///{folder}/{name}.db"
        return
    with postgresql(fsync=True) as server:

        def made(name: str) -> str:
            asyncio.run(administer(server, f'CREATE DATABASE "bench_{name}"'))
            return in_database(server, f"bench_{name}")

        yield made


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures webhooks and analyses on a whole, running JiraVision.")
    parser.add_argument("--issues", type=int, default=500)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--write", action="store_true", help="put the figures into bench/README.md")
    asked = parser.parse_args()
    ways: list[Whole] = []
    pairs: list[tuple[Load, Load]] = []
    with tempfile.TemporaryDirectory(prefix="jiravision-bench-") as folder:
        for kind in asked.database or ("sqlite", "postgresql"):
            with measured_on(kind, Path(folder)) as databases:
                way, costs_of_it = measure(kind, databases, Path(folder) / kind, asked.issues)
            ways.append(way)
            pairs += costs_of_it
    tables = [
        (f"{asked.issues} new issues of {SITES} sites, model {MODEL_S} s", report.WHOLE_HEAD, [w.row() for w in ways]),
        ("What one request costs", report.LOAD_HEAD, [r for a, b in pairs for r in (a.row(b), b.row())]),
    ]
    for table in tables:
        report.show(*table)
    if asked.write:
        report.write("\n".join(report.markdown(*table) for table in tables))
    slowest_s = max(max(way.seconds) for way in ways)
    if slowest_s >= LIMIT_S:
        raise Unmet(f"a delivery waited {slowest_s:.2f} s for its answer")


if __name__ == "__main__":
    main()
