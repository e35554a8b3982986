"""Deciding about single items: who may, what is kept and shown, and what comes of it over a project."""

from typing import Any

import pytest

from addon.store.repos import audit
from tests import tokens
from tests.rows import add_run, run_of
from tests.unit.analysis.make import result
from tests.unit.web.door import ISSUE, KEY, PROJECT, Door, of_other_site

USAGE = {"provider": "openai", "model": "m", "prompt_version": "analysis.v1"}


async def tenant_id(door: Door) -> str:
    found = await door.house.tenants.by_client_key(tokens.CLIENT_KEY)
    assert found is not None
    return found.id


async def done(door: Door, **values: Any) -> str:
    """The id of an analysis of ann's issue that succeeded."""
    await door.house.worker.stop(0)
    row = {"issue_id": ISSUE, "issue_key": KEY, "project_id": PROJECT, "state": "succeeded", "usage": USAGE}
    stored = {"result": result().model_dump(mode="json"), "account_id": "ann"}
    return await add_run(door.house.db, await tenant_id(door), **{**row, **stored, **values})


async def judge(door: Door, run_id: str, where: str = "criteria/0", *, who: str = "ann", **body: Any) -> Any:
    return await door.api("PUT", f"/runs/{run_id}/items/{where}", who=who, json=body)


async def test_a_verdict_is_kept_and_shown_with_the_run_and_in_the_issues_list(door: Door) -> None:
    run_id = await done(door)
    answer = await judge(door, run_id, verdict="edited", edit={"title": "Expired"})
    assert answer.status_code == 200, answer.text
    (said,) = answer.json()["verdicts"]["criteria"].values()
    assert (said["verdict"], said["edit"], said["by"]) == (
        "edited", {"title": "Expired"}, {"account_id": "ann", "name": "Ann"},
    )  # fmt: skip
    assert said["at"].endswith("Z")
    shown = (await door.api("GET", f"/runs/{run_id}")).json()
    assert shown["verdicts"] == answer.json()["verdicts"]
    (listed,) = (await door.api("GET", f"/issues/{ISSUE}/runs")).json()["runs"]
    assert listed["verdicts"] == shown["verdicts"]
    assert (await judge(door, run_id, verdict=None)).json() == {"verdicts": {}}


@pytest.mark.parametrize(
    ("rights", "status"),
    [((), 404), (("BROWSE_PROJECTS",), 403), (("BROWSE_PROJECTS", "ADD_COMMENTS"), 200)],
)
async def test_looking_on_is_not_enough_to_decide(door: Door, rights: tuple[str, ...], status: int) -> None:
    run_id = await done(door)
    door.jira.grant("bob", "issue", ISSUE, *rights)
    assert (await judge(door, run_id, who="bob", verdict="accepted")).status_code == status
    answer = await door.api("POST", f"/runs/{run_id}/items/criteria/0/regenerate", who="bob", json={})
    assert answer.status_code == (202 if status == 200 else status)


async def test_another_sites_run_reads_like_none(door: Door) -> None:
    run_id = await done(door)
    answers = [
        await door.api("PUT", f"/runs/{each}/items/criteria/0", token=of_other_site(), json={"verdict": "accepted"})
        for each in (run_id, "0193f000-0000-7000-8000-000000000000")
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}


@pytest.mark.parametrize(
    ("where", "body", "status"),
    [
        ("criteria/1", {"verdict": "accepted"}, 404),
        ("scores/0", {"verdict": "accepted"}, 404),
        ("criteria/-1", {"verdict": "accepted"}, 422),
        ("criteria/0", {}, 422),
        ("criteria/0", {"verdict": "maybe"}, 422),
        ("criteria/0", {"verdict": "edited"}, 422),
        ("criteria/0", {"verdict": "accepted", "edit": {"title": "x"}}, 422),
        ("criteria/0", {"verdict": "edited", "edit": {"score": 5}}, 422),
        ("criteria/0", {"verdict": "edited", "edit": {"title": "a\x00"}}, 422),
        ("criteria/0", {"verdict": "accepted", "more": 1}, 422),
    ],
)
async def test_what_does_not_fit_is_refused(door: Door, where: str, body: dict[str, Any], status: int) -> None:
    run_id = await done(door)
    assert (await judge(door, run_id, where, **body)).status_code == status
    assert (await door.api("GET", f"/runs/{run_id}")).json()["verdicts"] == {}


