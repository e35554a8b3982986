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
from tests.processes import Process
from tests.stack import JiraSite, Stack

SITES = 4
AT_ONCE = 32
SLOTS = 200
MODEL_S = 5.0
PACE_S = 0.15
WAVES = 4
"""The rate is of whole waves of SLOTS analyses, the first of them included."""
PATIENCE_S = 300.0
LIMIT_S = 1.0
RATE_SHARE, CPU_MS = 0.9, 25.0
HEAD = ("database", "analyses", "in flight", "of the ideal rate", "per s", "CPU ms each", "RSS KB in flight each")
START_HEAD = ("database", "analyses", "webhook to model p50 ms", "p99 ms", "204 after p50 ms", "p99 ms", "CPU ms each")
OPTIONS = {"AI_SLOTS": str(SLOTS), "SITE_SLOTS": "1000", "SITE_STARTS_PER_MINUTE": "0", "LOG_LEVEL": "INFO"}


@dataclass(frozen=True)
class Way:
    """What happened to some issues. begun: when deliveries left; calls: when each analysis asked the model, both UTC
    seconds. seconds: how long each delivery waited for its answer. cpu_ms, rss_kb: of each."""

    begun: list[float]
    seconds: list[float]
    calls: list[float]
    cpu_ms: float
    rss_kb: float

    def most_at_once(self, model_s: float) -> int:
        """Of the analyses that wait for the model."""
        return max(sum(1 for other in self.calls if at - model_s < other <= at) for at in self.calls)


def measure(kind: str, made: Databases, folder: Path, *, waves: int = WAVES, few: int = 150) -> Figures:
    """kind: of the database. few: issues whose deliveries come one after the other, to see how soon each begins."""
    count = SLOTS * waves
    with _stack(made("rate"), folder / "rate", model_s=MODEL_S) as stack:
        say(f"analyses on {kind}: {count} with {SLOTS} slots and a model that takes {MODEL_S:g} s")
        full = _worked(stack, count, at_once=AT_ONCE)
    with _stack(made("start"), folder / "start", model_s=0.3) as stack:
        say(f"analyses on {kind}: {few} one after the other, model 0.3 s")
        single = _worked(stack, few, at_once=0)
    took_s = full.calls[-1] + MODEL_S - full.calls[0]
    share, flight = count / SLOTS * MODEL_S / took_s, full.most_at_once(MODEL_S)
    waits = [call - began for began, call in zip(single.begun, single.calls, strict=True)]
    figures = (f"{share:.0%}", f"{count / took_s:.1f}", f"{full.cpu_ms:.1f}", f"{full.rss_kb:,.0f}")
    rate_row = (kind, str(count), str(flight), *figures)
    times = [f"{quantile(values, q) * 1000:,.0f}" for values in (waits, single.seconds) for q in (0.5, 0.99)]
    return Figures(
        [
            Table(f"{SLOTS} analyses in flight in one process, model {MODEL_S:g} s", HEAD, [rate_row]),
            Table("How soon an analysis begins", START_HEAD, [(kind, str(few), *times, f"{single.cpu_ms:.1f}")]),
        ],
        [
            Goal(f"{kind}: analyses in flight", flight, SLOTS, at_least=True),
            Goal(f"{kind}: share of the ideal rate", share, RATE_SHARE, at_least=True),
            Goal(f"{kind}: CPU ms for one analysis", full.cpu_ms, CPU_MS),
            Goal(f"{kind}: longest wait of a delivery for its 204, s", max(full.seconds), LIMIT_S),
        ],
    )


@contextmanager
def _stack(url: str, folder: Path, *, model_s: float) -> Iterator[Stack]:
    folder.mkdir(parents=True)
    options: dict[str, Any] = OPTIONS
    with Stack(url, folder, sites=SITES, model=model_s, **options) as stack:
        yield stack


def _worked(stack: Stack, count: int, *, at_once: int) -> Way:
    """Delivers that many new issues and waits for the last comment. at_once: 0 for one now and then. Raises Unmet."""
    made = [(n % SITES, stack.site(n % SITES).create_issue(webhook=False)) for n in range(count)]
    issues = [(site, NewIssue(issue["id"], issue["key"], issue["project_id"])) for site, issue in made]
    signers = [signer(site) for site in stack.sites]
    requests = [messages.webhook(signers[site], issue) for site, issue in issues]
    process = stack.addon
    assert isinstance(process, Process)
    used, weighed = process.cpu_s(), rss_kb(process)
    loads = [send(port(stack), requests, at_once=at_once)] if at_once else _paced(port(stack), requests)
    seconds = [second for load in loads for second in all_answered(load).seconds]
    heaviest = _all_commented(stack, count)
    cpu_s = process.cpu_s() - used
    for site, issue in issues:
        _answered_once(stack.site(site), issue.key)
    _no_complaints(stack.sites, count)
    calls = sorted(float(seen["at"]) for seen in stack.model("requests"))
    if len(calls) != count:
        raise Unmet(f"the model was asked {len(calls)} times for {count} issues")
    return Way(
        [load.began for load in loads], seconds, calls, cpu_s / count * 1000, (heaviest - weighed) / min(count, SLOTS)
    )


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
