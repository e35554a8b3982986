"""What an edit tells the add-on: which fields, from what to what, and by whom."""

import json
from typing import Any

from tests.unit.sandbox.stage import Stage


async def told(stage: Stage, key: str, **edit: Any) -> Any:
    """The change log of the one event that an edit by hand sets off."""
    before = len(stage.addon.hooks("issue-updated"))
    await stage.control("PUT", f"/issues/{key}", {"user": "tess", **edit})
    await stage.settled()
    (hook,) = stage.addon.hooks("issue-updated")[before:]
    return json.loads(hook.content)


async def made(stage: Stage) -> str:
    issue = await stage.control("POST", "/issues", {"summary": "Old", "description": "One", "webhook": False})
    return str(issue["key"])


async def test_a_changed_title_is_told_with_what_it_was(stage: Stage) -> None:
    body = await told(stage, await made(stage), summary="New")
    assert (body["webhookEvent"], body["user"]["displayName"]) == ("jira:issue_updated", "Tess Marlow")
    (item,) = body["changelog"]["items"]
    assert (item["field"], item["fieldId"], item["fieldtype"]) == ("summary", "summary", "jira")
    assert (item["fromString"], item["toString"]) == ("Old", "New")
    assert body["issue"]["fields"]["summary"] == "New"


async def test_rich_texts_lists_and_objects_are_told_in_words(stage: Stage) -> None:
    body = await told(
        stage, await made(stage), description="Two", labels=["a", "b"], priority={"id": "1", "name": "High"}
    )
    items = {item["field"]: item for item in body["changelog"]["items"]}
    assert (items["description"]["fromString"], items["description"]["toString"]) == ("One", "Two")
    assert items["labels"]["toString"] == "a b"
    assert (items["priority"]["to"], items["priority"]["toString"]) == ("1", "High")


async def test_a_field_of_the_site_is_named_in_words_and_by_its_id(stage: Stage) -> None:
    body = await told(stage, await made(stage), customfield_10058="Given, when, then")
    (item,) = body["changelog"]["items"]
    assert (item["fieldId"], item["fieldtype"]) == ("customfield_10058", "custom")
    assert item["field"] != "customfield_10058"


async def test_an_edit_that_changes_nothing_has_an_empty_log(stage: Stage) -> None:
    assert (await told(stage, await made(stage), summary="Old"))["changelog"]["items"] == []
