import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update

from addon.store.tables.audit import audit
from addon.store.tables.runs import publications, runs
from tests import tokens
from tests.unit.web.door import ISSUE, KEY, PROJECT, Door, of_other_site

UNKNOWN = "0193f000-0000-7000-8000-000000000000"


async def asked(door: Door, issue: str = ISSUE, **more: Any) -> dict[str, Any]:
    answer = await door.api("POST", "/ai/analyze-issue", json={"issue": issue, **more})
    assert answer.status_code == 202, answer.text
    run: dict[str, Any] = answer.json()["run"]
    return run


async def ended(door: Door, run_id: str) -> dict[str, Any]:
    """The run once the worker is done with it."""
    async with asyncio.timeout(60):
        while True:
            run: dict[str, Any] = (await door.api("GET", f"/runs/{run_id}")).json()
            if run["status"] not in ("queued", "running"):
                return run
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("issue", [ISSUE, KEY])
async def test_an_issue_is_analysed_by_id_or_key(door: Door, issue: str) -> None:
    run = await asked(door, issue)
    assert (run["issue_id"], run["issue_key"], run["project_id"], run["trigger"]) == (ISSUE, KEY, PROJECT, "panel")
    done = await ended(door, run["id"])
    assert done["status"] == "succeeded"
    assert done["result"]["author"] == "rules"
    listed = (await door.api("GET", f"/issues/{issue}/runs")).json()["runs"]
    assert [one["id"] for one in listed] == [run["id"]]


async def test_the_history_names_who_asked_as_far_as_jira_tells(door: Door) -> None:
    run = await asked(door)
    assert run["asked_by"] == {"account_id": "ann", "name": "Ann"}
    await ended(door, run["id"])
    (listed,) = (await door.api("GET", f"/issues/{ISSUE}/runs")).json()["runs"]
    assert listed["asked_by"] == {"account_id": "ann", "name": "Ann"}


async def test_two_clicks_at_once_are_one_run(door: Door) -> None:
    await door.house.worker.stop(0)
    first, second = await asyncio.gather(asked(door), asked(door))
    assert first["id"] == second["id"]


@pytest.mark.parametrize(
    ("rights", "status"),
    [
        ((), 404),
        (("BROWSE_PROJECTS",), 403),
        (("BROWSE_PROJECTS", "ADD_COMMENTS"), 202),
        (("BROWSE_PROJECTS", "EDIT_ISSUES"), 202),
    ],
)
async def test_looking_on_is_not_enough_to_start_an_analysis(door: Door, rights: tuple[str, ...], status: int) -> None:
    door.jira.grant("bob", "issue", ISSUE, *rights)
    answer = await door.api("POST", "/ai/analyze-issue", who="bob", json={"issue": ISSUE})
    assert answer.status_code == status
    async with door.house.db.begin() as tx:
        assert len((await tx.execute(select(runs))).all()) == (1 if status == 202 else 0)


async def test_an_issue_one_may_not_see_reads_like_none(door: Door) -> None:
    door.jira.add_issue("10099", "SEC-1")
    bodies = set()
    for issue in ("10099", "SEC-1", "77777", "NOPE-1"):
        answer = await door.api("POST", "/ai/analyze-issue", json={"issue": issue})
        bodies.add((answer.status_code, answer.content))
        answer = await door.api("GET", f"/issues/{issue}/runs")
        bodies.add((answer.status_code, answer.content))
    assert len(bodies) == 1
    assert bodies.pop()[0] == 404


BY_RUN_ID = [("GET", "/runs/{}"), ("DELETE", "/runs/{}"), ("GET", "/runs/{}/events")]


@pytest.mark.parametrize(("method", "path"), BY_RUN_ID)
async def test_a_run_of_another_site_is_byte_identical_to_none(door: Door, method: str, path: str) -> None:
    run = await asked(door)
    theirs = await door.api(method, path.format(run["id"]), token=of_other_site())
    none = await door.api(method, path.format(UNKNOWN), token=of_other_site())
    assert (theirs.status_code, theirs.content) == (none.status_code, none.content)
    assert theirs.status_code == 404


