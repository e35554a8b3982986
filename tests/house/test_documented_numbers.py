"""What docs/operate.md says of times, and the code has: who changes one of them changes the other."""

import re
from functools import cache

import pytest

from addon.cli import serve
from addon.queue import attempts
from addon.queue.lane import Pace
from addon.runs.lanes import EXPORT_SLOTS, PRIORITY_SLOTS, WRITING_SLOTS, Size
from addon.runs.office import STOP_WAIT_S
from addon.settings import Settings
from addon.targets import settling
from addon.web.api import frames
from tests.house.tree import ROOT

GONE_WITHIN_S = 30.0
"""For work that is running when its process is told to go, in the worst case."""
MINUTE_S = 60.0
GIVING_BACK_S = attempts.LEAVE_S + attempts.GIVE_BACK_S


@cache
def manual() -> str:
    return " ".join((ROOT / "docs" / "operate.md").read_text("utf-8").split())


def said(pattern: str) -> list[float]:
    """The numbers that stand at the groups of the pattern, in each place where it fits."""
    return [float(number) for match in re.finditer(pattern, manual()) for number in match.groups()]


GRACES = {
    "the sentence": r"Give every process (\d+) s before killing it",
    "docker stop": r"`docker stop -t (\d+)`",
    "docker run": r"docker run -d [^`]*?--stop-timeout (\d+) ",
    "compose": r"`stop_grace_period: (\d+)s`",
    "Kubernetes": r"`terminationGracePeriodSeconds: (\d+)`",
}


@pytest.mark.parametrize("place", GRACES)
def test_the_documented_grace_outlasts_running_work_and_giving_it_back(place: str) -> None:
    (grace_s,) = said(GRACES[place])
    assert grace_s >= STOP_WAIT_S + GIVING_BACK_S
    # Where one process does everything, its requests come first.
    assert grace_s >= serve.STOP_S + STOP_WAIT_S + GIVING_BACK_S


def test_work_is_gone_in_time() -> None:
    assert serve.STOP_S + STOP_WAIT_S + GIVING_BACK_S <= GONE_WITHIN_S


def test_the_parts_of_the_grace_are_as_documented() -> None:
    assert said(r"Requests in flight get (\d+) s") == [serve.STOP_S]
    assert said(r"running work gets (\d+) s, and what has not ended then is given back within (\d+) s") == [
        STOP_WAIT_S,
        GIVING_BACK_S,
    ]


def test_a_try_may_take_as_long_as_documented() -> None:
    pace = Pace()
    assert (pace.soft_s, pace.hard_s) == (540.0, 600.0)
    minutes = said(r"One try of a run or of a write \| told to end after (\d+) minutes, given up after (\d+) \|")
    assert [MINUTE_S * each for each in minutes] == [pace.soft_s, pace.hard_s]


def test_an_event_stream_lasts_and_lives_as_documented() -> None:
    pace = frames.Pace()
    assert (pace.heartbeat_s, pace.longest_s) == (15.0, 600.0)
    minutes, heartbeat_s = said(r"One event stream \| (\d+) minutes, with a sign of life every (\d+) s \|")
    assert (MINUTE_S * minutes, heartbeat_s) == (pace.longest_s, pace.heartbeat_s)
    assert said(r"event streams say something every (\d+) s") == [pace.heartbeat_s]
    (cut_s,) = said(r"proxy_read_timeout (\d+)s;")
    assert cut_s > 2 * pace.heartbeat_s


def test_shares_of_a_site_are_as_documented() -> None:
    usual = {name: Settings.model_fields[name].default for name in ("site_slots", "site_starts_per_minute", "ai_slots")}
    size = Size(50)
    runs, writes = size.run_shares, size.publication_shares
    assert said(r"\(`ai`\) \| (\d+) at a time over all workers, (\d+) begun a minute; each worker has (\d+) slots") == [
        *usual.values()
    ]
    assert said(r"\(`priority`\) \| (\d+) runs and (\d+) writes at a time in each worker, of its (\d+) slots") == [
        runs["priority"].slots,
        writes["priority"].slots,
        PRIORITY_SLOTS,
    ]
    each = r"\(`{}`\) \| (\d+) at a time in each worker, of its (\d+) slots"
    assert said(each.format("default")) == [writes["default"].slots, WRITING_SLOTS]
    assert said(each.format("exports")) == [runs["exports"].slots, EXPORT_SLOTS]


def test_what_jira_was_sent_without_an_answer_is_waited_for_as_documented() -> None:
    assert said(r"the row waits (\d+) s \(a minute for Xray and Zephyr Scale\)") == [settling.JIRA_SETTLED_S]
    assert settling.SETTLED_S == MINUTE_S
