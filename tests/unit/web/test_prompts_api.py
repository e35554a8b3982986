"""Prompts of a project over HTTP: for its administrators alone, in versions, tried out in private."""

from typing import Any

import pytest

from addon.policy.prompts import KINDS
from addon.store.repos import audit
from tests import tokens
from tests.rows import run_of
from tests.unit.web.door import ISSUE, KEY, PROJECT, Door, of_other_site

PATH = f"/projects/{PROJECT}/prompts"


async def tenant_id(door: Door) -> str:
    found = await door.house.tenants.by_client_key(tokens.CLIENT_KEY)
    assert found is not None
    return found.id


async def add(door: Door, text: str = "Look at the money.", kind: str = "analysis", **more: Any) -> dict[str, Any]:
    answer = await door.api("POST", f"{PATH}/{kind}", json={"text": text, **more})
    assert answer.status_code == 201, answer.text
    return next(each for each in answer.json()["prompts"] if each["kind"] == kind)


async def test_there_is_one_entry_for_each_kind(door: Door) -> None:
    found = (await door.api("GET", PATH)).json()["prompts"]
    assert found == [{"kind": kind, "active": None, "versions": []} for kind in KINDS]


async def test_a_new_version_is_in_force_and_names_its_author(door: Door) -> None:
    shown = await add(door, " Look at the money. ", note="first")
    assert shown["active"] | {"at": ""} == {
        "text": "Look at the money.", "version": 1, "note": "first", "by": {"account_id": "ann", "name": "Ann"},
        "at": "",
    }  # fmt: skip
    assert [(each["version"], "text" in each) for each in (await add(door, "Two"))["versions"]] == [
        (2, False),
        (1, False),
    ]
    one = (await door.api("GET", f"{PATH}/analysis/1")).json()
    assert (one["kind"], one["version"], one["text"]) == ("analysis", 1, "Look at the money.")


async def test_an_older_version_or_none_can_be_put_in_force(door: Door) -> None:
    await add(door, "one")
    await add(door, "two")
    for version, text in ((1, "one"), (None, None)):
        answer = await door.api("POST", f"{PATH}/analysis/activate", json={"version": version})
        active = answer.json()["prompts"][0]["active"]
        assert (active["text"] if active else None) == text
    assert (await door.api("POST", f"{PATH}/analysis/activate", json={"version": 3})).status_code == 404
    assert (await door.api("GET", f"{PATH}/analysis/3")).status_code == 404
    assert (await door.api("GET", f"{PATH}/criteria/1")).status_code == 404


CALLS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "", None),
    ("POST", "/analysis", {"text": "x"}),
    ("GET", "/analysis/1", None),
    ("POST", "/analysis/activate", {"version": None}),
    ("POST", "/analysis/preview", {"text": "x", "issue": KEY}),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_only_administrators_of_the_project_come_in(
    door: Door, method: str, path: str, body: dict[str, Any] | None
) -> None:
    await add(door)
    door.jira.grant("bob", "project", PROJECT, "BROWSE_PROJECTS", "CREATE_ISSUES")
    sent: dict[str, Any] = {"json": body} if body is not None else {}
    assert (await door.api(method, PATH + path, who="bob", **sent)).status_code == 403
    assert (await door.api(method, PATH + path, who="eve", **sent)).status_code == 404


async def test_another_site_has_prompts_of_its_own(door: Door) -> None:
    await add(door)
    theirs = (await door.api("GET", PATH, token=of_other_site())).json()["prompts"]
    assert {(each["active"], len(each["versions"])) for each in theirs} == {(None, 0)}
    assert (await door.api("GET", f"{PATH}/analysis/1", token=of_other_site())).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {}, {"text": ""}, {"text": " \n"}, {"text": "x" * 4001}, {"text": "a\x00b"}, {"text": "half \ud800"},
        {"text": 5}, {"text": "x", "note": "x" * 201}, {"text": "x", "version": 9},
    ],
)  # fmt: skip
async def test_a_text_that_cannot_be_kept_is_refused(door: Door, body: dict[str, Any]) -> None:
    assert (await door.api("POST", f"{PATH}/analysis", json=body)).status_code == 422
    assert (await door.api("GET", PATH)).json()["prompts"][0]["versions"] == []


@pytest.mark.parametrize("kind", ["pipeline", "other", "Analysis"])
async def test_a_kind_there_is_not_has_no_prompts(door: Door, kind: str) -> None:
    assert (await door.api("POST", f"{PATH}/{kind}", json={"text": "x"})).status_code == 422


async def test_a_draft_is_tried_out_in_a_run_that_only_its_author_sees(door: Door) -> None:
    await door.house.worker.stop(0)
    answer = await door.api("POST", f"{PATH}/analysis/preview", json={"text": "A secret plan", "issue": KEY})
    assert answer.status_code == 202, answer.text
    run = answer.json()["run"]
    assert (run["kind"], run["issue_id"], run["status"]) == ("analysis", ISSUE, "queued")
    assert "A secret plan" not in answer.text
    row = await run_of(door.house.db, await tenant_id(door), run["id"])
    assert (row.preview, row.params) == (True, {"prompt": "A secret plan", "force": True})
    door.jira.grant("bob", "issue", ISSUE, "BROWSE_PROJECTS", "ADD_COMMENTS")
    for path in (f"/runs/{run['id']}", f"/runs/{run['id']}/events"):
        assert (await door.api("GET", path, who="bob")).status_code == 404
    assert (await door.api("GET", f"/runs/{run['id']}")).status_code == 200
    assert (await door.api("GET", f"/issues/{ISSUE}/runs")).json()["runs"] == []
    async with door.house.db.single() as tx:
        (asked, *_) = await audit.latest(tx, await tenant_id(door))
    assert (asked.action, asked.detail["prompt"]) == ("run.asked", "13 characters")


@pytest.mark.parametrize(("issue", "status"), [("10099", 404), ("OTHER-1", 404), ("NOPE-1", 404), ("no key", 422)])
async def test_a_draft_is_tried_out_only_on_issues_of_the_project_one_may_see(
    door: Door, issue: str, status: int
) -> None:
    door.jira.add_issue("10099", "ABC-99")
    door.jira.add_issue("20001", "OTHER-1", "20000")
    door.jira.grant("ann", "issue", "20001", "BROWSE_PROJECTS", "ADD_COMMENTS")
    answer = await door.api("POST", f"{PATH}/analysis/preview", json={"text": "x", "issue": issue})
    assert answer.status_code == status


async def test_a_summary_concerns_no_single_issue(door: Door) -> None:
    answer = await door.api("POST", f"{PATH}/summary/preview", json={"text": "x", "issue": KEY})
    assert answer.status_code == 422