@pytest.mark.parametrize(("method", "path"), BY_RUN_ID)
async def test_a_run_on_an_invisible_issue_is_byte_identical_to_none(door: Door, method: str, path: str) -> None:
    run = await asked(door)
    hidden = await door.api(method, path.format(run["id"]), who="bob")
    none = await door.api(method, path.format(UNKNOWN), who="bob")
    assert (hidden.status_code, hidden.content) == (none.status_code, none.content)
    assert hidden.status_code == 404


async def test_publishing_from_a_run_of_another_site_is_byte_identical_to_none(door: Door) -> None:
    run = await asked(door)
    await ended(door, run["id"])
    answers = set()
    for run_id, token in (
        (run["id"], of_other_site()),
        (UNKNOWN, of_other_site()),
        (UNKNOWN, tokens.for_api(sub="ann")),
    ):
        answer = await door.api("POST", "/jira/publish", token=token, json={"run": run_id, "target": "comment"})
        answers.add((answer.status_code, answer.content))
    assert len(answers) == 1
    assert answers.pop()[0] == 404


@pytest.mark.parametrize("run_id", ["x", "..%2f..%2fetc", "%00", "0193f000-0000-7000-8000-00000000000G", "1" * 500])
async def test_a_strange_id_is_refused_politely(door: Door, run_id: str) -> None:
    answer = await door.api("GET", f"/runs/{run_id}")
    assert answer.status_code in (404, 422)
    assert set(answer.json()) >= {"error", "detail"}


@pytest.mark.parametrize(
    "body",
    [{}, {"issue": 5}, {"issue": "ABC-1", "forse": True}, {"issue": "ABC-1/../../x"},
     {"issue": "ABC-1", "force": "yes"}, {"issue": "\x00"}, {"issue": "\ud800-1"}, [], "x", None],
)  # fmt: skip
async def test_a_wrong_body_names_the_place_in_the_common_shape(door: Door, body: Any) -> None:
    answer = await door.api("POST", "/ai/analyze-issue", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"] == "invalid"
    assert answer.json()["detail"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b'{"issue":"ABC-1"'])
