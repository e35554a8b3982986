"""Similar issues between a pretend Jira and the person who looks."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from addon.jira.client import Jira
from addon.jira.errors import JiraNotFound
from addon.jira.issue import Issue
from addon.similar.finding import KEPT_S, MOST, Match, Similar, question
from tests.unit.targets.fake_jira import SITE

TITLE = "Total is wrong after removing a voucher"


def issue(number: int, summary: str = TITLE, **fields: Any) -> dict[str, Any]:
    usual = {
        "summary": summary, "project": {"id": "10010", "key": "SHOP"}, "issuetype": {"id": "1", "name": "Bug"},
        "status": {"name": "To Do", "statusCategory": {"key": "new"}},
    }  # fmt: skip
    return {"id": str(number), "key": f"SHOP-{number}", "fields": {**usual, **fields}}


@dataclass
class Twin:
    """One issue, and what a search finds."""

    asked: dict[str, Any]
    found: list[dict[str, Any]] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)
    now: float = 0.0

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if request.method == "GET":
            return httpx2.Response(200, json=self.asked) if self.asked else httpx2.Response(404, json={})
        return httpx2.Response(200, json={"issues": self.found, "isLast": True})

    async def look(self, similar: Similar | None = None, account_id: str = "ann") -> tuple[Match, ...]:
        client = Jira(oauth_url="https://oauth.test", user_agent="tests", transport=httpx2.MockTransport(self.answer))
        try:
            similar = similar or Similar(clock=lambda: self.now)
            return await similar.find(client.as_app(SITE), "SHOP-1", tenant_id="t", account_id=account_id)
        finally:
            await client.close()


async def test_the_best_match_comes_first_with_two_calls_in_all() -> None:
    twin = Twin(issue(1), [issue(2, "Voucher total wrong"), issue(3), issue(4, "Read articles aloud")])
    found = await twin.look()
    assert [match.key for match in found] == ["SHOP-3", "SHOP-2"]
    assert (found[0].score, found[0].near_duplicate, found[0].status, found[0].category) == (100, True, "To Do", "new")
    assert found[0].reasons[0].code == "very_similar_title"
    assert len(twin.requests) == 2


async def test_neither_itself_nor_its_family_is_found() -> None:
    asked = issue(1, parent={"key": "SHOP-9"}, subtasks=[{"id": "8", "key": "SHOP-8"}])
    child = issue(7, parent={"key": "SHOP-1"})
    assert await Twin(asked, [issue(1), issue(8), issue(9), child]).look() == ()


async def test_a_long_list_is_cut() -> None:
    assert len(await Twin(issue(1), [issue(n) for n in range(2, 40)]).look()) == MOST


async def test_an_issue_without_telling_words_is_not_searched_for() -> None:
    twin = Twin(issue(1, "It is"))
    assert await twin.look() == ()
    assert len(twin.requests) == 1


async def test_an_issue_one_may_not_see_is_not_there() -> None:
    with pytest.raises(JiraNotFound):
        await Twin({}).look()


async def test_an_answer_is_kept_for_a_minute_and_for_one_person() -> None:
    twin = Twin(issue(1), [issue(2)])
    similar = Similar(clock=lambda: twin.now)
    first = await twin.look(similar)
    assert await twin.look(similar) == first
    assert len(twin.requests) == 2
    await twin.look(similar, account_id="bob")
    assert len(twin.requests) == 4
    twin.now = KEPT_S + 1
    await twin.look(similar)
    assert len(twin.requests) == 6


async def test_no_text_of_an_issue_becomes_query_syntax() -> None:
    hostile = 'Voucher") OR project = SECRET AND (text ~ "* refused\\" ORDER BY key'
    twin = Twin(issue(1, hostile))
    await twin.look()
    jql = json.loads(twin.requests[1].content)["jql"]
    assert jql.startswith("project = 10010 AND (summary ~ ")
    assert jql.endswith(" ORDER BY updated DESC")
    outside = "".join(jql.split('"')[::2])
    assert outside.replace("summary ~", "").replace("text ~", "").split() == [
        "project", "=", "10010", "AND", "(", *(["OR"] * (jql.count("~") - 1)), ")", "ORDER", "BY", "updated", "DESC",
    ]  # fmt: skip


def test_an_issue_of_no_project_is_not_searched_for() -> None:
    assert question(Issue.model_validate(issue(1, project=None))) is None
