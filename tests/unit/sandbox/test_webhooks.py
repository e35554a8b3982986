"""Events told the way Jira tells them: signed, repeated after trouble, lost after a refusal."""

import json

import httpx2
import jwt
import pytest

from addon.connect.qsh import of_target
from tests.unit.sandbox.stage import ADDON, Stage, fields


async def create(stage: Stage, **more: object) -> str:
    made = await stage.control("POST", "/issues", {"summary": "New", "description": "One\n\n- two", **more})
    await stage.settled()
    return str(made["key"])


async def test_a_created_issue_is_told_in_the_shape_of_v2(stage: Stage) -> None:
    key = await create(stage)
    (hook,) = stage.addon.hooks("issue-created")
    body = json.loads(hook.content)
    assert (body["webhookEvent"], body["issue_event_type_name"]) == ("jira:issue_created", "issue_created")
    assert body["issue"]["key"] == key
    assert body["issue"]["fields"]["description"] == "One\n* two"
    assert "comment" not in body["issue"]["fields"]
    assert body["user"]["displayName"] == "Tess Marlow"
    assert hook.headers["x-atlassian-webhook-flow"] == "Primary"
    assert "x-atlassian-webhook-retry" not in hook.headers


async def test_it_is_signed_for_its_own_address(stage: Stage) -> None:
    await create(stage)
    (hook,) = stage.addon.hooks("issue-created")
    token = hook.headers["authorization"].removeprefix("JWT ")
    claims = jwt.decode(token, stage.site.installed.shared_secret, algorithms=["HS256"])
    assert claims["qsh"] == of_target("POST", "/webhooks/issue-created")
    assert claims["iss"] == stage.site.client_key
    assert str(hook.url) == f"{ADDON}/app/webhooks/issue-created"


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
async def test_trouble_is_repeated_under_the_same_identifier(stage: Stage, status: int) -> None:
    stage.addon.statuses = [status, status]
    key = await create(stage)
    hooks = stage.addon.hooks("issue-created")
    assert len({hook.headers["x-atlassian-webhook-identifier"] for hook in hooks}) == 1
    assert [hook.headers.get("x-atlassian-webhook-retry") for hook in hooks] == [None, "1", "2"]
    (delivery,) = (await stage.control("GET", f"/deliveries?issue={key}"))["deliveries"]
    assert delivery["state"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [status, status, 204]
    assert all(attempt["ms"] >= 0 for attempt in delivery["attempts"])


@pytest.mark.parametrize("status", [302, 400, 401, 404, 413])
async def test_a_refusal_loses_the_event_for_good(stage: Stage, status: int) -> None:
    stage.addon.statuses = [status]
    await create(stage)
    assert len(stage.addon.hooks("issue-created")) == 1
    assert stage.site.deliveries[0].state == "lost"
    assert f"was answered {status}" in stage.complaints()[0]


async def test_it_is_given_up_after_five_repetitions(stage: Stage) -> None:
    stage.addon.statuses = [503] * 10
    await create(stage)
    assert len(stage.addon.hooks("issue-created")) == 6
    assert stage.site.deliveries[0].state == "given up"


async def test_a_refused_connection_is_repeated(stage: Stage) -> None:
    answered = stage.addon.answer
    broken = iter([True])

    def answer(request: httpx2.Request) -> httpx2.Response:
        if next(broken, False):
            raise httpx2.ConnectError("refused")
        return answered(request)

    stage.place.webhooks.client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    await create(stage)
    assert [a.get("error", a.get("status")) for a in stage.site.deliveries[0].attempts] == ["ConnectError", 204]


async def test_the_trace_of_the_causing_request_comes_back(stage: Stage) -> None:
    await stage.ask("POST", "/issue", fields(), **{"X-Atlassian-Webhook-Trace": "com.jiravision.addon/run-1"})
    await stage.settled()
    (hook,) = stage.addon.hooks("issue-created")
    assert hook.headers["x-atlassian-webhook-trace"] == "com.jiravision.addon/run-1"
    assert json.loads(hook.content)["user"]["accountType"] == "app"


async def test_nothing_is_told_while_disabled_or_when_asked_to_be_quiet(stage: Stage) -> None:
    await create(stage, webhook=False)
    await stage.control("POST", "/disable")
    await create(stage)
    assert stage.addon.hooks("issue-created") == []


async def test_events_nobody_asked_for_are_not_told(stage: Stage) -> None:
    await stage.control("POST", "/issues/SHOP-142/comments", {"text": "Nobody listens"})
    await stage.settled()
    assert stage.site.deliveries == []


async def test_comment_events_carry_a_reduced_issue(stage: Stage) -> None:
    hooks = stage.site.installed.descriptor["modules"]["webhooks"]
    hooks.append({"event": "comment_created", "url": "/webhooks/comment-created"})
    await stage.control("POST", "/issues/SHOP-142/comments", {"text": "Hello **you**"})
    await stage.settled()
    body = json.loads(stage.addon.hooks("comment-created")[0].content)
    assert body["comment"]["body"] == "Hello you"
    assert "user" not in body
    assert set(body["issue"]["fields"]) == {"summary", "status", "priority", "issuetype"}


async def test_a_repeated_delivery_keeps_identifier_and_payload(stage: Stage) -> None:
    await create(stage)
    await stage.control("POST", "/deliveries/0/repeat")
    await stage.settled()
    first, second = stage.addon.hooks("issue-created")
    assert first.content == second.content
    assert first.headers["x-atlassian-webhook-identifier"] == second.headers["x-atlassian-webhook-identifier"]


async def test_a_hand_made_payload_is_properly_signed(stage: Stage) -> None:
    wanted = {"payload": "not json at all", "identifier": "same-again", "trace": "t"}
    await stage.control("POST", "/webhooks/raw", wanted)
    await stage.settled()
    (hook,) = stage.addon.hooks("issue-created")
    assert hook.content == b"not json at all"
    assert hook.headers["x-atlassian-webhook-identifier"] == "same-again"
    token = hook.headers["authorization"].removeprefix("JWT ")
    assert jwt.decode(token, stage.site.installed.shared_secret, algorithms=["HS256"])["iss"] == stage.site.client_key
