"""The short way answers what the framework's own way answers, and says the same of it."""

import time
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Header
from fastapi.routing import APIRoute

from addon.observe import metrics
from addon.web.app import Application
from addon.web.errors import Errors
from addon.web.express import ways
from addon.web.security import HookCaller, declared
from tests import tokens
from tests.captured_logs import captured_logs
from tests.unit.web.door import HOST, ISSUE, PROJECT, Door, new_issue

PANEL = f"/addon/ui/issue-panel?issueId={ISSUE}&projectId={PROJECT}"
HOOK = "/addon/webhooks/issue-created"
ID = {"X-Request-Id": "one-and-the-same"}


def page(target: str, **claims: Any) -> httpx2.Request:
    token = claims.pop("token", None) or tokens.for_request("GET", target, **{"sub": "ann", **claims})
    return httpx2.Request("GET", f"{HOST}{target}{'&' if '?' in target else '?'}jwt={token}", headers=ID)


def hook(body: Any, method: str = "POST", **headers: str) -> httpx2.Request:
    token = f"JWT {tokens.for_request('POST', HOOK, sub=None)}"
    sent = {**ID, "Authorization": token, **headers}
    return httpx2.Request(method, HOST + HOOK, json=body, headers=sent)


REQUESTS = {
    "page": lambda: page(PANEL),
    "page in another order": lambda: page(f"/addon/ui/issue-panel?x=a%20b&projectId={PROJECT}&issueId={ISSUE}"),
    "page of a project": lambda: page(f"/addon/ui/project-page?projectId={PROJECT}"),
    "page of the site": lambda: page("/addon/ui/site-admin", sub="boss"),
    "page for which a right lacks": lambda: page("/addon/ui/site-admin"),
    "page of an issue nobody knows": lambda: page("/addon/ui/issue-panel?issueId=999"),
    "page without its parameter": lambda: page("/addon/ui/issue-panel"),
    "page with it twice": lambda: page(f"/addon/ui/issue-panel?issueId=1&issueId={ISSUE}"),
    "page with it encoded": lambda: page(f"/addon/ui/issue-panel?issue%49d={ISSUE}"),
    "page with another name for it": lambda: page(f"/addon/ui/issue-panel?issueId={ISSUE}&issue%49d=1"),
    "page with words for a number": lambda: page("/addon/ui/issue-panel?issueId=ABC-1"),
    "page with a strange number": lambda: page("/addon/ui/issue-panel?issueId=%D9%A1"),
    "page with a strange number and no token": lambda: page("/addon/ui/issue-panel?issueId=x", token="x"),
    "page with a token of another": lambda: page(PANEL, token=tokens.for_request("GET", "/addon/ui/other")),
    "page with a context token": lambda: page(PANEL, token=tokens.for_api()),
    "page of nobody": lambda: page(PANEL, sub=None),
    "page that has expired": lambda: page(PANEL, exp=int(time.time()) - 100, iat=int(time.time()) - 900),
    "page by another method": lambda: httpx2.Request("POST", HOST + PANEL, headers=ID),
    "page to see its head": lambda: httpx2.Request("HEAD", HOST + PANEL, headers=ID),
    "delivery": lambda: hook(new_issue("77", "ABC-77")),
    "delivery that is none": lambda: hook({"webhookEvent": "jira:issue_deleted"}),
    "delivery with a length that is none": lambda: hook({}, **{"Content-Length": "26000001"}),
    "delivery without a token": lambda: hook(new_issue(), Authorization=""),
    "delivery with two tokens": lambda: hook(new_issue(), Authorization=f"JWT {tokens.for_api()}, JWT x"),
    "delivery by another method": lambda: hook(new_issue(), "PUT"),
}  # fmt: skip


@pytest.fixture
async def app(door: Door) -> Application:
    assert isinstance(door.app, Application)
    return door.app


async def answered(app: Application, name: str) -> tuple[Any, ...]:
    """Status, headers, body; what was counted and what was logged."""
    before = metrics.exposition()
    with captured_logs() as lines:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as http:
            answer = await http.send(REQUESTS[name]())
    counted = set(metrics.exposition().splitlines()) - set(before.splitlines())
    labels = {line.rpartition(b" ")[0] for line in counted if line.startswith(b"http_requests_total")}
    said = [{k: v for k, v in line.items() if k not in ("ts", "ms")} for line in lines.all]
    return answer.status_code, sorted(answer.headers.multi_items()), answer.content, labels, said


@pytest.mark.parametrize("name", REQUESTS)
async def test_both_ways_give_the_same_answer(app: Application, name: str) -> None:
    short, app.ways = app.ways, {}
    long_way = await answered(app, name)
    app.ways = short
    if name == "delivery":
        # The second one is a repetition, whichever way it takes.
        long_way = await answered(app, name)
    assert await answered(app, name) == long_way


def test_every_page_and_webhook_has_a_short_way_and_is_declared_as_well(app: Application) -> None:
    classes = declared(app.routes)
    wanted = {address for address, found in classes.items() if found & {"page", "hook"}}
    assert {f"{method} {path}" for method, path in app.ways} == wanted
    assert len(wanted) == 6


async def test_a_short_way_is_really_taken(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        raise AssertionError("the long way")

    monkeypatch.setattr(APIRoute, "handle", never)
    assert (await answered(app, "page"))[0] == 200


def test_a_route_that_needs_more_has_no_short_way() -> None:
    router = APIRouter()

    @router.post("/x")
    async def more(caller: HookCaller, more: str = Header()) -> None: ...

    with pytest.raises(ValueError, match="nothing else"):
        ways([router], base="", errors=Errors(None, pages_below="/ui", debug=False))  # type: ignore[arg-type]
