import asyncio
import time

import httpx2
import pytest

from addon.errors import AddonError
from addon.jira import comments, issues
from addon.jira.errors import (
    JiraBusy,
    JiraConflict,
    JiraDown,
    JiraError,
    JiraForbidden,
    JiraNotFound,
    JiraRefused,
    JiraTooLarge,
    JiraUnauthorized,
    said,
)
from addon.jira.retry import Tries
from addon.observe.metrics import JIRA_REQUESTS
from tests.unit.jira.conftest import SITE, Open, claims, ok

pytestmark = pytest.mark.faults

DOCUMENT = {"type": "doc", "version": 1, "content": []}
CUT = httpx2.RemoteProtocolError("peer closed connection")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, JiraRefused),
        (401, JiraUnauthorized),
        (403, JiraForbidden),
        (404, JiraNotFound),
        (409, JiraConflict),
        (410, JiraRefused),
        (413, JiraTooLarge),
        (422, JiraRefused),
    ],
)
async def test_final_answers_are_told_apart_and_never_repeated(over: Open, status: int, kind: type[JiraError]) -> None:
    jira, wire = over(ok({"errorMessages": ["<b>no</b>"], "errors": {"priority": "is required"}}, status))
    with pytest.raises(kind) as caught:
        await issues.create(jira.as_app(SITE), {})
    assert len(wire.requests) == (2 if status == 401 else 1)
    assert caught.value.retry_after_s is None
    assert caught.value.said.messages == ("<b>no</b>",)
    assert caught.value.said.fields == {"priority": "is required"}
    assert "<b>" not in caught.value.detail


async def test_refusal_names_the_fields(over: Open) -> None:
    jira, _ = over(ok({"errors": {"customfield_10058": "x", "<script>": "y"}}, 400))
    with pytest.raises(JiraRefused, match=r"^Jira refused these fields: customfield_10058\.$"):
        await issues.create(jira.as_app(SITE), {})


async def test_401_is_answered_once_with_a_fresh_token_even_for_a_write(over: Open) -> None:
    jira, wire = over(ok(None, 401), ok({"id": "1", "key": "A-1"}, 201))
    assert (await issues.create(jira.as_app(SITE), {"summary": "x"})).key == "A-1"
    assert [request.content for request in wire.requests] == [b'{"fields":{"summary":"x"},"properties":[]}'] * 2
    assert all(claims(request.headers["Authorization"]) for request in wire.requests)


@pytest.mark.parametrize("trouble", [ok("busy", 500), ok("busy", 503), CUT, httpx2.ReadTimeout("slow")])
async def test_reading_is_repeated_after_trouble(over: Open, trouble: httpx2.Response | Exception) -> None:
    jira, wire = over(trouble, ok({"id": "1", "key": "A-1"}))
    assert (await issues.get(jira.as_app(SITE), "A-1", fields=["summary"])).id == "1"
    assert len(wire.requests) == 2


async def test_posts_that_only_ask_are_repeated(over: Open) -> None:
    parent = ok({"id": "1", "key": "A-1", "fields": {"subtasks": [{"id": "2", "key": "A-2"}]}})
    child = {"id": "2", "key": "A-2", "properties": {"p": {"n": 1}}}
    jira, wire = over(parent, CUT, ok({"issues": [child, {"id": "3", "key": "A-3"}]}))
    assert await issues.children_with_property(jira.as_app(SITE), "A-1", property_key="p") == [("2", "A-2", {"n": 1})]
    assert wire.bodies[-1] == {"issueIdsOrKeys": ["2"], "fields": ["summary"], "properties": ["p"]}


@pytest.mark.parametrize("trouble", [ok("x", 500), ok("x", 502, retry_after="1"), CUT, httpx2.ReadTimeout("slow")])
async def test_write_that_may_have_happened_is_not_repeated(over: Open, trouble: httpx2.Response | Exception) -> None:
    jira, wire = over(trouble)
    with pytest.raises(JiraDown) as caught:
        await comments.create(jira.as_app(SITE), "A-1", body_adf=DOCUMENT)
    assert caught.value.uncertain
    assert caught.value.retry_after_s is not None
    assert len(wire.requests) == 1


async def test_write_that_never_left_is_repeated(over: Open) -> None:
    jira, wire = over(httpx2.ConnectError("refused"), ok({"id": "7"}, 201))
    assert (await comments.create(jira.as_app(SITE), "A-1", body_adf=DOCUMENT)).id == "7"
    assert len(wire.requests) == 2


async def test_success_that_cannot_be_read_leaves_a_write_uncertain(over: Open) -> None:
    for odd in (httpx2.Response(200, content=b"<html>login</html>"), ok(["no"]), ok({"key": "A-1"})):
        jira, _ = over(odd)
        with pytest.raises(JiraDown) as caught:
            await issues.create(jira.as_app(SITE), {})
        assert caught.value.uncertain


def test_four_tries_are_the_end_and_waits_grow() -> None:
    tries = Tries()
    first, second, third = (tries.next_wait(JiraDown()) for _ in range(3))
    assert 0.5 <= first <= 0.65
    assert 1.0 <= second <= 1.3
    assert 2.0 <= third <= 2.6
    with pytest.raises(JiraDown):
        tries.next_wait(JiraDown())


