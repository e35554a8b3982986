"""F1: a worker stands still for longer than its lease, others do its work, and it goes on: nothing is there twice."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.ground import LEASE_S, STORY, Ground
from tests.flow import acts
from tests.flow.publishing import publish, result, standing, wish
from tests.stack import JiraSite, Process, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

WAIT_S = 12
"""Jira asks for it: short enough for a write to be waited with, long enough to be stopped in."""
THINKING_S = 20.0
HELD = """
    SELECT 'run', issue_key, worker, attempts FROM runs WHERE state = 'running'
    UNION ALL SELECT target, issue_key, worker, attempts FROM publications WHERE state = 'running'
"""
COMMENT, SUBTASKS, THOUGHT = 0, 1, 2
"""The sites on which each of them is under way."""


@contextmanager
def standing_still(worker: Process) -> Iterator[None]:
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker.pid, signal.SIGCONT)


def sent(site: JiraSite, operation: str) -> list[int]:
    return [request["status"] for request in site.requests(operation)]


def at_work(ground: Ground, worker: Process, *, since: float) -> int | None:
    """How many rows it works, as it has said after that moment (UTC seconds); None when it has not spoken since."""
    said = "SELECT busy FROM processes WHERE pid = :p AND seen_at > :t"
    for row in acts.rows(ground.stack, said, p=worker.pid, t=since):
        return int(sum(row.busy.values()))
    return None


def test_worker_that_stood_still_past_its_lease_writes_nothing_a_second_time(faulty: Ground) -> None:
    frozen, other = faulty.fleet.workers
    sites = [faulty.site(number) for number in range(3)]
    wanted = result(sites[SUBTASKS], "criteria", sites[SUBTASKS].create_issue(webhook=False, description=STORY))
    # Whatever is begun now is begun by the one that will stand still.
    faulty.supervisor.rest(other)
    other.stop()
    faulty.stack.model("reset")
    for site, operation in ((sites[COMMENT], "comment.create"), (sites[SUBTASKS], "issue.create")):
        site.ask("POST", "/clear", {"what": ["requests"]})
        site.fault(operation, status=429, headers={"Retry-After": f"{WAIT_S}"})
    faulty.issue(COMMENT)
    eventually(lambda: sent(sites[COMMENT], "comment.create") == [429], "comment that has to wait")
    faulty.stack.model("latency", THINKING_S)
    thought = faulty.issue(THOUGHT)
    publish(sites[SUBTASKS], wish(wanted, "subtasks"))
    eventually(lambda: 429 in sent(sites[SUBTASKS], "issue.create"), "sub-task that has to wait")
    eventually(lambda: len(faulty.stack.model("requests")) == 2, "thought about an issue")
    with standing_still(frozen):
        held = acts.rows(faulty.stack, HELD)
        assert {(what, attempts) for what, _, _, attempts in held} == {("comment", 1), ("subtasks", 1), ("run", 1)}
        (holder,) = {worker for _, _, worker, _ in held}
        assert f"-{frozen.pid}-" in holder
        faulty.stack.model("latency", 0.1)
        faulty.supervisor.mind()
        eventually(lambda: faulty.commented() == 2, "comments by the other worker", 2 * LEASE_S)
        # Then nobody but the one that stands still could write anything more.
        faulty.settled()
        done = "SELECT state, max(attempts) FROM publications WHERE run_id = :r GROUP BY state"
        # The other one finds nothing, waits for what may still turn up, looks again and writes.
        assert [tuple(row) for row in acts.rows(faulty.stack, done, r=wanted["id"])] == [("succeeded", 3)]
        thawed_at = time.time()
    eventually(lambda: at_work(faulty, frozen, since=thawed_at) == 0, "end of what stood still")
    assert sent(sites[COMMENT], "comment.create") == [429, 201]
    assert [len(site.comments(issue["key"])) for site, issue in faulty.made] == [1, 1]
    assert standing(sites[SUBTASKS], wanted["issue_key"], wanted["id"])["subtasks"] == 2
    assert sorted(sent(sites[SUBTASKS], "issue.create")) == [201, 201, 429]
    # What the one that stood still had asked was asked again, and its answer came too late to count.
    assert len(faulty.stack.model("requests")) == 3
    assert [run["status"] for run in sites[THOUGHT].runs(thought["id"])] == ["succeeded"]
