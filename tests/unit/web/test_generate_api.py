"""The doors of criteria, scenarios and pipelines: who may ask, for what, and what the run keeps of it."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from addon.store.tables.runs import publications, runs
from tests.unit.web.door import ISSUE, KEY, PROJECT, Door
from tests.unit.web.test_runs_api import UNKNOWN, ended

ROUTES = ("acceptance-criteria", "test-scenarios", "full-pipeline")
KINDS = dict(zip(ROUTES, ("criteria", "scenarios", "pipeline"), strict=True))


@pytest.fixture(autouse=True)
def described(door: Door) -> None:
    """Something to build criteria on."""
    text = "As a buyer I want to pay by card so that I need no cash. At most 3 cards can be kept."
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": text}]}
    door.jira.issues[ISSUE]["fields"]["description"] = {"type": "doc", "version": 1, "content": [paragraph]}


async def asked(door: Door, route: str, **wish: Any) -> dict[str, Any]:
    answer = await door.api("POST", f"/generate/{route}", json={"issue": ISSUE, **wish})
    assert answer.status_code == 202, answer.text
    run: dict[str, Any] = answer.json()["run"]
    return run


async def params(door: Door, run_id: str) -> dict[str, Any]:
    async with door.house.db.begin() as tx:
        found: dict[str, Any] = (await tx.execute(select(runs.c.params).where(runs.c.id == run_id))).scalar_one()
    return found


@pytest.mark.parametrize("route", ROUTES)
async def test_each_kind_is_started_and_shown_like_any_run(door: Door, route: str) -> None:
    run = await asked(door, route)
    assert (run["kind"], run["issue_key"], run["trigger"]) == (KINDS[route], KEY, "panel")
    done = await ended(door, run["id"])
    assert done["status"] == "succeeded", done["error"]
    part = done["result"] if route != "full-pipeline" else done["result"]["scenarios"]
    assert part["notice"] == "no_model"
    listed = (await door.api("GET", f"/issues/{KEY}/runs")).json()["runs"]
    assert [one["id"] for one in listed] == [run["id"]]


@pytest.mark.parametrize("route", ROUTES)
async def test_the_stream_answers_at_once_and_ends_with_the_run(door: Door, route: str) -> None:
    answer = await door.api("POST", f"/generate/{route}/stream", json={"issue": ISSUE})
    assert answer.headers["content-type"].startswith("text/event-stream")
    last = answer.text.strip().split("\n\n")[-1].splitlines()
    assert "event: done" in last
    (data,) = [line.removeprefix("data: ") for line in last if line.startswith("data: ")]
    assert json.loads(data)["kind"] == KINDS[route]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("stream", ["", "/stream"])
@pytest.mark.parametrize(("rights", "status"), [((), 404), (("BROWSE_PROJECTS",), 403)])
async def test_looking_on_is_not_enough(
    door: Door, route: str, stream: str, rights: tuple[str, ...], status: int
) -> None:
    door.jira.grant("bob", "issue", ISSUE, *rights)
    answer = await door.api("POST", f"/generate/{route}{stream}", who="bob", json={"issue": ISSUE})
    assert answer.status_code == status
    async with door.house.db.begin() as tx:
        assert (await tx.execute(select(runs))).all() == []


async def test_only_what_was_asked_for_is_kept(door: Door) -> None:
    run = await asked(
        door, "full-pipeline", instruction="  Refunds too. ", count=3, kinds=["negative", "happy", "happy"]
    )
    assert await params(door, run["id"]) == {
        "force": False, "instruction": "Refunds too.", "count": 3, "kinds": ["happy", "negative"],
    }  # fmt: skip
    assert await params(door, (await asked(door, "acceptance-criteria"))["id"]) == {"force": False}


async def test_equal_wishes_join_one_run_and_others_wait(door: Door) -> None:
    await door.house.worker.stop(0)
    first = await asked(door, "test-scenarios", kinds=["happy", "boundary"])
    assert (await asked(door, "test-scenarios", kinds=["boundary", "happy"], force=True))["id"] == first["id"]
    other = await door.api("POST", "/generate/test-scenarios", json={"issue": ISSUE, "count": 2})
    assert other.status_code == 409
    # Another kind is another run.
    assert (await asked(door, "acceptance-criteria"))["id"] != first["id"]


async def test_scenarios_stand_on_the_latest_criteria_of_the_issue(door: Door) -> None:
    criteria = await ended(door, (await asked(door, "acceptance-criteria"))["id"])
    run = await ended(door, (await asked(door, "test-scenarios"))["id"])
    assert (await params(door, run["id"]))["based_on"] == criteria["id"]
    assert run["result"]["criteria_from"] == "run"
    pipeline = await ended(door, (await asked(door, "full-pipeline"))["id"])
    latest = await ended(door, (await asked(door, "test-scenarios"))["id"])
    assert (await params(door, latest["id"]))["based_on"] == pipeline["id"]
    named = await ended(door, (await asked(door, "test-scenarios", based_on=criteria["id"]))["id"])
    assert (await params(door, named["id"]))["based_on"] == criteria["id"]


async def test_a_run_without_criteria_of_this_issue_is_none_to_stand_on(door: Door) -> None:
    scenarios = await ended(door, (await asked(door, "test-scenarios"))["id"])
    door.jira.add_issue("10077", "ABC-8")
    door.jira.grant("ann", "issue", "10077", "BROWSE_PROJECTS", "ADD_COMMENTS")
    other = await ended(door, (await asked(door, "acceptance-criteria", issue="10077"))["id"])
    for based_on, status in ((scenarios["id"], 422), (other["id"], 422), (UNKNOWN, 404)):
        answer = await door.api("POST", "/generate/test-scenarios", json={"issue": ISSUE, "based_on": based_on})
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("target", "missing", "status"),
    [
        ("comment", "ADD_COMMENTS", 403),
        ("description", "EDIT_ISSUES", 403),
        ("field", "EDIT_ISSUES", 403),
        ("subtasks", "CREATE_ISSUES", 403),
        ("xray", "", 409),
        ("zephyr", "", 409),
        ("field", "", 422),
    ],
)
async def test_what_may_not_be_written_is_said_at_the_door(door: Door, target: str, missing: str, status: int) -> None:
    left = [right for right in ("BROWSE_PROJECTS", "ADD_COMMENTS", "EDIT_ISSUES", "CREATE_ISSUES") if right != missing]
    door.jira.grant("bob", "issue", ISSUE, *left)
    door.jira.grant("bob", "project", PROJECT, *left)
    for route in ROUTES:
        body = {"issue": ISSUE, "publish": ["comment", target] if missing != "ADD_COMMENTS" else [target]}
        answer = await door.api("POST", f"/generate/{route}", who="bob", json=body)
        assert answer.status_code == status, answer.text
        assert status != 422 or answer.json()["error"] == "no_field"
    async with door.house.db.begin() as tx:
        assert (await tx.execute(select(runs))).all() == []


async def test_what_is_to_be_written_is_put_in_line_for_the_person_who_asked(door: Door) -> None:
    run = await ended(
        door, (await asked(door, "acceptance-criteria", publish=["comment", "subtasks", "comment"]))["id"]
    )
    async with door.house.db.begin() as tx:
        found = (await tx.execute(select(publications.c.target, publications.c.account_id))).all()
    criteria = run["result"]["criteria"]["criteria"]
    assert sorted(found) == sorted([("comment", "ann"), *[("subtasks", "ann")] * len(criteria)])


@pytest.mark.parametrize(
    "wish",
    [
        {"issue": "no issue"},
        {"count": 0},
        {"count": 31},
        {"count": "3"},
        {"kinds": ["exploratory"]},
        {"publish": ["questions"]},
        {"publish": ["comment"] * 7},
        {"instruction": "x" * 1001},
        {"instruction": "\x00"},
        {"regenerate": {"part": "criteria", "item": 0}},
        {"force": "yes"},
        {"based_on": "mine"},
    ],
)
async def test_wrong_wishes_are_refused(door: Door, wish: dict[str, Any]) -> None:
    answer = await door.api("POST", "/generate/test-scenarios", json={"issue": ISSUE, **wish})
    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["count", "kinds", "based_on"])
async def test_criteria_take_no_knobs_of_scenarios(door: Door, name: str) -> None:
    answer = await door.api("POST", "/generate/acceptance-criteria", json={"issue": ISSUE, name: None})
    assert answer.status_code == 422


async def test_what_was_written_is_counted(door: Door) -> None:
    await ended(door, (await asked(door, "full-pipeline"))["id"])
    text = (await door.http.get("/addon/metrics")).text
    for name in ("acceptance_criteria_generated_total", "test_scenarios_generated_total"):
        (line,) = [line for line in text.splitlines() if line.startswith(f'{name}{{author="rules"}}')]
        assert float(line.split()[-1]) > 0
    (line,) = [line for line in text.splitlines() if line.startswith("full_pipeline_duration_seconds_count")]
    assert float(line.split()[-1]) > 0
