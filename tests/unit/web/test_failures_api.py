"""What failed for good and how much waits, as a site's administrators ask for it."""

import time
from typing import Any

import pytest

from addon.store.repos import audit
from addon.store.tables.runs import runs
from tests import tokens
from tests.rows import add_publication, add_run, row_of
from tests.unit.web.door import OTHER_KEY, OTHER_SECRET, Door

UNKNOWN = "0199a1b2-0000-7000-8000-000000000000"
LOST = {"error": "worker_lost", "detail": "Given up."}
EVERY_ROUTE = [
    ("GET", "/load", None),
    ("GET", "/failures", None),
    ("POST", "/failures/again", {"error": "worker_lost"}),
    ("POST", f"/failures/{UNKNOWN}/again", None),
]


async def tenant_of(door: Door, client_key: str = tokens.CLIENT_KEY) -> str:
    found = await door.house.tenants.by_client_key(client_key)
    assert found is not None
    return found.id


async def failed(door: Door, tenant_id: str, **values: Any) -> str:
    given = {"state": "failed", "finished_at": 100.0, "error": LOST, "attempts": 3, "queue": "held"}
    return await add_run(door.house.db, tenant_id, **{**given, **values})


@pytest.mark.parametrize(("method", "path", "body"), EVERY_ROUTE)
async def test_only_site_administrators_come_here(door: Door, method: str, path: str, body: Any) -> None:
    sent = {} if body is None else {"json": body}
    assert (await door.api(method, path, who="ann", **sent)).status_code == 403
    assert (await door.api(method, path, who="boss", **sent)).status_code in (200, 202, 404)


async def test_failures_are_told_with_their_words_page_by_page(door: Door) -> None:
    tenant_id = await tenant_of(door)
    gave_up = {"error": "gave_up", "cause": "jira_down", "detail": "Given up after 2 h."}
    ids = [
        await failed(door, tenant_id, finished_at=1_000.0, issue_key="ABC-1"),
        await failed(door, tenant_id, finished_at=2_000.5, error=gave_up, kind="criteria"),
    ]
    run_id = await add_run(door.house.db, tenant_id, state="succeeded")
    write = {"state": "failed", "finished_at": 3_000.0, "error": {"error": "jira_refused", "detail": "No."}}
    ids.append(await add_publication(door.house.db, tenant_id, run_id, **write, issue_key="ABC-2"))
    first = (await door.api("GET", "/failures?limit=2", who="boss")).json()
    assert [each["id"] for each in first["failures"]] == [ids[2], ids[1]]
    assert first["failures"][1] == {
        "id": ids[1],
        "what": "run",
        "kind": "criteria",
        "undoing": False,
        "issue_id": first["failures"][1]["issue_id"],
        "issue_key": "ABC-1",
        "project_id": "10000",
        "created_at": first["failures"][1]["created_at"],
        "failed_at": "1970-01-01T00:33:20.500Z",
        "attempts": 3,
        "error": "gave_up",
        "cause": "jira_down",
        "detail": "Given up after 2 h.",
        "quote": None,
        "said": "Jira did not answer, try after try, so this was given up.",
        "todo": "Run it again once Jira answers.",
    }
    assert {each["error"]: each["count"] for each in first["codes"]} == {
        "gave_up": 1,
        "jira_refused": 1,
        "worker_lost": 1,
    }
    assert all(each["said"] for each in first["codes"])
    rest = (await door.api("GET", f"/failures?limit=2&before={first['next']}", who="boss")).json()
    assert [each["id"] for each in rest["failures"]] == [ids[0]]
    assert rest["next"] is None
    late = (await door.api("GET", "/failures?since=1970-01-01T00:40:00Z", who="boss")).json()
    assert [each["id"] for each in late["failures"]] == [ids[2]]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "since=yesterday", "since=2026-01-01T00:00:00", "before=x", "before=1:x", "before=nan:"],
)
async def test_a_question_that_makes_no_sense_is_refused(door: Door, query: str) -> None:
    assert (await door.api("GET", f"/failures?{query}", who="boss")).status_code == 422


@pytest.mark.parametrize("body", [{}, {"error": ""}, {"error": "x; drop"}, {"error": 1}, {"error": "a", "x": 1}])
async def test_all_of_nothing_cannot_be_run_again(door: Door, body: Any) -> None:
    assert (await door.api("POST", "/failures/again", who="boss", json=body)).status_code == 422


