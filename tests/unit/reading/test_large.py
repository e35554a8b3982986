"""A large issue is read in little more memory than its answer takes, and what is shown of it stays the same."""

import gc
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from addon.adf.inline import MOST_TEXT
from addon.adf.read import to_markdown
from addon.jira.client import Jira
from addon.reading import issue as reading
from addon.reading.facts import SHARES, Facts
from tests.unit.jira.conftest import OAUTH, SITE

pytestmark = pytest.mark.faults

SIZE = 10_000_000
MOST = {"one text": 2.5, "text with emoji": 6.5, "many paragraphs": 5.5, "many comments": 2.5, "many fields": 2.5}
"""Times the size of the answer, the body itself included; a text with an emoji takes four bytes for each character."""
WORDS = "A long story is told here, again and again. "
LONGEST = 32_000
"""Of one text in Jira, about."""


def document(*paragraphs: str) -> dict[str, Any]:
    inside = [{"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in paragraphs]
    return {"type": "doc", "version": 1, "content": inside}


def comments(text: str) -> dict[str, Any]:
    one = {"author": {"accountId": "1"}, "created": "2026-01-01T00:00:00.000+0000", "body": document(text)}
    return {"total": SIZE // LONGEST, "comments": [{"id": str(n), **one} for n in range(SIZE // LONGEST)]}


LONG = WORDS * (LONGEST // len(WORDS))
SHAPES: dict[str, Callable[[], dict[str, Any]]] = {
    "one text": lambda: {"description": document(WORDS * (SIZE // len(WORDS)))},
    "text with emoji": lambda: {"description": document("😀" + WORDS * (SIZE // len(WORDS)))},
    "many paragraphs": lambda: {"description": document(*([WORDS] * (SIZE // 110)))},
    "many comments": lambda: {"description": document("A story."), "comment": comments(LONG)},
    "many fields": lambda: {f"customfield_{n}": LONG for n in range(SIZE // LONGEST)},
}


async def read(body: bytes) -> Facts:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=body if request.url.path.endswith("/issue/1") else b"{}")

    jira = Jira(oauth_url=OAUTH, user_agent="t", transport=httpx2.MockTransport(answer))
    facts = await reading.read(jira.as_app(SITE), "1", own_account_id="2")
    await jira.close()
    return facts


@pytest.mark.parametrize("shape", SHAPES)
async def test_large_issue_is_read_in_little_memory(shape: str) -> None:
    fields = {"summary": "S", "project": {"id": "1"}, "issuetype": {"id": "1"}, **SHAPES[shape]()}
    body = json.dumps({"id": "1", "key": "A-1", "fields": fields}, ensure_ascii=False).encode()
    del fields
    await read(b'{"id":"1","key":"A-1"}')
    gc.collect()
    tracemalloc.start(1)
    try:
        facts = await read(body)
        peak = tracemalloc.get_traced_memory()[1] / len(body)
    finally:
        tracemalloc.stop()
    assert 9 * SIZE / 10 < len(body) < 11 * SIZE / 10
    assert peak < MOST[shape], peak
    assert len(facts.text()) <= sum(SHARES.values()) + 10 * SHARES["comment"]


def test_of_a_document_that_no_jira_stores_the_beginning_is_read_and_the_rest_is_said_to_be_missing() -> None:
    read = to_markdown(document(*[LONG] * 30))
    assert read.startswith(LONG.strip())
    assert read.endswith("[… truncated: too long]")
    assert MOST_TEXT <= len(read) < MOST_TEXT + 2 * LONGEST
    assert len(to_markdown(document("x" * SIZE))) < MOST_TEXT + 100
    text = to_markdown("x" * SIZE)
    assert text.endswith("x\n\n[… truncated: too long]")
    assert len(text) < MOST_TEXT + 100
