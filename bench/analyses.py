"""Whole analyses, worked by one process: their rate with many in flight, CPU, how soon they begin, what each weighs."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bench import messages
from bench.messages import NewIssue
from bench.report import quantile
from bench.sender import Job, Sent, deliver, send
from bench.stage import (
    Databases,
    Figures,
    Goal,
    Table,
    Unmet,
    all_answered,
    named,
    port,
    rss_kb,
    say,
    shapes,
    signer,
    worker,
)
from tests.flow.acts import rows
from tests.processes import Fleet
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
FEW = 100
"""Of those that come one after the other."""
PATIENCE_S = 300.0
LIMIT_S = 1.0
RATE_SHARE, CPU_MS = 0.9, 25.0
HEAD = (
    "database", "processes", "issues", "coming", "in flight", "of the ideal rate", "per s", "CPU ms each",
    "RSS KB in flight each",
)  # fmt: skip
START_HEAD = (
    "database", "processes", "analyses", "webhook to model p50 ms", "p99 ms", "204 after p50 ms", "p99 ms",
    "CPU ms each",
)  # fmt: skip
WRITTEN = "SELECT count(*) FROM publications WHERE target = 'comment' AND state = 'succeeded'"
OPTIONS = {"AI_SLOTS": str(SLOTS), "SITE_SLOTS": "1000", "SITE_STARTS_PER_MINUTE": "0", "JIRA_POINTS_PER_HOUR": "0"}


@dataclass(frozen=True)
class Way:
    """What happened to some issues. begun: when deliveries left; calls: when each analysis asked the model; spans: from
    when to when each was worked; all UTC seconds, in order. seconds: how long each delivery waited for its answer.
    cpu: ms of each, by kind of process. rss_kb: of each, in the process that works them."""

    begun: list[float]
    seconds: list[float]
    calls: list[float]
    spans: list[tuple[float, float]]
    cpu: dict[str, float]
    rss_kb: float

    def in_flight(self, at: float) -> int:
        return sum(1 for began, ended in self.spans if began <= at < ended)

    @cached_property
    def most(self) -> int:
        return max(self.in_flight(at) for at in self.calls)

    @property
    def cpu_ms(self) -> float:
        return sum(self.cpu.values())

    @property
    def cpu_words(self) -> str:
        """The sum, and of which kinds it is."""
        kinds = ", ".join(f"{kind} {ms:.1f}" for kind, ms in self.cpu.items())
        return f"{self.cpu_ms:.1f}" + (f" ({kinds})" if len(self.cpu) > 1 else "")

    def all_together(self) -> float:
        """Analyses a second from the first question to the last answer, the filling of the slots included."""
        return len(self.calls) / (self.calls[-1] + MODEL_S - self.calls[0])

    def once_full(self) -> float:
        """Questions a second from when as many as ever were in flight."""
        full = next(at for at in self.calls if self.in_flight(at) >= self.most)
        later = [at for at in self.calls if at > full]
        return len(later) / (later[-1] - full) if later else 0.0


def measure(kind: str, made: Databases, folder: Path, *, waves: int = WAVES, few: int = FEW) -> Figures:
    """kind: of the database. few: issues whose deliveries come one after the other, to see how soon each begins."""
    found = Figures([], [])
    for scaled in shapes(kind):
        bench = _Bench(kind, made, folder, scaled)
        for part in (bench.many(waves), bench.single(few)):
            found.tables.extend(part.tables)
            found.goals.extend(part.goals)
    return found


@dataclass(frozen=True)
class _Bench:
    """kind: of the database. scaled: a web, a worker and a scheduler process instead of one that is all of them."""

    kind: str
    made: Databases
    folder: Path
    scaled: bool

    @property
    def name(self) -> str:
        return f"{self.kind}, {named(self.scaled)}"

    def many(self, waves: int) -> Figures:
        steady = self._steady(waves)
        per_s, goals = steady.once_full(), []
        rates = [self._row(f"{ARRIVING:g} a second", way=steady, per_s=per_s)]
        # The rate is promised of a worker on PostgreSQL; on SQLite it is only shown.
        if self.kind == "postgresql":
            goals += [
                Goal(f"{self.name}: analyses in flight", steady.most, SLOTS, at_least=True),
                Goal(f"{self.name}: share of the ideal rate", per_s / IDEAL, RATE_SHARE, at_least=True),
            ]
        dearest = steady.cpu_ms
        if not self.scaled:
            burst = self._burst(waves)
            rates.append(self._row("at once", way=burst, per_s=burst.all_together()))
            dearest = max(dearest, burst.cpu_ms)
            goals.append(Goal(f"{self.name}: longest wait of a delivery for its 204, s", max(burst.seconds), LIMIT_S))
        goals.append(Goal(f"{self.name}: CPU ms for one analysis", dearest, CPU_MS))
        return Figures([Table(f"{SLOTS} analyses in flight in one worker, model {MODEL_S:g} s", HEAD, rates)], goals)

    def single(self, few: int) -> Figures:
        with self._stack("start", model_s=0.3) as stack:
            say(f"analyses on {self.name}: {few} one after the other, model 0.3 s")
            way = _worked(stack, few, at_once=0)
        waits = [call - began for began, call in zip(way.begun, way.calls, strict=True)]
        times = [f"{quantile(values, q) * 1000:,.0f}" for values in (waits, way.seconds) for q in (0.5, 0.99)]
        row = (self.kind, named(self.scaled), str(few), *times, way.cpu_words)
        return Figures([Table("How soon an analysis begins", START_HEAD, [row])], [])

    def _steady(self, waves: int) -> Way:
        many = int(ARRIVING * ARRIVE_S * waves / WAVES)
        with self._stack("steady", model_s=MODEL_S) as stack:
            say(f"analyses on {self.name}: {many}, {ARRIVING:g} a second, {SLOTS} slots, model {MODEL_S:g} s")
            return _worked(stack, many, at_once=AT_ONCE, per_s=ARRIVING)

    def _burst(self, waves: int) -> Way:
        with self._stack("burst", model_s=MODEL_S) as stack:
            say(f"analyses on {self.name}: {SLOTS * waves} at once")
            return _worked(stack, SLOTS * waves, at_once=AT_ONCE)

    def _row(self, coming: str, *, way: Way, per_s: float) -> tuple[str, ...]:
        figures = (str(way.most), f"{per_s / IDEAL:.0%}", f"{per_s:.1f}", way.cpu_words, f"{way.rss_kb:,.0f}")
        return self.kind, named(self.scaled), f"{len(way.calls):,}", coming, *figures

    @contextmanager
    def _stack(self, name: str, *, model_s: float) -> Iterator[Stack]:
        name = f"{name}_{self.scaled:d}"
        folder, url = self.folder / name, self.made(name)
        folder.mkdir()
        options: dict[str, Any] = OPTIONS
        with Stack(url, folder, sites=SITES, model=model_s, scaled=self.scaled, each=1, **options) as stack:
            yield stack


def _worked(stack: Stack, count: int, *, at_once: int, per_s: float = 0.0) -> Way:
    """Delivers that many new issues and waits for the last comment. Raises Unmet.

    at_once: connections, 0 for one delivery now and then. per_s: no more deliveries a second, 0 for all there are.
    """
    made = [(n % SITES, stack.site(n % SITES).create_issue(webhook=False)) for n in range(count)]
    issues = [(site, NewIssue(issue["id"], issue["key"], issue["project_id"])) for site, issue in made]
    signers = [signer(site) for site in stack.sites]
    requests = [messages.webhook(signers[site], issue) for site, issue in issues]
    used, weighed = _cpu_s(stack), rss_kb(worker(stack))
    loads = [send(port(stack), requests, at_once=at_once, per_s=per_s)] if at_once else _paced(port(stack), requests)
    seconds = [second for load in loads for second in all_answered(load).seconds]
    heaviest = _all_commented(stack, count)
    cpu = {kind: (spent - used[kind]) / count * 1000 for kind, spent in _cpu_s(stack).items()}
    for site, issue in issues:
        _answered_once(stack.site(site), issue.key)
    _no_complaints(stack.sites, count)
    calls = sorted(float(seen["at"]) for seen in stack.model("requests"))
    if len(calls) != count:
        raise Unmet(f"the model was asked {len(calls)} times for {count} issues")
    spans = sorted((row[0], row[1]) for row in rows(stack, "SELECT started_at, finished_at FROM runs"))
    begun = [load.began for load in loads]
    return Way(begun, seconds, calls, spans, cpu, (heaviest - weighed) / min(count, SLOTS))


def _paced(where: int, requests: Sequence[str]) -> list[Sent]:
    """One delivery at a time, with room between them."""
    found: list[Sent] = []
    for request in requests:
        found.append(asyncio.run(deliver(Job(where, 1, [request]))))
        time.sleep(PACE_S)
    return found


def _cpu_s(stack: Stack) -> dict[str, float]:
    """By kind of process."""
    fleet = stack.addon
    if not isinstance(fleet, Fleet):
        return {"serve": fleet.cpu_s()}
    kinds = {"web": fleet.webs, "worker": fleet.workers, "scheduler": fleet.schedulers}
    return {kind: sum(process.cpu_s() for process in processes) for kind, processes in kinds.items()}


def _all_commented(stack: Stack, count: int) -> float:
    """Returns when that many comments are written; the greatest weight meanwhile (KB) of who works.

    Asked seldom, and of the database: no process that is measured answers for it.
    """
    until, heaviest = time.monotonic() + PATIENCE_S, 0.0
    while True:
        heaviest = max(heaviest, rss_kb(worker(stack)))
        ((written,),) = rows(stack, WRITTEN)
        if written >= count:
            return heaviest
        if time.monotonic() > until:
            states = rows(stack, "SELECT state, count(*) FROM runs GROUP BY state")
            raise Unmet(f"{written} comments, not {count}, within {PATIENCE_S:g} s: {[tuple(row) for row in states]}")
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
