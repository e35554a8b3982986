"""Connecting test management tools: for a project's administrators, and a secret goes in and never comes out."""

import time
from typing import Any

import pytest

from tests import tokens
from tests.unit.web.door import PROJECT, Door, of_other_site

SECRET = "canary-of-the-client-secret"
TOKEN = "canary-of-the-zephyr-token"
BOTH = {
    "xray": {"region": "eu", "client_id": "ABC", "client_secret": SECRET, "project_key": "TEST"},
    "zephyr": {"token": TOKEN},
}
PATH = f"/projects/{PROJECT}/places"


async def test_nothing_is_connected_at_first(door: Door) -> None:
    answer = await door.api("GET", PATH)
    assert answer.json() == {"xray": None, "zephyr": None, "updated_by": None, "updated_at": None}


async def test_secrets_go_in_and_never_come_out(door: Door) -> None:
    saved = await door.api("PUT", PATH, json=BOTH)
    assert saved.status_code == 200
    assert saved.json()["xray"] == {"region": "eu", "client_id": "ABC", "has_secret": True, "project_key": "TEST"}
    assert saved.json()["zephyr"] == {"region": "global", "has_token": True, "project_key": None}
    again = await door.api("GET", PATH)
    audit = await door.api("GET", "/audit", who="boss")
    for answer in (saved, again, audit):
        assert SECRET not in answer.text
        assert TOKEN not in answer.text
    assert "place.xray" in audit.text


async def test_a_tool_that_is_not_named_stays_and_null_disconnects(door: Door) -> None:
    await door.api("PUT", PATH, json=BOTH)
    answer = await door.api("PUT", PATH, json={"zephyr": None})
    assert (answer.json()["xray"]["has_secret"], answer.json()["zephyr"]) == (True, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"xray": {"client_id": "A", "base_url": "https://evil.example"}},
        {"xray": {"client_id": "A", "region": "mars", "client_secret": SECRET}},
        {"xray": {"client_id": "A"}},
        {"zephyr": {}},
        {"jira": {}},
    ],
)
async def test_a_wrong_document_is_refused_without_repeating_it(door: Door, wrong: Any) -> None:
    answer = await door.api("PUT", PATH, json=wrong)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
    assert SECRET not in answer.text


@pytest.mark.parametrize(("method", "path"), [("GET", PATH), ("PUT", PATH), ("POST", f"{PATH}/xray/test")])
async def test_only_the_projects_administrators_may(door: Door, method: str, path: str) -> None:
    door.jira.grant("carl", "project", PROJECT, "BROWSE_PROJECTS", "CREATE_ISSUES")
    body = {"json": BOTH} if method == "PUT" else {}
    assert (await door.api(method, path, who="carl", **body)).status_code == 403
    assert (await door.api(method, path, who="nobody", **body)).status_code == 404
    assert (await door.api(method, path, token=of_other_site("eve"), **body)).status_code == 404


async def test_a_tool_that_is_not_connected_cannot_be_tried(door: Door) -> None:
    door.jira.projects[PROJECT] = {"id": PROJECT, "key": "ABC", "name": "Alpha"}
    answer = await door.api("POST", f"{PATH}/zephyr/test")
    assert (answer.status_code, answer.json()["error"]) == (409, "not_connected")


async def test_secrets_go_with_the_add_on(door: Door) -> None:
    await door.api("PUT", PATH, json=BOTH)
    tenant = (await door.house.tenants.by_client_key(tokens.CLIENT_KEY)).id  # type: ignore[union-attr]
    await door.house.lifecycle.uninstalled(tokens.CLIENT_KEY, "token:of the end", now=time.time())
    assert await door.house.places.saved(tenant, PROJECT) == {}
