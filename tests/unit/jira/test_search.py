"""Searches walked page by page, and JQL as text."""

import json
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.jira import jql, projects, search
from addon.jira.client import Jira
from addon.jira.errors import JiraDown, JiraRefused
from addon.jira.search import JqlRefused
from tests.pretend import site


def issue(number: int) -> dict[str, Any]:
    return {"id": str(number), "key": f"ABC-{number}", "fields": {"summary": f"Title {number}"}}


class Wire:
    """Answers with the given pages in turn; the last one again and again."""

    def __init__(self, *answers: Any, status: int = 200) -> None:
        self.answers = list(answers)
        self.status = status
        self.requests: list[httpx2.Request] = []

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests if request.content]

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return httpx2.Response(self.status, json=answer)

    def session(self) -> Any:
        transport = httpx2.MockTransport(self.answer)
        return Jira(oauth_url="https://oauth.test", user_agent="tests", transport=transport).as_app(site())


async def walked(wire: Wire, limit: int = 100, size: int = 100) -> list[str]:
    pages = search.walk(wire.session(), "project = ABC", fields=["summary"], limit=limit, size=size)
    return [found.key async for page in pages for found in page]


async def test_pages_are_walked_by_token_to_the_last_one() -> None:
    wire = Wire(
        {"issues": [issue(1), issue(2)], "nextPageToken": "a", "isLast": False},
        {"issues": [issue(3)], "nextPageToken": "b"},
        {"issues": [issue(4)], "isLast": True, "nextPageToken": "left over"},
    )
    assert await walked(wire, size=2) == ["ABC-1", "ABC-2", "ABC-3", "ABC-4"]
    assert [body.get("nextPageToken") for body in wire.bodies] == [None, "a", "b"]
    assert {body["maxResults"] for body in wire.bodies} == {2}, "a token continues the very question it came from"
    assert wire.bodies[0] == {"jql": "project = ABC", "fields": ["summary"], "maxResults": 2}


async def test_no_more_is_read_than_wanted() -> None:
    wire = Wire({"issues": [issue(n) for n in range(5)], "nextPageToken": "a"})
    assert len(await walked(wire, limit=3)) == 3
    assert len(wire.requests) == 1


async def test_an_issue_that_slips_to_the_next_page_counts_once() -> None:
    wire = Wire({"issues": [issue(1), issue(2)], "nextPageToken": "a"}, {"issues": [issue(2), issue(3)]})
    assert await walked(wire) == ["ABC-1", "ABC-2", "ABC-3"]


async def test_a_token_that_comes_back_ends_the_walk() -> None:
    wire = Wire(
        {"issues": [issue(1)], "nextPageToken": "a"}, {"issues": [issue(2)], "nextPageToken": "b"},
        {"issues": [issue(3)], "nextPageToken": "a"}, {"issues": [issue(4)], "nextPageToken": "c"},
    )  # fmt: skip
    assert await walked(wire) == ["ABC-1", "ABC-2", "ABC-3"]


async def test_empty_pages_that_promise_more_are_not_followed_for_ever() -> None:
    class Endless(Wire):
        def answer(self, request: httpx2.Request) -> httpx2.Response:
            self.answers = [{"issues": [], "nextPageToken": f"t{len(self.requests)}"}]
            return super().answer(request)

    wire = Endless({})
    assert await walked(wire) == []
    assert len(wire.requests) == search.MOST_EMPTY


async def test_a_page_that_is_empty_by_chance_does_not_hide_the_next() -> None:
    wire = Wire({"issues": [], "nextPageToken": "a"}, {"issues": [issue(1)]})
    assert await walked(wire) == ["ABC-1"]


async def test_a_refused_query_is_told_in_jiras_words() -> None:
    wire = Wire({"errorMessages": ["Field 'colour' does not exist."], "errors": {}}, status=400)
    with pytest.raises(JqlRefused) as caught:
        await walked(wire)
    assert (caught.value.status, caught.value.code) == (422, "jql_refused")
    assert caught.value.detail == "Field 'colour' does not exist."
    with pytest.raises(JqlRefused):
        await search.approximate_count(wire.session(), "colour = red")


@pytest.mark.parametrize(("status", "body"), [(410, {"errorMessages": ["removed"]}), (400, {}), (302, {})])
async def test_what_is_no_fault_of_the_query_stays_an_error_of_jira(status: int, body: Any) -> None:
    with pytest.raises(JiraRefused):
        await walked(Wire(body, status=status))


async def test_the_count_is_jiras_estimate_and_never_negative() -> None:
    assert await search.approximate_count(Wire({"count": 153}).session(), "project = ABC") == 153
    assert await search.approximate_count(Wire({"count": -1}).session(), "project = ABC") == 0
    assert await search.approximate_count(Wire({}).session(), "project = ABC") == 0
    with pytest.raises(JiraDown):
        await search.approximate_count(Wire(["?"]).session(), "project = ABC")


async def test_a_query_is_parsed_strictly() -> None:
    wire = Wire({"queries": [{"query": "a = 1", "structure": {"where": {"field": {"name": "a"}}}, "warnings": ["w"]}]})
    found = await jql.parse(wire.session(), "a = 1")
    assert (found.valid, found.warnings) == (True, ("w",))
    assert str(wire.requests[0].url).endswith("/jql/parse?validation=strict")
    wrong = await jql.parse(Wire({"queries": [{"query": "a", "errors": ["no"]}]}).session(), "a")
    assert (wrong.valid, wrong.errors) == (False, ("no",))
    assert not (await jql.parse(Wire({}).session(), "a")).valid


async def test_names_and_projects_are_read_leniently() -> None:
    answer = {"visibleFieldNames": [{"value": "summary", "displayName": "Summary"}, {"odd": 1}], "more": 1}
    found = await jql.names(Wire(answer).session())
    assert [(name.value, name.display) for name in found.fields] == [("summary", "Summary")]
    assert found.functions == ()
    assert (await jql.names(Wire([]).session())).fields == ()
    places = await projects.visible(Wire({"values": [{"id": "1", "key": "ABC", "name": "Alpha"}]}).session())
    assert [place.key for place in places] == ["ABC"]


def test_clauses_are_found_however_deep() -> None:
    tree = {"where": {"operator": "and", "clauses": [{"field": 1}, {"clauses": [{"field": 2}, "odd"]}]}}
    assert [clause["field"] for clause in jql.clauses(tree)] == [1, 2]
    assert list(jql.clauses(None)) == []


@given(st.text())
def test_nothing_in_a_text_ends_its_string(text: str) -> None:
    found = jql.quoted(text)
    assert found[0] == found[-1] == '"'
    inner = found[1:-1].replace("\\\\", "").replace('\\"', "")
    assert '"' not in inner
    assert "\\" not in inner
    assert "\n" not in inner


@given(st.text())
def test_no_search_syntax_is_left_in_words_to_search_for(text: str) -> None:
    assert not set(jql.searched(text)[1:-1]) & set('+-&|!(){}[]^~*?\\/:"')


def test_words_keep_their_letters() -> None:
    assert jql.searched('Page "slow"; DROP* été-là_x') == '"page slow drop été là x"'
