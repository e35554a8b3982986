"""T17: a site that floods the add-on takes nothing from another one."""

import statistics
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.faults.ground import STORY, Ground
from tests.flow import acts
from tests.stack import eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

WEBHOOKS = 5000
NOISY, QUIET = 4, 1
SAMPLES = 20
THINKS_S = 1.0
PAUSE_S = 0.3
LONGEST_MS = 1000
WAITING = (
    "SELECT count(*) FROM runs r JOIN tenants t ON t.id = r.tenant_id WHERE r.state = 'queued' AND t.base_url = :u"
)


def test_flood_of_one_site_leaves_the_analyses_of_another_within_twice_their_time(faulty: Ground) -> None:
    faulty.stack.model("latency", THINKS_S)
    noisy = faulty.site(NOISY)
    idle = [analysed(faulty) for _ in range(SAMPLES)]
    with ThreadPoolExecutor(4) as people:
        flood: list[Future[None]] = [people.submit(pour, faulty, WEBHOOKS // 3) for _ in range(3)]
        busy = [analysed(faulty) for _ in range(SAMPLES)]
        # The backlog stays for long after the last event has come.
        for each in flood:
            each.result()
    busy += [analysed(faulty) for _ in range(SAMPLES)]
    backlog = acts.rows(faulty.stack, WAITING, u=noisy.url)[0][0]
    told = eventually(lambda: answers(faulty), "answer to every event", 60)
    print(
        f"p95 idle {p95(idle):.2f} s, beside the flood {p95(busy):.2f} s; backlog {backlog};",
        f"slowest answer {max(one['ms'] for one in told):.0f} ms",
    )
    # Whoever floods leaves, and with it what it has made.
    noisy.ask("POST", "/uninstall")
    noisy.install()
    assert {one.get("status") for one in told} <= {204, 429, 503}
    assert sum(one.get("status") == 204 for one in told) == WEBHOOKS // 3 * 3
    assert backlog > WEBHOOKS / 2
    assert p95(busy) <= 2 * p95(idle)
    assert statistics.median(one["ms"] for one in told) < LONGEST_MS


def pour(ground: Ground, count: int) -> None:
    site = ground.site(NOISY)
    for n in range(count):
        site.create_issue(summary=f"Flood {n}", description=STORY)


def analysed(ground: Ground) -> float:
    """Seconds from a new issue of the quiet site to its comment."""
    site = ground.site(QUIET)
    began = time.monotonic()
    issue = ground.issue(QUIET)
    eventually(lambda: site.comments(issue["key"]), "comment")
    took = time.monotonic() - began
    time.sleep(PAUSE_S)
    return took


def answers(ground: Ground) -> list[dict[str, Any]] | None:
    """What every event of the noisy site was answered, once all have been."""
    deliveries = ground.site(NOISY).ask("GET", "/deliveries")["deliveries"]
    if any(delivery["state"] == "under way" for delivery in deliveries):
        return None
    return [attempt for delivery in deliveries for attempt in delivery["attempts"]]


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]