async def test_broken_json_is_a_clear_error(door: Door, body: bytes) -> None:
    answer = await door.api("POST", "/ai/analyze-issue", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["error"] == "invalid"


async def test_a_run_can_be_called_off_by_who_may_start_one(door: Door) -> None:
    await door.house.worker.stop(0)
    run = await asked(door)
    door.jira.grant("bob", "issue", ISSUE, "BROWSE_PROJECTS")
    assert (await door.api("DELETE", f"/runs/{run['id']}", who="bob")).status_code == 403
    answer = await door.api("DELETE", f"/runs/{run['id']}")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    async with door.house.db.begin() as tx:
        actions = [row.action for row in (await tx.execute(select(audit.c.action).order_by(audit.c.at))).all()]
    assert actions[-2:] == ["run.asked", "run.cancelled"]


RIGHT_FOR = [
    ("comment", "ADD_COMMENTS", "issue"),
    ("subtasks", "CREATE_ISSUES", "project"),
]


async def test_edits_of_items_that_were_not_chosen_are_refused(door: Door) -> None:
    run = await asked(door)
    await ended(door, run["id"])
    body = {"run": run["id"], "target": "subtasks", "items": [0], "edits": {"1": {"title": "Another"}}}
    assert (await door.api("POST", "/jira/publish", json=body)).status_code == 422


@pytest.mark.parametrize(("target", "right", "kind"), RIGHT_FOR)
async def test_writing_needs_the_right_to_do_it_in_jira(door: Door, target: str, right: str, kind: str) -> None:
    run = await asked(door)
    await ended(door, run["id"])
    door.jira.grant("bob", "issue", ISSUE, "BROWSE_PROJECTS")
    door.jira.grant("bob", "project", PROJECT, "BROWSE_PROJECTS")
    body = {"run": run["id"], "target": target, "items": [0] if target == "subtasks" else []}
    refused = await door.api("POST", "/jira/publish", who="bob", json=body)
    assert refused.status_code == 403
    async with door.house.db.begin() as tx:
        mine = select(publications).where(publications.c.account_id == "bob")
        assert (await tx.execute(mine)).all() == []
    door.jira.grant("carl", "issue", ISSUE, "BROWSE_PROJECTS", *([right] if kind == "issue" else []))
    door.jira.grant("carl", "project", PROJECT, "BROWSE_PROJECTS", *([right] if kind == "project" else []))
    allowed = await door.api("POST", "/jira/publish", who="carl", json=body)
    assert allowed.status_code in (202, 409, 422), allowed.text
    assert allowed.json().get("error") != "forbidden"


async def test_a_comment_is_written_when_a_person_asks(door: Door) -> None:
    run = await asked(door)
    await ended(door, run["id"])
    answer = await door.api("POST", "/jira/publish", json={"run": run["id"], "target": "comment"})
    assert answer.status_code == 202, answer.text
    assert {p["target"] for p in answer.json()["publications"]} == {"comment"}


@pytest.mark.parametrize(
    "change",
    [{"target": "wiki"}, {"field": "summary"}, {"items": [-1]}, {"items": [0] * 51}, {"edits": {"x": {}}}, {"run": "1"},
     {"edits": {"0": {"html": "x"}}}, {"edits": {"0": {"title": "x" * 256}}}, {"edits": {"0": {"title": "\x00"}}},
     {"edits": {"0": {"title": "\udc00"}}}, {"edits": {"1": {"title": "x"}}}, {"edits": {"0": {"steps": []}}}],
)  # fmt: skip
async def test_a_wrong_wish_to_write_is_refused(door: Door, change: dict[str, Any]) -> None:
    body = {"run": UNKNOWN, "target": "subtasks", "items": [0], **change}
    answer = await door.api("POST", "/jira/publish", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"] == "invalid"


async def test_a_right_is_checked_for_the_person_of_the_token_and_nobody_else(door: Door) -> None:
    await asked(door)
    answer = await door.api("GET", f"/issues/{ISSUE}/runs", who="bob")
    assert answer.status_code == 404
    anonymous = await door.api("GET", f"/issues/{ISSUE}/runs", token=tokens.for_api(sub=None))
    assert anonymous.status_code in (401, 403)


async def test_the_token_must_come_in_the_header(door: Door) -> None:
    answer = await door.http.get(f"/addon/api/v1/issues/{ISSUE}/runs?jwt={tokens.for_api(sub='ann')}")
    assert answer.status_code == 401
    assert set(answer.json()) >= {"error", "detail", "verdict", "reference"}
    assert answer.json()["reference"] == answer.headers["x-request-id"]


async def test_project_runs_hide_issues_the_reader_may_not_see(door: Door) -> None:
    run = await asked(door)
    await ended(door, run["id"])
    door.jira.grant("bob", "project", PROJECT, "BROWSE_PROJECTS")
    mine = (await door.api("GET", f"/projects/{PROJECT}/runs?status=succeeded&limit=5")).json()["runs"]
    assert [one["id"] for one in mine] == [run["id"]]
    assert "result" not in mine[0]
    assert isinstance(mine[0]["overall"], int)
    assert (await door.api("GET", f"/projects/{PROJECT}/runs", who="bob")).json() == {"runs": []}
    assert (await door.api("GET", f"/projects/{PROJECT}/runs", who="eve")).status_code == 404
    assert (await door.api("GET", f"/projects/{PROJECT}/runs?status=odd")).status_code == 422


async def test_jira_being_away_is_a_502_in_words(door: Door) -> None:
    await door.house.worker.stop(0)
    async with door.house.db.begin() as tx:
        await tx.execute(update(runs).values(state="failed"))
    door.jira.down = True
    answer = await door.api("GET", f"/issues/{ISSUE}/runs")
    assert answer.status_code == 502
    assert "pretending" not in answer.text
