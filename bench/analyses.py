"""Whole analyses in one process: their rate with many in flight, their CPU, how soon they begin, what each weighs."""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import messages
from bench.messages import NewIssue
from bench.report import quantile
from bench.sender import Job, Sent, deliver, send
from bench.stage import Databases, Figures, Goal, Table, Unmet, all_answered, port, rss_kb, say, signer
from tests.flow.acts import rows
from tests.processes import Process
from tests.stack import JiraSite, Stack

SITES = 4
AT_ONCE = 32
SLOTS = 200
MODEL_S = 5.0
IDEAL = SLOTS / MODEL_S
"""Analyses a second of a process in which nothing but the model takes time."""
ARRIVING = 1.2 * IDEAL
"""New issues a second: more than can be worked, so that there is always a next one."""
ARRIVE_S = 25.0
PACE_S = 0.15
WAVES = 4
"""Of those that come all at once: as many times SLOTS."""
PATIENCE_S = 300.0
LIMIT_S = 1.0
RATE_SHARE, CPU_MS = 0.9, 25.0
HEAD = (
    "database", "issues", "coming", "in flight", "of the ideal rate", "per s", "CPU ms each", "RSS KB in flight each"
)  # fmt: skip
START_HEAD = ("database", "analyses", "webhook to model p50 ms", "p99 ms", "204 after p50 ms", "p99 ms", "CPU ms each")
OPTIONS = {"AI_SLOTS": str(SLOTS), "SITE_SLOTS": "1000", "SITE_STARTS_PER_MINUTE": "0", "JIRA_POINTS_PER_HOUR": "0"}


@dataclass(frozen=True)
class Way:
    """What happened to some issues. begun: when deliveries left; calls: when each analysis asked the model; spans: from
    when to when each was worked; all UTC seconds, in order. seconds: how long each delivery waited for its answer.
    cpu_ms, rss_kb: of each."""

    begun: list[float]
    seconds: list[float]
    calls: list[float]
    spans: list[tuple[float, float]]
    cpu_ms: float
    rss_kb: float

    def in_flight(self, at: float) -> int:
        return sum(1 for began, ended in self.spans if began <= at < ended)

    @property
    def most(self) -> int:
        return max(self.in_flight(at) for at in self.calls)

    def all_together(self) -> float:
        """Analyses a second from the first question to the last answer, the filling of the slots included."""
        return len(self.calls) / (self.calls[-1] + MODEL_S - self.calls[0])

    def once_full(self) -> float:
        """Questions a second from when all slots were taken. Raises Unmet when they never were."""
        full = next((at for at in self.calls if self.in_flight(at) >= SLOTS), None)
        if full is None:
            raise Unmet(f"never more than {self.most} analyses in flight")
        later = [at for at in self.calls if at > full]
        return len(later) / (later[-1] - full)


def measure(kind: str, made: Databases, folder: Path, *, waves: int = WAVES, few: int = 150) -> Figures:
    """kind: of the database. few: issues whose deliveries come one after the other, to see how soon each begins."""
    many = int(ARRIVING * ARRIVE_S * waves / WAVES)
    with _stack(made("steady"), folder / "steady", model_s=MODEL_S) as stack:
        say(f"analyses on {kind}: {many}, {ARRIVING:g} a second, {SLOTS} slots and a model that takes {MODEL_S:g} s")
        steady = _worked(stack, many, at_once=AT_ONCE, per_s=ARRIVING)
    with _stack(made("burst"), folder / "burst", model_s=MODEL_S) as stack:
        say(f"analyses on {kind}: {SLOTS * waves} at once")
        burst = _worked(stack, SLOTS * waves, at_once=AT_ONCE)
    with _stack(made("start"), folder / "start", model_s=0.3) as stack:
        say(f"analyses on {kind}: {few} one after the other, model 0.3 s")
        single = _worked(stack, few, at_once=0)
    waits = [call - began for began, call in zip(single.begun, single.calls, strict=True)]
    times = [f"{quantile(values, q) * 1000:,.0f}" for values in (waits, single.seconds) for q in (0.5, 0.99)]
    per_s = steady.once_full()
    rates = [
        _row(kind, f"{ARRIVING:g} a second", way=steady, per_s=per_s),
        _row(kind, "at once", way=burst, per_s=burst.all_together()),
    ]
    return Figures(
        [
            Table(f"{SLOTS} analyses in flight in one process, model {MODEL_S:g} s", HEAD, rates),
            Table("How soon an analysis begins", START_HEAD, [(kind, str(few), *times, f"{single.cpu_ms:.1f}")]),
        ],
        [
            Goal(f"{kind}: analyses in flight", steady.most, SLOTS, at_least=True),
            Goal(f"{kind}: share of the ideal rate", per_s / IDEAL, RATE_SHARE, at_least=True),
            Goal(f"{kind}: CPU ms for one analysis", max(steady.cpu_ms, burst.cpu_ms), CPU_MS),
            Goal(f"{kind}: longest wait of a delivery for its 204, s", max(burst.seconds), LIMIT_S),
        ],
    )