async def test_a_run_under_way_and_a_preview_are_not_judged(door: Door) -> None:
    running = await done(door, state="running", result=None)
    assert (await judge(door, running, verdict="accepted")).status_code == 409
    draft = await done(door, preview=True)
    assert (await judge(door, draft, verdict="accepted")).status_code == 404


@pytest.mark.parametrize(
    ("kind", "part", "made"),
    [
        ("analysis", "subtasks", "analysis"),
        ("pipeline", "criteria", "criteria"),
        ("pipeline", "scenarios", "scenarios"),
    ],
)
async def test_an_item_is_written_anew_by_a_run_of_its_kind(door: Door, kind: str, part: str, made: str) -> None:
    items = {"criteria": {"criteria": {"criteria": [{"title": "x"}]}}, "scenarios": {"scenarios": {"scenarios": [{}]}}}
    stored = {"kind": kind, "result": items} if kind == "pipeline" else {}
    run_id = await done(door, **stored)
    path = f"/runs/{run_id}/items/{part}/0/regenerate"
    answer = await door.api("POST", path, json={"instruction": " Name the limit. "})
    assert answer.status_code == 202, answer.text
    run = answer.json()["run"]
    assert (run["kind"], run["status"], run["issue_id"]) == (made, "queued", ISSUE)
    assert run["params"]["regenerate"] == {"part": part, "item": 0}
    row = await run_of(door.house.db, await tenant_id(door), run["id"])
    assert row.params["based_on"] == run_id
    assert row.params["regenerate"]["instruction"] == "Name the limit."


@pytest.mark.parametrize(
    ("where", "body", "status"),
    [
        ("subtasks/9", {}, 404),
        ("questions/0", {}, 422),
        ("subtasks/0", {"instruction": "x" * 1001}, 422),
        ("subtasks/0", {"instruction": "a\x00"}, 422),
        ("subtasks/0", {"prompt": "x"}, 422),
    ],
)
async def test_what_cannot_be_written_anew_is_refused(
    door: Door, where: str, body: dict[str, Any], status: int
) -> None:
    run_id = await done(door)
    answer = await door.api("POST", f"/runs/{run_id}/items/{where}/regenerate", json=body)
    assert answer.status_code == status
    async with door.house.db.single() as tx:
        assert [event.action for event in await audit.latest(tx, await tenant_id(door))] == ["tenant.installed"]


async def test_acceptance_is_for_administrators_of_the_project(door: Door) -> None:
    run_id = await done(door)
    await judge(door, run_id, "criteria/0", verdict="accepted")
    await judge(door, run_id, "subtasks/0", verdict="edited", edit={"title": "Quite another title"})
    await judge(door, run_id, "questions/0", verdict="rejected")
    (row,) = (await door.api("GET", f"/projects/{PROJECT}/acceptance")).json()["prompts"]
    assert {name: row[name] for name in ("kind", "prompt_version", "accepted", "edited", "rejected", "rate")} == {
        "kind": "analysis", "prompt_version": "analysis.v1", "accepted": 1, "edited": 1, "rejected": 1, "rate": 0.6667,
    }  # fmt: skip
    assert 0 < row["distance"] < 1
    door.jira.grant("bob", "project", PROJECT, "BROWSE_PROJECTS")
    assert (await door.api("GET", f"/projects/{PROJECT}/acceptance", who="bob")).status_code == 403
    assert (await door.api("GET", "/projects/77/acceptance")).status_code == 404
