"""F11: a site that asks to wait hears nothing for as long, from whichever process; the others do not feel it."""

import time
from datetime import datetime
from typing import Any

import pytest

from tests.faults.ground import Ground
from tests.flow import acts
from tests.stack import JiraSite, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

WAIT_S = 14.0
GRACE_S = 1.5
"""For what was on its way already, and for the word to reach the other processes."""
THINKING_S = 8.0
"""Long enough to make all of them and to be told meanwhile, over before the wait is."""
WORK, MOST_WORK = 12, 40
"""So many issues at least, and so many at most until both workers think about some: they come one by one, and whoever
has waited longest for work is the next to be woken.
"""
BUSY, FREE = 0, 1


def workers(ground: Ground) -> set[str]:
    """Who thinks about issues of the busy site at this moment."""
    running = "SELECT worker FROM runs WHERE state = 'running' AND issue_id IN ({})"
    ours = ", ".join(f"'{issue['id']}'" for site, issue in ground.made if site is ground.site(BUSY))
    key = ground.site(BUSY).ask("GET", "/state")["client_key"]
    theirs = " AND tenant_id = (SELECT id FROM tenants WHERE client_key = :k)"
    return {row[0] for row in acts.rows(ground.stack, running.format(ours) + theirs, k=key)}


def came(request: Any) -> float:
    """When Jira took the request, in epoch seconds; its log gives both moments by one clock."""
    return datetime.strptime(request["when"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


def refusal(site: JiraSite) -> Any:
    return next((r for r in site.ask("GET", "/requests")["requests"] if r["status"] == 429), None)


def test_site_that_asks_to_wait_is_left_alone_by_both_workers_and_no_other_waits(faulty: Ground) -> None:
    busy = faulty.site(BUSY)
    # A site that is known: whose account we are there is asked at the first contact.
    busy.comment_on(faulty.issue(BUSY)["key"])
    faulty.stack.model("reset")
    faulty.stack.model("latency", THINKING_S)
    work = 0
    while work < WORK or len(workers(faulty)) < 2:
        assert work < MOST_WORK, f"one worker takes everything: {workers(faulty)}"
        faulty.issue(BUSY, summary=f"Story {work}")
        work += 1
    eventually(lambda: len(faulty.stack.model("requests")) == work, "thoughts about all of them")
    # One worker is told, by the reading of one more issue; what both think of ends while they have to wait.
    busy.fault("*", status=429, headers={"Retry-After": f"{WAIT_S:g}"})
    faulty.issue(BUSY, summary="Story too many")
    told = eventually(lambda: refusal(busy), "answer 429")
    asked_at = came(told) + told["ms"] / 1000
    assert faulty.commented() == 1
    faulty.stack.model("latency", 0.1)
    free = faulty.issue(FREE, summary="Story of somebody else")
    faulty.site(FREE).comment_on(free["key"], within_s=WAIT_S - 1)
    thought = "SELECT count(*) FROM publications WHERE created_at >= :t AND state != 'succeeded'"
    eventually(lambda: acts.rows(faulty.stack, thought, t=faulty.began_at) == [(work,)], "comments to write")
    assert time.time() < asked_at + WAIT_S
    eventually(lambda: time.time() > asked_at + WAIT_S, "end of the wait")
    requests = busy.ask("GET", "/requests")["requests"]
    assert [r for r in requests if asked_at + GRACE_S < came(r) < asked_at + WAIT_S] == []
    eventually(lambda: faulty.commented() == len(faulty.made), "comment on every issue", 60)
    assert len([r for r in busy.ask("GET", "/requests")["requests"] if r["status"] == 429]) == 1