def _row(kind: str, coming: str, *, way: Way, per_s: float) -> tuple[str, ...]:
    figures = (f"{per_s / IDEAL:.0%}", f"{per_s:.1f}", f"{way.cpu_ms:.1f}", f"{way.rss_kb:,.0f}")
    return kind, f"{len(way.calls):,}", coming, str(way.most), *figures


@contextmanager
def _stack(url: str, folder: Path, *, model_s: float) -> Iterator[Stack]:
    folder.mkdir(parents=True)
    options: dict[str, Any] = OPTIONS
    with Stack(url, folder, sites=SITES, model=model_s, **options) as stack:
        yield stack


def _worked(stack: Stack, count: int, *, at_once: int, per_s: float = 0.0) -> Way:
    """Delivers that many new issues and waits for the last comment. Raises Unmet.

    at_once: connections, 0 for one delivery now and then. per_s: no more deliveries a second, 0 for all there are.
    """
    made = [(n % SITES, stack.site(n % SITES).create_issue(webhook=False)) for n in range(count)]
    issues = [(site, NewIssue(issue["id"], issue["key"], issue["project_id"])) for site, issue in made]
    signers = [signer(site) for site in stack.sites]
    requests = [messages.webhook(signers[site], issue) for site, issue in issues]
    process = stack.addon
    assert isinstance(process, Process)
    used, weighed = process.cpu_s(), rss_kb(process)
    loads = [send(port(stack), requests, at_once=at_once, per_s=per_s)] if at_once else _paced(port(stack), requests)
    seconds = [second for load in loads for second in all_answered(load).seconds]
    heaviest = _all_commented(stack, count)
    cpu_s = process.cpu_s() - used
    for site, issue in issues:
        _answered_once(stack.site(site), issue.key)
    _no_complaints(stack.sites, count)
    calls = sorted(float(seen["at"]) for seen in stack.model("requests"))
    if len(calls) != count:
        raise Unmet(f"the model was asked {len(calls)} times for {count} issues")
    spans = sorted((row[0], row[1]) for row in rows(stack, "SELECT started_at, finished_at FROM runs"))
    begun = [load.began for load in loads]
    return Way(begun, seconds, calls, spans, cpu_s / count * 1000, (heaviest - weighed) / min(count, SLOTS))


def _paced(where: int, requests: Sequence[str]) -> list[Sent]:
    """One delivery at a time, with room between them."""
    found: list[Sent] = []
    for request in requests:
        found.append(asyncio.run(deliver(Job(where, 1, [request]))))
        time.sleep(PACE_S)
    return found


def _all_commented(stack: Stack, count: int) -> float:
    """Returns when the add-on itself counts that many comments; its greatest weight meanwhile (KB). Asked seldom."""
    until, heaviest = time.monotonic() + PATIENCE_S, 0.0
    assert isinstance(stack.addon, Process)
    while True:
        heaviest = max(heaviest, rss_kb(stack.addon))
        counters = stack.client.get(f"{stack.url}/metrics").text
        found = re.search(r'^jira_publish_success_total{target="comment"} (\S+)', counters, re.MULTILINE)
        if found and float(found[1]) >= count:
            return heaviest
        if time.monotonic() > until:
            told = [line for line in counters.splitlines() if line.startswith(("runs_total", "jira_pub", "queue_"))]
            raise Unmet(f"not {count} comments within {PATIENCE_S:g} s: {told}")
        time.sleep(0.5)


def _answered_once(site: JiraSite, key: str) -> None:
    comments = site.comments(key)
    if len(comments) != 1:
        raise Unmet(f"{key} has {len(comments)} comments of ours")


def _no_complaints(sites: list[JiraSite], issues: int) -> None:
    complaints = [complaint for site in sites for complaint in site.complaints()]
    if complaints:
        raise Unmet(f"the pretend Jira complains {len(complaints)} times, such as {complaints[0]}")
    written = sum(len(site.requests("comment.create")) for site in sites)
    if written != issues:
        raise Unmet(f"{written} comments were sent for {issues} issues")
