"""The pretend tools refuse what the real ones refuse, and keep it as a complaint."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from sandbox.faults import order
from tests.unit.testmgmt.pretend import ROOT, Bench
from tests.unit.testmgmt.pretend import bench as opened

CREATE = "mutation($jira: JSON!, $steps: [CreateStepInput], $type: UpdateTestTypeInput, $g: String) {"
CREATE += " createTest(jira: $jira, steps: $steps, testType: $type, gherkin: $g) { test { issueId } warnings } }"
FIELDS = {"project": {"key": "SHOP"}, "summary": "Pay", "labels": ["a"]}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with opened() as made:
        yield made


class Hand:
    """Calls the tools as curl would."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.token = ""

    async def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> httpx2.Response:
        async with httpx2.AsyncClient(transport=self.bench.wire, base_url=ROOT) as client:
            headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
            return await client.request(method, path, json=body, headers=headers)

    async def xray(self, query: str, **variables: Any) -> Any:
        site = self.bench.site
        keys = {"client_id": site.xray_client_id, "client_secret": site.xray_secret}
        self.token = (await self.ask("POST", "/xray/api/v2/authenticate", keys)).json()
        return await self.ask("POST", "/xray/api/v2/graphql", {"query": query, "variables": variables})

    async def zephyr(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        return await self.ask(method, f"/zephyr/v2{path}", body, self.bench.site.zephyr_token)


@pytest.fixture
def hand(bench: Bench) -> Hand:
    return Hand(bench)


async def test_strangers_are_refused(hand: Hand) -> None:
    assert (
        await hand.ask("POST", "/xray/api/v2/authenticate", {"client_id": "x", "client_secret": "y"})
    ).status_code == 401
    assert (await hand.ask("POST", "/xray/api/v2/authenticate", {"x": 1})).status_code == 400
    assert (await hand.ask("POST", "/xray/api/v2/graphql", {"query": "{ a }"}, "no")).status_code == 401
    assert (await hand.ask("GET", "/zephyr/v2/priorities", None, "no")).json()["errorCode"] == 401
    assert (await hand.ask("GET", "/xray/api/v2/nothing")).status_code == 404
    assert (await hand.zephyr("GET", "/nothing")).status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"jira": {"fields": {**FIELDS, "labels": ["two words"]}}}, "spaces"),
        ({"jira": {"fields": {**FIELDS, "description": {"type": "doc"}}}}, "must be a string"),
        ({"jira": {"fields": {**FIELDS, "summary": "a\nb"}}}, "summary"),
        ({"jira": {"fields": {**FIELDS, "project": {"key": "NOPE"}}}}, "valid project"),
        ({"jira": {"fields": {**FIELDS, "customfield_1": 1}}}, "cannot be set"),
        ({"jira": {}}, "fields are missing"),
        ({"type": {"name": "Odd"}}, "not found"),
        ({"type": {"name": "Manual"}, "g": "Given"}, "Gherkin type only"),
        ({"type": {"name": "Cucumber"}, "steps": [{"action": "x"}]}, "Steps type only"),
        ({"steps": [{"data": "x"}]}, "mandatory"),
        ({"steps": [{"action": "x", "expected": "y"}]}, "not defined"),
    ],
)
async def test_xray_says_what_is_wrong_with_a_test_with_status_200(hand: Hand, change: Any, words: str) -> None:
    answer = await hand.xray(CREATE, **{"jira": {"fields": FIELDS}, "steps": None, "type": None, "g": None, **change})
    assert answer.status_code == 200
    assert words in answer.json()["errors"][0]["message"]
    assert hand.bench.wrong


async def test_a_query_that_does_not_fit_is_status_400(hand: Hand) -> None:
    assert (await hand.xray("{ getTests(limit: 1) { odd } }")).status_code == 400
    assert "between 1 and 100" in (await hand.xray("{ getTests(limit: 101) { total } }")).text
    assert "one label" in (await hand.xray('{ getTests(limit: 1, jql: "x") { total } }')).text
    assert "not found" in (await hand.xray('mutation { deleteTest(issueId: "1") }')).text
    assert (await hand.xray('{ getTests(limit: 1, jql: "labels = \\"x\\"") { total } }')).json() == {
        "data": {"getTests": {"total": 0}}
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/testcases", {"name": "x"}, 400),
        ("POST", "/testcases", {"projectKey": "SHOP", "name": " "}, 400),
        ("POST", "/testcases", {"projectKey": "NOSUB", "name": "x"}, 404),
        ("POST", "/testcases", {"projectKey": "SHOP", "name": "x", "odd": 1}, 400),
        ("POST", "/testcases", {"projectKey": "SHOP", "name": "x", "labels": ["two words"]}, 400),
        ("POST", "/testcases", None, 400),
        ("GET", "/testcases/SHOP-T9", None, 404),
        ("PUT", "/testcases/SHOP-T1", {"name": "x"}, 400),
        ("POST", "/testcases/SHOP-T1/teststeps", {"mode": "ADD", "items": []}, 400),
        ("POST", "/testcases/SHOP-T1/teststeps", {"mode": "APPEND", "items": [{}] * 101}, 400),
        ("POST", "/testcases/SHOP-T1/teststeps", {"mode": "APPEND", "items": [{"inline": {"action": "x"}}]}, 400),
        ("POST", "/testcases/SHOP-T1/teststeps", {"mode": "APPEND", "items": [{"inline": {"testData": 1}}]}, 400),
        ("POST", "/testcases/SHOP-T1/testscript", {"type": "odd", "text": "x"}, 400),
        ("POST", "/testcases/SHOP-T1/links/issues", {"issueId": "SHOP-1"}, 400),
        ("GET", "/testcases/nextgen?limit=0", None, 400),
        ("GET", "/priorities?startAt=x", None, 400),
    ],
)
async def test_zephyr_refuses_what_its_description_does_not_hold(
    hand: Hand, method: str, path: str, body: Any, status: int
) -> None:
    await hand.zephyr("POST", "/testcases", {"projectKey": "SHOP", "name": "First"})
    answer = await hand.zephyr(method, path, body)
    assert (answer.status_code, answer.json()["errorCode"]) == (status, status)


async def test_trouble_on_order_strikes_the_tools_as_well(hand: Hand) -> None:
    order(hand.bench.site, {"operation": "zephyr.priority.list", "status": 429, "headers": {"Retry-After": "3"}})
    answer = await hand.zephyr("GET", "/priorities")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert (await hand.zephyr("GET", "/priorities")).status_code == 200
    assert [entry["operation"] for entry in hand.bench.site.requests] == ["zephyr.priority.list"] * 2
