"""Writes the pretend Jira refuses, in the words Jira uses."""

from typing import Any

import pytest

from tests.unit.sandbox.stage import Stage, doc, fields, paragraph

SUBTASK = {"id": "10003"}


@pytest.mark.parametrize(
    ("more", "field", "said"),
    [
        ({"customfield_99999": "x"}, "customfield_99999", "not on the appropriate screen, or unknown"),
        ({"summary": ""}, "summary", "You must specify a summary"),
        ({"summary": "x" * 256}, "summary", "can't exceed 255"),
        ({"summary": "two\nlines"}, "summary", "newline"),
        ({"labels": ["two words"]}, "labels", "contains spaces"),
        ({"labels": "one"}, "labels", "not an array"),
        ({"description": "plain text"}, "description", "must be an Atlassian Document"),
        ({"priority": {"id": "99"}}, "priority", "priority selected is invalid"),
        ({"assignee": {"id": "nobody"}}, "assignee", "Account id"),
        ({"components": [{"name": "x"}]}, "components", "Component"),
        ({"customfield_10016": "five"}, "customfield_10016", "number"),
        ({"customfield_10063": "a\nb"}, "customfield_10063", "one line"),
        ({"issuetype": {"id": "77"}}, "issuetype", "issue type selected is invalid"),
        ({"issuetype": {}}, "issuetype", "issue type is required"),
        ({"project": {"id": "1"}}, "project", "valid project is required"),
        ({"issuetype": SUBTASK}, "parent", "parent issue key or id not specified"),
        ({"issuetype": SUBTASK, "parent": {"key": "NOPE-1"}}, "parent", "Could not find issue"),
        ({"issuetype": SUBTASK, "parent": {"key": "MOBI-31"}}, "parent", "same project as the parent"),
        ({"issuetype": SUBTASK, "parent": {"key": "SHOP-143"}}, "parentId", "appropriate hierarchy"),
        ({"parent": {"key": "SHOP-142"}}, "parentId", "appropriate hierarchy"),
    ],
)
async def test_a_wrong_field_is_named(stage: Stage, more: dict[str, Any], field: str, said: str) -> None:
    before = len(stage.site.issues)
    answer = await stage.ask("POST", "/issue", fields(**more))
    assert answer.status_code == 400
    assert said in answer.json()["errors"][field]
    assert len(stage.site.issues) == before


async def test_several_wrong_fields_are_named_at_once(stage: Stage) -> None:
    answer = await stage.ask("POST", "/issue", fields(summary="", labels=["a b"]))
    assert set(answer.json()["errors"]) == {"summary", "labels"}
    assert len(stage.complaints()) == 1


async def test_a_bad_document_is_refused_without_a_position_and_told_with_one(stage: Stage) -> None:
    bad = doc({"type": "paragraph", "content": [{"type": "text", "text": ""}]})
    answer = await stage.ask("POST", "/issue", fields(description=bad))
    assert answer.json()["errorMessages"] == ["INVALID_INPUT"]
    assert stage.complaints() == ["description: doc/0:paragraph/0:text: empty text"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"body": "text"},
        {"body": doc()},
        {"body": doc(paragraph(""))},
        {"body": doc(paragraph("x")), "more": 1},
        {"body": doc(paragraph("x")), "properties": [{"key": "a"}]},
        {"body": doc(paragraph("x" * 33_000))},
    ],
)
async def test_a_wrong_comment_is_refused(stage: Stage, body: Any) -> None:
    before = len(stage.site.issue("SHOP-142").comments)  # type: ignore[union-attr]
    answer = await stage.ask("POST", "/issue/SHOP-142/comment", body)
    assert answer.status_code == 400
    assert len(stage.site.issue("SHOP-142").comments) == before  # type: ignore[union-attr]
    assert len(stage.complaints()) == 1


async def test_a_body_that_is_no_object_is_refused(stage: Stage) -> None:
    assert (await stage.ask("POST", "/permissions/check", ["x"])).status_code == 400
    assert (await stage.ask("POST", "/issue", "text")).status_code == 400


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/search/jql?jql=project%20%3D%20SHOP&nextPageToken=zzz", "next page token"),
        ("/mypermissions", "required"),
        ("/mypermissions?permissions=FLY", ""),
        ("/issue/SHOP-142/comment?orderBy=author", "orderBy"),
        ("/issue/createmeta/SHOP/issuetypes?maxResults=500", "maxResults"),
        ("/project/search?action=steal", "action"),
    ],
)
async def test_a_wrong_question_is_refused(stage: Stage, target: str, said: str) -> None:
    answer = await stage.ask("GET", target)
    assert answer.status_code == 400
    assert said in answer.text
    assert len(stage.complaints()) == 1


@pytest.mark.parametrize(
    ("jql", "said"), [("", "Unbounded"), ("order%20by%20key", "Unbounded"), ("colour%20%3D%20red", "does not exist")]
)
async def test_a_query_that_a_person_got_wrong_is_no_fault_of_the_add_on(stage: Stage, jql: str, said: str) -> None:
    answer = await stage.ask("GET", f"/search/jql?jql={jql}")
    assert answer.status_code == 400
    assert said in answer.text
    assert stage.complaints() == []


async def test_the_removed_search_is_gone(stage: Stage) -> None:
    answer = await stage.ask("GET", "/search?jql=project%20%3D%20SHOP")
    assert answer.status_code == 410
    assert "/rest/api/3/search/jql" in answer.text


async def test_an_edit_is_checked_like_a_create(stage: Stage) -> None:
    both = {"fields": {"labels": ["a"]}, "update": {"labels": [{"add": "b"}]}}
    assert (await stage.ask("PUT", "/issue/SHOP-142", both)).status_code == 400
    assert (await stage.ask("PUT", "/issue/SHOP-142", {"fields": {"project": {"id": "10022"}}})).status_code == 400
    assert (await stage.ask("PUT", "/issue/SHOP-142", {"update": {"colour": []}})).status_code == 400
    assert (await stage.ask("PUT", "/issue/SHOP-142", {"field": {}})).status_code == 400


async def test_an_empty_or_too_long_property_is_refused(stage: Stage) -> None:
    assert (await stage.ask("PUT", "/issue/SHOP-142/properties/a", "x" * 33_000)).status_code == 400
    assert (await stage.ask("PUT", f"/issue/SHOP-142/properties/{'k' * 256}", 1)).status_code == 400
