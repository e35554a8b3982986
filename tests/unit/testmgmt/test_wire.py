"""What the wire does about trouble, whichever tool it is."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from addon.observe.metrics import REGISTRY
from addon.testmgmt.errors import ToolBusy, ToolDown, ToolError, ToolForbidden, ToolNotFound, ToolRefused, words_of
from addon.testmgmt.pace import Pace
from addon.testmgmt.wire import Call, Wire


def call(**changes: Any) -> Call:
    made: dict[str, Any] = {
        "tool": "zephyr",
        "operation": "case.get",
        "method": "GET",
        "url": "https://api.test/v2/testcases",
        "owner": "o",
        "token": "a-secret-token",
        "repeatable": True,
    }
    return Call(**(made | changes))


def wire(*answers: Any) -> tuple[Wire, list[httpx2.Request]]:
    left, said = list(answers), []

    def answer(request: httpx2.Request) -> httpx2.Response:
        said.append(request)
        given = left.pop(0) if left else httpx2.Response(200, json={})
        if isinstance(given, Exception):
            raise given
        return given

    return Wire("tests", httpx2.MockTransport(answer)), said


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, ToolRefused), (403, ToolForbidden), (404, ToolNotFound), (302, ToolRefused), (429, ToolBusy)],
)
async def test_what_a_status_means(status: int, kind: type[ToolError]) -> None:
    client, said = wire(httpx2.Response(status, json={"message": "no", "errorCode": status}))
    with pytest.raises(kind) as caught:
        await client.send(call())
    assert caught.value.code.startswith("zephyr_")
    assert len(said) == 1
    assert "a-secret-token" not in repr(call()) + str(caught.value)


@pytest.mark.parametrize("trouble", [500, 503, httpx2.ConnectError("x"), httpx2.ReadTimeout("x"), b"<html>"])
async def test_a_question_is_asked_again_and_a_write_is_not(trouble: Any) -> None:
    def given() -> Any:
        if isinstance(trouble, int):
            return httpx2.Response(trouble)
        return httpx2.Response(200, content=trouble) if isinstance(trouble, bytes) else trouble

    client, said = wire(given(), httpx2.Response(200, json={"ok": True}))
    assert await client.send(call()) == {"ok": True}
    assert len(said) == 2
    client, said = wire(given(), given(), given())
    with pytest.raises(ToolDown) as caught:
        await client.send(call(method="POST", repeatable=False, body={}))
    # What never left may be sent again; all else is looked for first.
    unsent = isinstance(trouble, httpx2.ConnectError)
    assert (caught.value.uncertain, len(said)) == (not unsent, 3 if unsent else 1)
    assert caught.value.retry_after_s


@pytest.mark.parametrize(("header", "least"), [("7", 7.0), ("0", 1.0), ("soon", 5.0), (None, 5.0)])
async def test_a_pause_is_kept_for_the_owner_of_the_key_alone(header: str | None, least: float) -> None:
    headers = {"Retry-After": header} if header else {}
    client, said = wire(httpx2.Response(429, headers=headers))
    with pytest.raises(ToolBusy) as caught:
        await client.send(call())
    assert caught.value.retry_after_s == least
    await client.send(call(owner="another"))
    assert len(said) == 2


async def test_nobody_waits_for_ever_for_a_turn() -> None:
    pace = Pace()
    pace.pause("xray", "o", seconds=60)
    with pytest.raises(ToolBusy) as caught:
        await pace.turn("xray", "o")
    assert caught.value.retry_after_s == pytest.approx(60, abs=1)
    await pace.turn("xray", "another")
    for number in range(2_100):
        await pace.turn("xray", str(number))
    assert len(pace._free_at) <= 2_000


async def test_an_answer_without_end_is_cut() -> None:
    client, _ = wire(httpx2.Response(200, content=b"x" * (17 * 1024 * 1024)))
    with pytest.raises(ToolRefused):
        await client.send(call())


async def test_calls_are_counted_by_tool_operation_and_outcome() -> None:
    def counted(outcome: str) -> float:
        labels = {"tool": "zephyr", "operation": "case.get", "outcome": outcome}
        return REGISTRY.get_sample_value("testmgmt_requests_total", labels) or 0.0

    before = counted("ok"), counted("refused")
    client, _ = wire(httpx2.Response(200), httpx2.Response(400))
    assert await client.send(call()) is None
    with pytest.raises(ToolRefused):
        await client.send(call())
    assert (counted("ok"), counted("refused")) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"errorCode":400,"message":"name must not be blank"}', "name must not be blank"),
        (b'{"error":"Bad request."}', "Bad request."),
        (b'{"errors":[{"message":"Cannot query"}]}', "Cannot query"),
        (b'{"errors":["one"]}', "one"),
        (b"<html>", ""),
        (b"[1]", ""),
        (b'{"message":5}', ""),
        (b'{"message":"key eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefgh is bad"}', "key … is bad"),
    ],
)
def test_the_tools_own_words_are_short_and_hold_no_secret(body: bytes, words: str) -> None:
    assert words_of(body) == words
    assert len(words_of(b'{"message":"' + b"long words " * 100 + b'"}')) <= 200


def test_connections_keep_no_cookies_and_follow_no_redirects() -> None:
    make: Callable[[], Wire] = lambda: Wire("tests")  # noqa: E731
    assert make()._client.follow_redirects is False
