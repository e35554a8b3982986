"""T17: a site that floods the add-on takes nothing from another one."""

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bench import messages
from bench.messages import NewIssue, Signer
from bench.sender import send
from bench.stage import port, signer
from tests.faults.ground import STORY, Ground
from tests.flow import acts
from tests.stack import JiraSite, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process, pytest.mark.xdist_group("alone")]

WEBHOOKS = 5000
PER_S = 250
"""The pace of somebody's bulk import."""
AT_ONCE = 16
NOISY, QUIET = 4, 1
BEFORE, AFTER, BACKLOG = 6, 5, 6
"""Analyses of the quiet site: idle before and after the flood, and beside what the flood has left."""
THINKS_S = 1.0
PAUSE_S = 0.2
LONGEST_S = 3.0
"""For an answer to the flood: of all but those few that a machine with other work lets wait."""
RUNS = "FROM runs r JOIN tenants t ON t.id = r.tenant_id WHERE t.base_url = :u AND r.created_at >= :t"


def test_flood_of_one_site_leaves_the_analyses_of_another_within_twice_their_time(faulty: Ground) -> None:
    noisy = faulty.site(NOISY)
    sender = signer(noisy)
    events = announced(sender, quietly_made(noisy))
    faulty.stack.model("latency", THINKS_S)
    idle = [analysed(faulty) for _ in range(BEFORE)]
    with ThreadPoolExecutor(1) as people:
        # Straight to the add-on: the pretend Jira is one process, which the quiet site's analyses need as well.
        flood = people.submit(send, port(faulty.stack), events, at_once=AT_ONCE, per_s=PER_S)
        busy = [analysed(faulty)]
        while not flood.done():
            busy.append(analysed(faulty))
        sent = flood.result()
    # The backlog stays for long after the last event has come.
    busy += [analysed(faulty) for _ in range(BACKLOG)]
    known = {"u": noisy.url, "t": faulty.began_at}
    taken = acts.rows(faulty.stack, f"SELECT count(*) {RUNS}", **known)[0][0]
    backlog = acts.rows(faulty.stack, f"SELECT count(*) {RUNS} AND r.state = 'queued'", **known)[0][0]
    # Whoever floods leaves, and with it what it has made. What is just being asked of it comes too late.
    faulty.pardoned.add("the add-on is not installed on this site")
    noisy.ask("POST", "/uninstall")
    waiting = acts.rows(faulty.stack, f"SELECT count(*) {RUNS} AND r.state = 'queued'", **known)[0][0]
    noisy.install()
    # Before and after, for other work on the machine comes and goes.
    idle += [analysed(faulty) for _ in range(AFTER)]
    per_s, slowest = WEBHOOKS / (sent.ended - sent.began), max(sent.seconds)
    print(
        f"p95 idle {p95(idle):.2f} s, beside the flood {p95(busy):.2f} s ({len(busy)} analyses); backlog {backlog};",
        f"{per_s:.0f} events a second, slowest answer {slowest * 1000:.0f} ms",
    )
    assert set(sent.statuses) == {204}
    assert taken == WEBHOOKS
    assert per_s > PER_S / 2, "this was no flood"
    assert backlog > WEBHOOKS / 2
    assert waiting == 0
    assert p95(busy) <= 2 * p95(idle)
    assert p99(sent.seconds) < LONGEST_S


def quietly_made(site: JiraSite) -> list[NewIssue]:
    """The issues of the import, of which the add-on has not heard yet."""
    made = (site.create_issue(summary=f"Flood {n}", description=STORY, webhook=False) for n in range(WEBHOOKS))
    return [NewIssue(issue["id"], issue["key"], issue["project_id"]) for issue in made]


def announced(sender: Signer, issues: list[NewIssue]) -> list[str]:
    return [messages.webhook(sender, issue) for issue in issues]


def analysed(ground: Ground) -> float:
    """Seconds from a new issue of the quiet site to its comment."""
    site = ground.site(QUIET)
    began = time.monotonic()
    issue: Any = ground.issue(QUIET)
    eventually(lambda: site.comments(issue["key"]), "comment")
    took = time.monotonic() - began
    time.sleep(PAUSE_S)
    return took


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]


def p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[-1]
