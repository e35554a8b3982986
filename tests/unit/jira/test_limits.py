import asyncio
import time

import httpx2
import pytest

from addon.jira import issues
from addon.jira.client import Jira
from addon.jira.errors import JiraBusy
from addon.jira.gates import Passage
from addon.jira.limiter import IN_FLIGHT, Limiter
from addon.jira.limits import Ease, Pause, ease, pause
from tests.unit.awake import awake
from tests.unit.jira.conftest import OAUTH, OTHER, SITE, Open, ok

pytestmark = pytest.mark.faults

NOW = 1_772_445_600.0  # 2026-03-02T10:00:00Z
READ = Passage("c", "issue.get", points=2)


def write(issue: str) -> Passage:
    return Passage("c", "issue.edit", "PUT", issue)


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {}, None),
        (404, {"retry-after": "5"}, None),
        (429, {"retry-after": "5"}, Pause(5.0, "site")),
        (429, {"retry-after": "0"}, Pause(0.0, "site")),
        (429, {}, Pause(0.0, "site")),
        (429, {"retry-after": "nonsense"}, Pause(0.0, "site")),
        (429, {"retry-after": "nan"}, Pause(0.0, "site")),
        (429, {"retry-after": "-3"}, Pause(0.0, "site")),
        (429, {"retry-after": "999999"}, Pause(3700.0, "site")),
        (429, {"retry-after": "Mon, 02 Mar 2026 10:00:30 GMT"}, Pause(30.0, "site")),
        (429, {"x-ratelimit-reset": "2026-03-02T10:05Z"}, Pause(300.0, "site")),
        (429, {"retry-after": "2", "ratelimit-reason": "jira-quota-global-based"}, Pause(2.0, "everywhere")),
        (429, {"retry-after": "2", "ratelimit-reason": "jira-quota-tenant-based"}, Pause(2.0, "site")),
        (429, {"retry-after": "2", "ratelimit-reason": "jira-per-issue-on-write"}, Pause(2.0, "issue")),
        (429, {"retry-after": "2", "ratelimit-reason": "jira-burst-based"}, Pause(2.0, "endpoint")),
        (429, {"retry-after": "2", "ratelimit-reason": "jira-cost-based"}, Pause(2.0, "site")),
        (429, {"ratelimit": '"global-app-quota";r=0;t=600'}, Pause(600.0, "everywhere")),
        (200, {"ratelimit": '"Beta-global-app-quota";r=0;t=600'}, None),
        (503, {"retry-after": "7"}, Pause(7.0, "site")),
        (503, {}, None),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-03-02T10:00:20Z"}, Pause(20.0, "site")),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-03-02T09:00:20Z"}, None),
        (200, {"x-ratelimit-remaining": "3", "x-ratelimit-reset": "2026-03-02T10:00:20Z"}, None),
        (200, {"ratelimit": '"burst";r=4;t=1, "global-app-quota";r=0;t=600'}, Pause(600.0, "everywhere")),
        (200, {"ratelimit": '"global-app-quota";r=11000;t=600'}, None),
        (200, {"beta-ratelimit": '"global-app-quota";r=0;t=600'}, None),
        (200, {"ratelimit": 'rubbish;;"'}, None),
    ],
)
def test_headers_say_how_long_to_wait(status: int, headers: dict[str, str], expected: Pause | None) -> None:
    assert pause(status, headers, now=NOW) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"ratelimit": '"global-app-quota";r=11000;t=600'}, Ease(600.0, 11_000, "everywhere")),
        ({"ratelimit": '"tenant-quota";t=600;r=300'}, Ease(600.0, 300, "site")),
        ({"ratelimit": '"tenant-quota";r=300;t=600, "burst";r=4;t=1'}, Ease(600.0, 300, "site")),
        ({"ratelimit": '"burst";r=4;t=1'}, Ease(1.0, 4, "endpoint")),
        ({"ratelimit": '"Beta-global-app-quota";r=11;t=600'}, None),
        ({"ratelimit": '"global-app-quota";r=5;t=0'}, None),
        ({"ratelimit": '"global-app-quota";r=' + "9" * 400 + ";t=600"}, Ease(600.0, 999_999_999_999, "everywhere")),
        ({"ratelimit": "rubbish"}, None),
        ({"x-ratelimit-limit": "100", "x-ratelimit-remaining": "99"}, None),
        ({"x-ratelimit-limit": "100", "x-ratelimit-remaining": "19"}, Ease(10.0, 19, "endpoint")),
        ({"x-ratelimit-remaining": "19"}, None),
        ({"x-ratelimit-limit": "100", "x-ratelimit-remaining": "none"}, None),
        ({"x-ratelimit-nearlimit": "true"}, Ease(10.0, 20, "endpoint")),
        ({"x-ratelimit-nearlimit": "false"}, None),
        (
            {"x-ratelimit-nearlimit": "True", "x-ratelimit-remaining": "7", "x-ratelimit-reset": "2026-03-02T10:30Z"},
            Ease(1800.0, 7, "site"),
        ),
        (
            {"x-ratelimit-nearlimit": "true", "ratelimit-reason": "jira-quota-global-based"},
            Ease(10.0, 20, "everywhere"),
        ),
    ],
)
def test_headers_say_that_room_becomes_scarce(headers: dict[str, str], expected: Ease | None) -> None:
    assert ease(headers, now=NOW) == expected


