"""Who must not write any more is kept back up to the last moment: nothing in Zephyr can be deleted again."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from addon.errors import AddonError
from addon.testmgmt.case import Case, Step
from addon.testmgmt.tools import Tools
from addon.testmgmt.wire import Call, Wire
from addon.testmgmt.xray import XrayAccess
from addon.testmgmt.zephyr import ZephyrAccess, ZephyrCase
from tests.listener import Allowed, Listener, Refused, listener
from tests.unit.testmgmt.pretend import Bench

pytestmark = pytest.mark.faults

CASE = Case(project_key="SHOP", title="Pay", labels=("l-1",), gherkin="Given a basket")
KNOWN = ZephyrCase("SHOP-T1", "Pay", "", "", (), {})
TOKEN = (200, json.dumps("a token"))
STEPS = (Step("Pay"),)
WRITES: dict[str, tuple[str, Callable[[Any], Awaitable[Any]]]] = {
    "xray creates": ("xray", lambda client: client.create(CASE, type_name="Cucumber")),
    "xray adds a step": ("xray", lambda client: client.add_step("1", STEPS[0])),
    "xray replaces steps": ("xray", lambda client: client.replace_steps("1", STEPS)),
    "xray sets gherkin": ("xray", lambda client: client.set_gherkin("1", "Given")),
    "xray deletes": ("xray", lambda client: client.delete("1")),
    "zephyr creates": ("zephyr", lambda client: client.create(CASE, priority=None)),
    "zephyr renames": ("zephyr", lambda client: client.rename(KNOWN, CASE)),
    "zephyr puts steps": ("zephyr", lambda client: client.put_steps("SHOP-T1", STEPS)),
    "zephyr puts a script": ("zephyr", lambda client: client.put_script("SHOP-T1", "Given")),
    "zephyr links": ("zephyr", lambda client: client.link("SHOP-T1", 7)),
}


@pytest.fixture
async def server() -> AsyncIterator[Listener]:
    async with listener() as opened:
        yield opened


@pytest.fixture
async def clients(server: Listener) -> AsyncIterator[dict[str, Any]]:
    tools = Tools("tests")
    yield {
        "xray": tools.xray(XrayAccess(server.base_url, "id", "secret")),
        "zephyr": tools.zephyr(ZephyrAccess(server.base_url, "token")),
    }
    await tools.close()


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("allowed", [0, 1])
async def test_no_write_leaves_before_there_is_a_connection_or_when_there_is_one(
    server: Listener, clients: dict[str, Any], write: str, allowed: int
) -> None:
    tool, send = WRITES[write]
    server.answers = [TOKEN] if tool == "xray" else []
    with pytest.raises(Refused):
        await send(clients[tool].checked(Allowed(allowed)))
    # A token changes nothing, and is got by whoever needs one.
    assert [request for request in server.requests if "authenticate" not in request] == []


@pytest.mark.parametrize("write", WRITES)
async def test_each_request_of_a_write_that_may_go_is_asked_about_twice(
    server: Listener, clients: dict[str, Any], write: str
) -> None:
    tool, send = WRITES[write]
    made = '{"key":"SHOP-T1"}' if tool == "zephyr" else '{"data":{"createTest":{"test":{"issueId":"1"}}}}'
    server.answers = [*([TOKEN] if tool == "xray" else []), (200, made), (200, made)]
    check = Allowed(10)
    await send(clients[tool].checked(check))
    sent = [request for request in server.requests if "authenticate" not in request]
    assert check.asked == 2 * len(sent) > 0


async def test_it_is_not_sent_again_with_a_fresh_token_by_who_must_not_write_any_more(
    server: Listener, clients: dict[str, Any]
) -> None:
    server.answers = [TOKEN, (401, "{}"), TOKEN]
    with pytest.raises(Refused):
        await clients["xray"].checked(Allowed(2)).create(CASE, type_name="Cucumber")
    assert server.requests == ["POST /api/v2/authenticate", "POST /api/v2/graphql", "POST /api/v2/authenticate"]


@pytest.mark.parametrize("read", ["labelled", "steps", "script", "linked"])
async def test_reading_needs_no_permission(bench: Bench, read: str) -> None:
    client, _ = await bench.zephyr()
    arguments = ("SHOP", "l") if read == "labelled" else ("SHOP-T1",)
    check = Allowed(0)
    try:
        await getattr(client.checked(check), read)(*arguments)
    except AddonError:
        # There is no such case; the question was asked.
        assert bench.wire.said
    tests, _ = await bench.xray()
    await tests.checked(check).labelled("l")
    await tests.checked(check).get("1")
    assert check.asked == 0


async def test_what_was_kept_back_takes_no_connection_with_it(server: Listener) -> None:
    wire = Wire("tests")
    call = Call("zephyr", "case.create", "POST", f"{server.base_url}/testcases", "o", body={})
    for number in range(60):
        with pytest.raises(Refused):
            # Owners of their own, so that none waits for its turn.
            await wire.send(replace(call, owner=str(number), before_sending=Allowed(1)))
    await wire.send(call)
    await wire.close()
    assert server.requests == ["POST /testcases"]
