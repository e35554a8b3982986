"""Asking for summaries and reading Jira with the caller's own eyes, at the door."""

import time
from typing import Any

import pytest

from addon.policy.lifecycle import Installation
from tests import tokens
from tests.unit.web.door import ISSUE, KEY, PROJECT, Door

WISH = {"project": "ABC", "jql": "project = ABC"}


@pytest.fixture(autouse=True)
async def known(door: Door) -> None:
    """A project, an issue a search finds, and a site that lets the add-on act as its people."""
    document = {"id": PROJECT, "key": "ABC", "name": "Alpha"}
    door.jira.projects = {PROJECT: document, "ABC": document}
    door.jira.found = [door.jira.issues[ISSUE]]
    await install(door, oauth="oauth-1")


async def install(door: Door, oauth: str | None) -> None:
    site = "https://acme.atlassian.net"
    came = Installation(
        client_key=tokens.CLIENT_KEY, base_url=site, display_url=site, shared_secret=tokens.SECRET,
        oauth_client_id=oauth, token_id=f"again:{oauth}",
    )  # fmt: skip
    await door.house.lifecycle.installed(came, time.time())


async def ended(door: Door, wish: dict[str, Any]) -> Any:
    answer = await door.api("POST", "/ai/summarize-jql", json=wish)
    assert answer.status_code == 202, answer.text
    run = answer.json()["run"]
    async for _ in door.house.events.follow(run["id"], (await tenant(door)).id):
        pass
    return (await door.api("GET", f"/runs/{run['id']}")).json()


async def tenant(door: Door) -> Any:
    return await door.house.tenants.by_client_key(tokens.CLIENT_KEY)


async def test_a_summary_is_made_listed_and_exported_for_its_asker(door: Door) -> None:
    run = await ended(door, {**WISH, "question": "What is late?", "max_issues": 7})
    assert (run["status"], run["kind"], run["issue_id"], run["project_id"]) == ("succeeded", "summary", None, PROJECT)
    assert [issue["key"] for issue in run["result"]["issues"]] == [KEY]
    (listed,) = (await door.api("GET", "/projects/ABC/summaries")).json()["runs"]
    assert listed["params"] == {"jql": "project = ABC", "question": "What is late?", "max_issues": 7}
    assert "result" not in listed
    file = await door.api("GET", f"/runs/{run['id']}/markdown")
    assert file.headers["content-type"] == "text/markdown; charset=utf-8"
    assert f"https://acme.atlassian.net/browse/{KEY}" in file.text
    door.jira.grant("bob", "project", PROJECT, "BROWSE_PROJECTS")
    assert (await door.api("GET", f"/runs/{run['id']}/markdown", who="bob")).status_code == 404
    assert (await door.api("GET", "/projects/ABC/summaries", who="bob")).json() == {"runs": []}


@pytest.mark.parametrize(
    "change",
    [
        {"jql": ""}, {"jql": "  "}, {"jql": "x" * 4001}, {"jql": 3}, {"question": "x" * 1001}, {"max_issues": 0},
        {"max_issues": 501}, {"max_issues": "5"}, {"project": "a b"}, {"more": 1},
    ],
)  # fmt: skip
async def test_a_wish_that_does_not_hold_together_is_refused(door: Door, change: dict[str, Any]) -> None:
    answer = await door.api("POST", "/ai/summarize-jql", json={**WISH, **change})
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")


async def test_without_a_project_the_one_the_page_stands_in_is_meant(door: Door) -> None:
    wish = {"jql": "project = ABC"}
    assert (await door.api("POST", "/ai/summarize-jql", json=wish)).status_code == 422
    token = tokens.for_api(sub="ann", context={"jira": {"project": {"id": PROJECT}}})
    answer = await door.api("POST", "/ai/summarize-jql", json=wish, token=token)
    assert answer.json()["run"]["project_id"] == PROJECT