async def test_scarce_points_slow_down_what_nobody_waits_for(over: Open) -> None:
    jira, wire = over(ok({"id": "1", "key": "A-1"}, 200, ratelimit='"tenant-quota";r=20;t=600'))
    await issues.get(jira.as_app(SITE, automatic=True), "A-1", fields=["summary"])
    await issues.get(jira.as_app(SITE, automatic=True), "A-1", fields=["summary"])
    with pytest.raises(JiraBusy) as caught:
        await issues.get(jira.as_app(SITE, automatic=True), "A-1", fields=["summary"])
    assert 50 < (caught.value.retry_after_s or 0) <= 80  # 30 s a point, two points each
    await issues.get(jira.as_app(SITE), "A-1", fields=["summary"])
    await issues.get(jira.as_app(OTHER, automatic=True), "A-1", fields=["summary"])
    assert len(wire.requests) == 4


async def test_at_most_eight_requests_of_a_site_are_in_flight() -> None:
    now = most = 0

    async def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return ok({"id": "1", "key": "A-1"})

    jira = Jira(oauth_url=OAUTH, user_agent="t", transport=httpx2.MockTransport(answer))
    await asyncio.gather(*(issues.get(jira.as_app(SITE), "A-1", fields=["summary"]) for _ in range(40)))
    await jira.close()
    assert most == IN_FLIGHT


async def test_pause_holds_the_site_back_and_no_other(over: Open) -> None:
    jira, wire = over(ok(None, 429, retry_after="3"), ok({"id": "1", "key": "A-1"}))
    started = time.monotonic()
    at: dict[str, float] = {}

    async def read(site: str) -> None:
        await issues.get(jira.as_app(SITE if site == "own" else OTHER), "A-1", fields=["summary"])
        at[site] = time.monotonic() - started

    first = asyncio.create_task(read("own"))
    while not wire.requests:  # noqa: ASYNC110 - a plain list
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    seen = len(wire.requests)
    await asyncio.gather(first, read("own"), read("other"))
    assert seen == 1
    assert at["other"] < 2.5
    assert at["own"] >= 3.0


async def test_global_pause_holds_every_site_back(over: Open) -> None:
    jira, wire = over(ok(None, 429, retry_after="60", ratelimit_reason="jira-quota-global-based"))
    for site in (SITE, OTHER):
        with pytest.raises(JiraBusy) as caught:
            await issues.get(jira.as_app(site), "A-1", fields=["summary"])
        assert (caught.value.retry_after_s or 0) > 50
    assert len(wire.requests) == 1


async def test_exhausted_budget_on_a_good_answer_stops_the_next_call(over: Open) -> None:
    jira, wire = over(ok({"id": "1", "key": "A-1"}, 200, ratelimit='"tenant";r=0;t=600'))
    await issues.get(jira.as_app(SITE), "A-1", fields=["summary"])
    with pytest.raises(JiraBusy):
        await issues.get(jira.as_app(SITE), "A-1", fields=["summary"])
    assert len(wire.requests) == 1


async def test_a_site_whose_secrets_changed_keeps_what_jira_asked_for(over: Open) -> None:
    jira, wire = over(ok({"id": "1", "key": "A-1"}, 200, ratelimit='"tenant";r=0;t=600'))
    await issues.get(jira.as_app(SITE), "A-1", fields=["summary"])
    jira.forget(SITE.client_key)
    with pytest.raises(JiraBusy):
        await issues.get(jira.as_app(SITE), "A-1", fields=["summary"])
    assert len(wire.requests) == 1


async def test_writes_to_one_issue_are_spaced_and_others_are_not(over: Open) -> None:
    jira, _ = over(ok(None, 204))
    session = jira.as_app(SITE)

    async def write(keys: list[str]) -> None:
        await asyncio.gather(*(issues.edit(session, key, fields={"labels": []}) for key in keys))

    async with awake() as passed:
        await write([f"A-{number}" for number in range(8)])
        assert passed() < 1.0
    started = time.monotonic()
    await write(["B-1", "B-1", "B-1"])
    assert time.monotonic() - started >= 0.6


async def test_pause_of_one_issue_leaves_the_site_open() -> None:
    limiter = Limiter()
    limiter.pause(write("A-1"), Pause(60, "issue"))
    async with limiter.slot(READ, patience_s=1), limiter.slot(write("A-2"), patience_s=1):
        pass
    with pytest.raises(JiraBusy):
        async with limiter.slot(write("A-1"), patience_s=1):
            pass


async def test_pauses_never_become_shorter() -> None:
    limiter = Limiter()
    limiter.pause(READ, Pause(60, "site"))
    limiter.pause(READ, Pause(1, "site"))
    with pytest.raises(JiraBusy) as caught:
        async with limiter.slot(READ, patience_s=5):
            pass
    assert (caught.value.retry_after_s or 0) > 50