async def test_one_is_run_again_once_and_the_audit_knows(door: Door) -> None:
    tenant_id = await tenant_of(door)
    run_id = await failed(door, tenant_id)
    answer = await door.api("POST", f"/failures/{run_id}/again", who="boss")
    assert (answer.status_code, answer.json()) == (202, {"started": 1})
    row = await row_of(door.house.db, runs, run_id)
    assert (row.state, row.attempts, row.crashes, row.error) == ("queued", 3, 0, None)
    assert (await door.api("GET", "/failures", who="boss")).json()["failures"] == []
    twice = await door.api("POST", f"/failures/{run_id}/again", who="boss")
    assert (twice.status_code, twice.json()["error"]) == (409, "conflict")
    assert "has not failed" in twice.json()["detail"]
    async with door.house.db.single() as tx:
        noted = [each for each in await audit.latest(tx, tenant_id) if each.action == "failure.again"]
    assert [(each.account_id, each.detail) for each in noted] == [("boss", {"run": run_id})]


async def test_a_foreign_id_answers_like_an_unknown_one_byte_for_byte(door: Door) -> None:
    foreign = await failed(door, await tenant_of(door, OTHER_KEY))
    preview = await failed(door, await tenant_of(door), preview=True)
    unknown = await door.api("POST", f"/failures/{UNKNOWN}/again", who="boss")
    for unseen in (foreign, preview):
        answer = await door.api("POST", f"/failures/{unseen}/again", who="boss")
        assert (answer.status_code, answer.content) == (404, unknown.content)
    assert (await row_of(door.house.db, runs, foreign)).state == "failed"


async def test_equal_work_under_way_is_a_conflict(door: Door) -> None:
    tenant_id = await tenant_of(door)
    run_id = await failed(door, tenant_id, issue_id="77")
    await add_run(door.house.db, tenant_id, issue_id="77", queue="held")
    answer = await door.api("POST", f"/failures/{run_id}/again", who="boss")
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    assert "under way" in answer.json()["detail"]
    assert (await row_of(door.house.db, runs, run_id)).state == "failed"


async def test_all_of_a_code_are_run_again_a_hundred_at_a_time_and_nobody_elses(door: Door) -> None:
    tenant_id, other = await tenant_of(door), await tenant_of(door, OTHER_KEY)
    for _ in range(103):
        await failed(door, tenant_id)
    twins = [await failed(door, tenant_id, issue_id="77", finished_at=at) for at in (200.0, 300.0)]
    kept = await failed(door, tenant_id, error={"error": "timed_out", "detail": ""})
    foreign = await failed(door, other)
    answer = await door.api("POST", "/failures/again", who="boss", json={"error": "worker_lost"})
    # The newest of the two on one issue begins, the other one has to wait for it.
    assert (answer.status_code, answer.json()) == (202, {"started": 99, "left": 6})
    assert [(await row_of(door.house.db, runs, each)).state for each in twins] == ["failed", "queued"]
    rest = await door.api("POST", "/failures/again", who="boss", json={"error": "worker_lost"})
    assert rest.json() == {"started": 5, "left": 1}
    for untouched in (kept, foreign):
        assert (await row_of(door.house.db, runs, untouched)).state == "failed"
    async with door.house.db.single() as tx:
        noted = [each.detail for each in await audit.latest(tx, tenant_id) if each.action == "failures.again"]
    assert noted == [{"code": "worker_lost", "started": 5}, {"code": "worker_lost", "started": 99}]
    async with door.house.db.single() as tx:
        assert [each for each in await audit.latest(tx, other) if each.action.startswith("failure")] == []


async def test_load_is_the_sites_own_and_others_are_no_part_of_it(door: Door) -> None:
    tenant_id, other = await tenant_of(door), await tenant_of(door, OTHER_KEY)
    # Of sites that pause nothing is claimed, so that what waits keeps waiting.
    for site in (tenant_id, other):
        await add_run(door.house.db, site, run_at=time.time() + 500, queue="exports")
        await failed(door, site, queue="ai", finished_at=time.time())
    told = (await door.api("GET", "/load", who="boss")).json()
    assert (told["waiting"], told["later"], told["working"], told["oldest_s"]) == (1, 1, 0, 0.0)
    queues = {each["queue"]: each for each in told["queues"]}
    assert list(queues) == ["priority", "ai", "default", "exports"]
    assert (queues["exports"]["waiting"], queues["ai"]["failed_last_hour"]) == (1, 1)
    theirs = tokens.for_api(OTHER_SECRET, iss=OTHER_KEY, sub="boss")
    assert (await door.api("GET", "/load", token=theirs)).json()["waiting"] == 1
    assert set(told) == {"at", "waiting", "later", "working", "oldest_s", "queues", "workers"}


async def test_what_cannot_begin_now_does_not_stand_in_the_way_of_what_can(door: Door) -> None:
    tenant_id = await tenant_of(door)
    old = await failed(door, tenant_id, finished_at=1.0)
    for _ in range(101):
        await failed(door, tenant_id, issue_id="77")
    started = [
        (await door.api("POST", "/failures/again", who="boss", json={"error": "worker_lost"})).json() for _ in range(2)
    ]
    assert started == [{"started": 1, "left": 101}, {"started": 1, "left": 100}]
    assert (await row_of(door.house.db, runs, old)).state == "queued"