async def test_a_query_jira_does_not_take_starts_nothing(door: Door) -> None:
    answer = await door.api("POST", "/ai/summarize-jql", json={**WISH, "jql": "colour = red"})
    assert (answer.status_code, answer.json()["error"]) == (422, "jql_refused")
    assert answer.json()["detail"] == "Field 'colour' does not exist."
    assert (await door.api("GET", "/projects/ABC/summaries")).json() == {"runs": []}


async def test_a_stranger_to_the_project_learns_nothing(door: Door) -> None:
    assert (await door.api("POST", "/ai/summarize-jql", json=WISH, who="eve")).status_code == 404
    assert (await door.api("GET", "/projects/ABC/summaries", who="eve")).status_code == 404
    assert door.jira.calls("/jql/") == door.jira.calls("/search/") == 0


async def test_a_site_that_lets_nobody_be_acted_for_is_told_so(door: Door) -> None:
    await install(door, oauth=None)
    door.house.tenants.forget(tokens.CLIENT_KEY)
    answer = await door.api("POST", "/ai/summarize-jql", json=WISH)
    assert (answer.status_code, answer.json()["error"]) == (403, "jira_forbidden")


async def test_only_summaries_have_a_file(door: Door) -> None:
    run = (await door.api("POST", "/ai/analyze-issue", json={"issue": KEY})).json()["run"]
    assert (await door.api("GET", f"/runs/{run['id']}/markdown")).status_code == 404


async def test_a_search_shows_what_is_found_and_whether_there_is_more(door: Door) -> None:
    found = (await door.api("GET", "/jira/search?jql=project%20%3D%20ABC&limit=1")).json()
    assert [issue["key"] for issue in found["issues"]] == [KEY]
    assert (found["more"], found["approximate_total"]) == (False, 1)
    door.jira.add_issue("10024", "ABC-8", PROJECT)
    door.jira.found = [door.jira.issues[ISSUE], door.jira.issues["10024"]]
    more = (await door.api("GET", "/jira/search?jql=project%20%3D%20ABC&limit=1")).json()
    assert (len(more["issues"]), more["more"], more["approximate_total"]) == (1, True, 2)
    assert (await door.api("GET", "/jira/search?limit=1")).status_code == 422
    assert (await door.api("GET", "/jira/search?jql=a&limit=1000")).status_code == 422


async def test_a_story_is_shown_as_the_add_on_reads_it(door: Door) -> None:
    story = (await door.api("GET", f"/jira/story/{KEY}")).json()
    assert (story["issue_key"], story["url"]) == (KEY, f"https://acme.atlassian.net/browse/{KEY}")
    assert story["sections"][0]["text"] == "As a buyer I want to pay by card"
    assert (await door.api("GET", f"/jira/story/{KEY}", who="eve")).status_code == 404


async def test_similar_issues_are_found_as_the_caller(door: Door) -> None:
    door.jira.add_issue("10024", "ABC-8", PROJECT)
    door.jira.found = [door.jira.issues["10024"]]
    (match,) = (await door.api("GET", f"/issues/{KEY}/similar")).json()["similar"]
    assert (match["key"], match["score"], match["near_duplicate"]) == ("ABC-8", 100, True)
    assert match["reasons"][0] == {"code": "very_similar_title", "words": []}
    (search,) = [request for request in door.jira.requests if request.url.path.endswith("/search/jql")]
    assert search.headers["authorization"] == "Bearer of-a-person"
    assert (await door.api("GET", f"/issues/{KEY}/similar", who="eve")).status_code == 404


async def test_words_become_a_query_only_with_a_model(door: Door) -> None:
    answer = await door.api("POST", "/jira/jql", json={"words": "open bugs", "project": "ABC"})
    assert (answer.status_code, answer.json()["error"]) == (409, "model_needed")
    assert (await door.api("POST", "/jira/jql", json={"words": ""})).status_code == 422
    assert (await door.api("POST", "/jira/jql", json={"words": "x" * 1001})).status_code == 422
