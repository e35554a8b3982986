"""kill -9 while all targets are being written or taken back at once: each thing stands there once, or not at all."""

import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.flow.acts import leases_expire
from tests.flow.publishing import (
    TARGETS,
    connect,
    expected,
    hurried,
    kind_for,
    publish,
    result,
    settled,
    standing,
    wish,
)
from tests.stack import JiraSite, Stack, eventually

pytestmark = [pytest.mark.faults, pytest.mark.long, pytest.mark.process]

LATE_S = 6.0
"""How late the answers come of what has been done at once: the kill falls in between."""
AT_WORK_S = 4.0
"""For how long Jira works on what it was sent: it outlives who sent it, and is over before those who wait for it."""
WRITES = {
    "comment": "comment.create",
    "description": "issue.edit",
    "field": "issue.edit",
    "subtasks": "issue.create",
    "questions": "comment.create",
    "xray": "xray.createTest",
    "zephyr": "zephyr.case.create",
}


def fault(site: JiraSite, operations: Iterable[str], **trouble: Any) -> None:
    for operation in operations:
        site.fault(operation, times=10, **trouble)


def killed_and_back(stack: Stack, site: JiraSite) -> None:
    stack.addon.kill()
    site.ask("POST", "/clear", {"what": ["faults"]})
    stack.restart()
    leases_expire(stack)


@pytest.mark.parametrize("postgresql", [False, True], ids=["sqlite", "postgresql"])
def test_what_was_written_when_the_process_died_is_found_again(
    fresh_stack: Callable[..., Stack], postgresql: bool
) -> None:
    stack = fresh_stack(postgresql=postgresql)
    site = stack.site()
    connect(site)
    runs = {target: result(site, kind_for(target)) for target in TARGETS}
    site.ask("POST", "/clear", {"what": ["requests"]})
    fault(site, set(WRITES.values()), reply_after_s=LATE_S)
    for target, run in runs.items():
        publish(site, wish(run, target))
    for target, operation in WRITES.items():
        eventually(lambda o=operation: site.requests(o), f"{target} on its way")
    # The pretend services act first and answer late; a moment is enough for the acting.
    time.sleep(0.5)
    killed_and_back(stack, site)
    for target, run in runs.items():
        written = hurried(stack, site, run["id"], target, within_s=90)
        assert [p["status"] for p in written] == ["done"] * expected(target), written
        found = standing(site, run["issue_key"], run["id"])
        assert (found[target], found["unlinked"]) == (expected(target), 0)
    assert site.complaints() == []


def test_what_jira_was_still_at_work_on_when_the_process_died_is_not_written_again(
    fresh_stack: Callable[..., Stack],
) -> None:
    stack = fresh_stack()
    site = stack.site()
    posted = ("comment", "questions", "subtasks")
    runs = {target: result(site, kind_for(target)) for target in posted}
    site.ask("POST", "/clear", {"what": ["requests"]})
    fault(site, ("comment.create", "issue.create"), delay_s=AT_WORK_S)
    for target, run in runs.items():
        publish(site, wish(run, target))
    # The sub-tasks of an issue are made one after the other: the second one is not on its way yet.
    eventually(
        lambda: [len(site.requests(o)) for o in ("comment.create", "issue.create")] == [2, 1], "all on their way"
    )
    killed_and_back(stack, site)
    for target, run in runs.items():
        written = settled(site, run["id"], target, within_s=60)
        assert [p["status"] for p in written] == ["done"] * expected(target), written
        assert standing(site, run["issue_key"], run["id"])[target] == expected(target)
    assert [len(site.requests(o)) for o in ("comment.create", "issue.create")] == [2, 2]
    assert site.complaints() == []


def test_an_undo_cut_short_by_the_death_of_the_process_is_finished_after_it(fresh_stack: Callable[..., Stack]) -> None:
    stack = fresh_stack()
    site = stack.site()
    connect(site)
    undoable = [target for target in TARGETS if target != "zephyr"]
    runs = {target: result(site, kind_for(target)) for target in undoable}
    made = {}
    for target, run in runs.items():
        publish(site, wish(run, target))
        made[target] = hurried(stack, site, run["id"], target)
    site.ask("POST", "/clear", {"what": ["requests"]})
    ways = ("comment.delete", "issue.edit", "issue.delete", "xray.deleteTest")
    fault(site, ways, reply_after_s=LATE_S)
    for publications in made.values():
        for publication in publications:
            answer = site.api("POST", f"/publications/{publication['id']}/undo", user="ann", body={})
            assert answer.status_code == 202, answer.text
    for way in ways:
        eventually(lambda w=way: site.requests(w), f"{way} on its way")
    time.sleep(0.5)
    killed_and_back(stack, site)
    for target, run in runs.items():
        gone = hurried(stack, site, run["id"], target, within_s=60)
        assert {p["status"] for p in gone} == {"undone"}, gone
        assert standing(site, run["issue_key"], run["id"])[target] == 0