def test_limit_without_a_time_waits_from_two_seconds() -> None:
    assert 2.0 <= Tries().next_wait(JiraBusy(None)) <= 2.6


def test_wait_beyond_the_time_left_is_not_begun() -> None:
    with pytest.raises(JiraBusy) as caught:
        Tries(patience_s=1).next_wait(JiraBusy(None))
    assert caught.value.retry_after_s is not None
    assert caught.value.retry_after_s >= 2.0


async def test_429_with_retry_after_is_waited_for(over: Open) -> None:
    jira, wire = over(ok(None, 429, retry_after="1"), ok({"id": "7"}, 201))
    started = time.monotonic()
    assert (await comments.create(jira.as_app(SITE), "A-1", body_adf=DOCUMENT)).id == "7"
    assert 1.0 <= time.monotonic() - started < 20
    assert len(wire.requests) == 2


async def test_longer_wait_is_left_to_the_scheduler(over: Open) -> None:
    jira, wire = over(ok(None, 429, retry_after="120"))
    started = time.monotonic()
    with pytest.raises(JiraBusy) as caught:
        await comments.create(jira.as_app(SITE), "A-1", body_adf=DOCUMENT)
    assert time.monotonic() - started < 20
    assert caught.value.retry_after_s is not None
    assert 120 <= caught.value.retry_after_s <= 156.0001
    assert len(wire.requests) == 1


async def test_redirect_is_refused_and_not_followed(over: Open) -> None:
    jira, wire = over(ok(None, 302, location="https://evil.example/"))
    with pytest.raises(JiraRefused):
        await issues.get(jira.as_app(SITE), "A-1", fields=["summary"])
    assert [request.url.host for request in wire.requests] == ["acme.example.net"]


@pytest.mark.parametrize(
    "path", ["https://evil.example/x", "//evil.example/x", "@evil.example/x", ".evil.example/x", ""]
)
async def test_other_hosts_cannot_be_reached(over: Open, path: str) -> None:
    jira, wire = over(ok({}))
    with pytest.raises(JiraRefused):
        await jira.as_app(SITE).get(path, operation="test")
    assert wire.requests == []


async def test_endless_answer_is_cut_off(over: Open) -> None:
    jira, _ = over(httpx2.Response(200, content=b"[" + b" " * (17 * 1024 * 1024)))
    with pytest.raises(JiraRefused, match="larger"):
        await jira.as_app(SITE).get("/rest/api/3/myself", operation="test")


async def test_refused_document_is_sent_again_as_plain_paragraphs(over: Open) -> None:
    jira, wire = over(ok({"errors": {"comment": "Comment body is not valid!"}}, 400), ok({"id": "7"}, 201))
    rich = {"type": "doc", "version": 1, "content": [{"type": "rule"}, {"type": "paragraph", "content": [_text("hi")]}]}
    assert (await comments.create(jira.as_app(SITE), "A-1", body_adf=rich, properties={"p": 1})).id == "7"
    paragraphs = [{"type": "paragraph", "content": [_text(words)]} for words in ("---", "hi")]
    plain = {"type": "doc", "version": 1, "content": paragraphs}
    assert wire.bodies[1] == {"body": plain, "properties": [{"key": "p", "value": 1}]}


async def test_outcomes_are_counted(over: Open) -> None:
    jira, _ = over(ok({}), ok(None, 404))
    session = jira.as_app(SITE)
    await session.get("/rest/api/3/myself", operation="counted")
    with pytest.raises(JiraNotFound):
        await session.get("/rest/api/3/myself", operation="counted")
    for outcome in ("ok", "jira_not_found"):
        assert JIRA_REQUESTS.labels("counted", outcome)._value.get() == 1


async def test_cancelled_call_frees_its_place(over: Open) -> None:
    jira, _ = over(ok({}))
    calls = [asyncio.create_task(jira.as_app(SITE).get("/rest/api/3/x", operation="test")) for _ in range(20)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert await jira.as_app(SITE).get("/rest/api/3/x", operation="test") == {}


def test_words_of_jira_are_kept_short_whatever_their_shape() -> None:
    assert said(400, b'{"errorMessages":["a","b"],"errors":{"f":"c"}}').messages == ("a", "b")
    assert said(400, b'{"message":"m","code":"X"}').messages == ("m", "X")
    assert said(502, b"<html><h1>Bad\ngateway</h1></html>").messages == ("Bad gateway",)
    assert said(400, b"[1]").messages == said(400, b"").messages == ()
    assert said(400, b'{"errorMessages":"text","errors":["x"]}').messages == ()
    assert said(400, b"[" * 60_000).status == 400
    huge = said(400, b'{"errorMessages":["' + b"x" * 9_000 + b'"],"errors":{"f":"y"}}')
    assert sum(map(len, huge.messages)) == 2_000
    assert huge.fields == {}


def test_every_error_is_one_the_doors_know() -> None:
    for kind in (JiraRefused, JiraUnauthorized, JiraForbidden, JiraNotFound, JiraConflict, JiraTooLarge):
        error = kind("x")
        assert isinstance(error, AddonError)
        assert error.status >= 400
        assert error.code.startswith("jira_")


def _text(words: str) -> dict[str, object]:
    return {"type": "text", "text": words}
