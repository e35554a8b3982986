"""Points of an hour: what calls cost, and who gets the last ones."""

import httpx2
import pytest

from addon.jira.client import Jira
from addon.jira.costs import at_least, more
from addon.jira.errors import JiraBusy, JiraDown, JiraSpent
from addon.jira.gates import Gates, Passage
from addon.jira.limiter import Limiter
from addon.jira.points import Points
from addon.jira.retry import Tries
from addon.jira.search import page
from addon.jira.wire import Call
from addon.observe import metrics
from tests.unit.jira.conftest import OAUTH, SITE, Wire, ok

READ = Passage("c", "issue.get", points=2)
BY_ITSELF = Passage("c", "issue.get", points=2, automatic=True)
HALF_PAST = 1_795_251_600.0 + 1800


@pytest.mark.parametrize(
    ("call", "answer", "points"),
    [
        (Call("GET", "/rest/api/3/issue/A-1", "issue.get"), {"id": "1"}, 2),
        (Call("PUT", "/rest/api/3/issue/A-1", "issue.edit", writes=True), None, 1),
        (Call("POST", "/rest/api/3/search/jql", "search.jql"), {"issues": [{}] * 100}, 101),
        (Call("POST", "/rest/api/3/search/jql", "search.jql"), {"issues": None}, 2),
        (Call("POST", "/rest/api/3/search/jql", "search.jql"), ["nonsense"], 2),
        (Call("GET", "/rest/api/3/user/bulk", "user.names"), {"values": [{}] * 3}, 7),
        (Call("GET", "/rest/api/3/myself", "myself"), {"accountId": "a"}, 3),
        (Call("GET", "/rest/api/3/field", "field.list"), [{}] * 40, 2),
    ],
)
def test_a_call_costs_its_objects(call: Call, answer: object, points: int) -> None:
    assert at_least(call) + more(call, answer) == points


async def test_what_answers_cost_is_counted() -> None:
    wire = Wire([ok({"issues": [{"id": str(n), "key": f"A-{n}"} for n in range(50)], "isLast": True})])
    limiter = Limiter(points=Points(65_000))
    jira = Jira(oauth_url=OAUTH, user_agent="t", transport=httpx2.MockTransport(wire), limiter=limiter)
    await page(jira.as_app(SITE), "project = A", fields=["summary"])
    await jira.close()
    assert limiter.points.used == 51
    assert metrics.REGISTRY.get_sample_value("jira_points_used") == 51
    assert metrics.REGISTRY.get_sample_value("jira_points_limit") == 65_000


def test_points_begin_anew_with_the_hour() -> None:
    clock = [HALF_PAST]
    points = Points(100, clock=lambda: clock[0])
    points.add(60)
    # Of the 80 that all have used 50 are ours.
    points.seen(points.hour, 80, told=50)
    points.seen(points.hour, 70, told=40)
    points.seen(points.hour - 1, 100, told=60)
    assert (points.used, points.left_s) == (90, 1800)
    clock[0] += 1800
    assert (points.used, points.left_s) == (0, 3600)


def gates(used: int) -> Gates:
    points = Points(1000, clock=lambda: HALF_PAST)
    points.add(used)
    return Gates(points)


def test_below_four_fifths_nobody_waits() -> None:
    some = gates(797)
    assert all(some.admit(BY_ITSELF, patience_s=0) is None for _ in range(20))


def test_from_there_on_the_rest_is_spread_over_the_hour() -> None:
    some = gates(800)
    assert some.admit(BY_ITSELF, patience_s=100) is None
    second, third = (some.admit(BY_ITSELF, patience_s=100) for _ in range(2))
    # 150 points for 1,800 s: 12 s a point, two points each.
    assert second is not None
    assert third is not None
    assert (round(second.seconds), round(third.seconds)) == (24, 48)
    assert second.queued
    # Whoever has waited goes.
    assert some.admit(BY_ITSELF, patience_s=100, queued=True) is None
    assert some.admit(READ, patience_s=0) is None


def test_a_turn_beyond_the_patience_is_not_taken() -> None:
    some = gates(800)
    some.admit(BY_ITSELF, patience_s=1)
    for _ in range(3):
        wait = some.admit(BY_ITSELF, patience_s=1)
        assert wait is not None
        assert (round(wait.seconds), wait.queued) == (24, False)


def test_the_last_points_are_for_people_and_then_there_are_none() -> None:
    some = gates(950)
    assert some.admit(READ, patience_s=0) is None
    wait = some.admit(BY_ITSELF, patience_s=0)
    assert wait is not None
    assert (wait.cause, wait.seconds) == ("points", 1800)
    some.points.add(49)
    wait = some.admit(READ, patience_s=0)
    assert wait is not None
    assert (wait.cause, wait.seconds) == ("points", 1800)
    assert some.admit(Passage("c", "issue.edit", "PUT", "A-1"), patience_s=0) is None


async def test_used_up_points_are_said_with_the_time_they_come_back() -> None:
    points = Points(10, clock=lambda: HALF_PAST)
    points.add(10)
    limiter = Limiter(points=points)
    with pytest.raises(JiraSpent) as spent:
        async with limiter.slot(READ, patience_s=20):
            pass
    assert spent.value.retry_after_s == 1800
    assert spent.value.code == JiraBusy.code
    assert "full hour" in spent.value.detail


def test_without_a_limit_points_are_only_counted() -> None:
    points = Points(0, clock=lambda: HALF_PAST)
    points.add(10_000_000)
    assert Gates(points).admit(BY_ITSELF, patience_s=0) is None


@pytest.mark.parametrize("error", [JiraSpent(1800), JiraBusy(1800), JiraDown(1800)])
def test_a_long_wait_goes_to_the_scheduler(error: JiraBusy | JiraDown) -> None:
    with pytest.raises(type(error)) as caught:
        Tries().next_wait(error)
    assert (caught.value.retry_after_s or 0) >= 1800
