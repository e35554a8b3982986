from typing import Any

import pytest

from addon.policy.projects import ProjectSettings
from tests.unit.web.door import PROJECT, Door, of_other_site


@pytest.fixture(autouse=True)
def known_project(door: Door) -> None:
    types = [{"id": "10001", "name": "Story", "subtask": False}, {"id": "10003", "name": "Sub-task", "subtask": True}]
    document = {"id": PROJECT, "key": "ABC", "name": "Alpha", "issueTypes": types}
    door.jira.projects = {PROJECT: document, "ABC": document}
    door.jira.fields = [
        {"id": "customfield_1", "name": "Criteria", "schema": {"custom": "com.atlassian:textarea"}},
        {"id": "customfield_2", "name": "Points", "schema": {"custom": "com.atlassian:float"}},
        {
            "id": "customfield_3",
            "name": "Elsewhere",
            "schema": {"custom": "x:textarea"},
            "scope": {"project": {"id": "1"}},
        },
        {
            "id": "customfield_4",
            "name": "Also",
            "schema": {"custom": "x:textfield"},
            "scope": {"project": {"id": PROJECT}},
        },
        {"id": "description", "name": "Description", "schema": {"system": "description"}},
    ]


@pytest.mark.parametrize("project", [PROJECT, "ABC"])
async def test_settings_are_read_and_changed_by_id_or_key(door: Door, project: str) -> None:
    before = (await door.api("GET", f"/projects/{project}/settings")).json()
    assert before == {**ProjectSettings().model_dump(), "updated_by": None, "updated_at": None}
    answer = await door.api("PUT", f"/projects/{project}/settings", json={"language": "fr", "auto_subtasks": True})
    assert answer.status_code == 200
    after = (await door.api("GET", f"/projects/{PROJECT}/settings")).json()
    assert after == answer.json()
    assert (after["language"], after["auto_subtasks"], after["auto_comment"]) == ("fr", True, True)
    assert after["updated_by"] == {"account_id": "ann", "name": "Ann"}
    assert after["updated_at"].endswith("Z")


@pytest.mark.parametrize(
    "changes", [{"auto_analyse": True}, {"language": 5}, {"min_quality": 101}, {"\ud800": 1}, [], "x"]
)
async def test_what_is_no_setting_is_refused_with_its_name(door: Door, changes: Any) -> None:
    answer = await door.api("PUT", f"/projects/{PROJECT}/settings", json=changes)
    assert answer.status_code == 422
    assert answer.json()["error"] == "invalid"
    if isinstance(changes, dict):
        assert len(answer.json()["fields"]) == 1
    assert (await door.api("GET", f"/projects/{PROJECT}/settings")).json()["updated_at"] is None


async def test_settings_can_be_sent_back_as_they_were_read(door: Door) -> None:
    read = (await door.api("GET", f"/projects/{PROJECT}/settings")).json()
    answer = await door.api("PUT", f"/projects/{PROJECT}/settings", json={**read, "auto_comment": False})
    assert (answer.status_code, answer.json()["auto_comment"]) == (200, False)


async def test_text_no_database_takes_is_refused(door: Door) -> None:
    for value in ("a\x00b", "a\ud800b"):
        answer = await door.api("PUT", f"/projects/{PROJECT}/settings", json={"instruction": value})
        assert answer.status_code == 422


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_only_administrators_of_the_project_see_and_change_settings(door: Door, method: str) -> None:
    body = {"json": {"language": "fr"}} if method == "PUT" else {}
    door.jira.grant("bob", "project", PROJECT, "BROWSE_PROJECTS")
    assert (await door.api(method, f"/projects/{PROJECT}/settings", who="bob", **body)).status_code == 403
    assert (await door.api(method, f"/projects/{PROJECT}/settings", who="eve", **body)).status_code == 404
    assert (await door.api("GET", f"/projects/{PROJECT}/settings")).json()["updated_at"] is None


async def test_a_hidden_an_unknown_and_a_foreign_project_read_alike(door: Door) -> None:
    answers = set()
    for project, token in (
        ("ABC", None),
        (PROJECT, None),
        ("999", None),
        ("NOPE", None),
        (PROJECT, of_other_site("eve")),
    ):
        answer = await door.api("GET", f"/projects/{project}/settings", who="eve", token=token)
        answers.add((answer.status_code, answer.content))
    assert len(answers) == 1
    assert answers.pop()[0] == 404


async def test_options_offer_types_and_text_fields_of_this_project(door: Door) -> None:
    options = (await door.api("GET", f"/projects/{PROJECT}/options")).json()
    assert options["issue_types"][1] == {"id": "10003", "name": "Sub-task", "subtask": True}
    assert options["fields"] == [{"id": "customfield_4", "name": "Also"}, {"id": "customfield_1", "name": "Criteria"}]
    assert options["languages"][:3] == ["auto", "en", "fr"]
    for language in options["languages"]:
        ProjectSettings(language=language)
