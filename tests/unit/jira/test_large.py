"""Large answers: few at a time, and read as bytes, whatever else a JSON reader would have to say."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest

from addon.jira.client import Jira
from addon.jira.wire import LARGE, MOST_LARGE
from tests.unit.jira.conftest import OAUTH, SITE, Open

pytestmark = pytest.mark.faults

MANY = 12


@dataclass
class Hall:
    """Who has come so far that its answer is a large one, and has not come to its end."""

    inside: int = 0
    most: int = 0


@dataclass
class Slow(httpx2.AsyncByteStream):
    """A JSON text of so many bytes that comes in pieces."""

    hall: Hall
    size: int

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # Asked for the piece behind it, the first LARGE bytes and one more have been taken in.
        yield b'"' + b"x" * LARGE
        self.hall.inside += 1
        self.hall.most = max(self.hall.most, self.hall.inside)
        for _ in range(self.size // LARGE):
            await asyncio.sleep(0.001)
            yield b"x" * LARGE
        self.hall.inside -= 1
        yield b'"'


async def test_few_large_answers_are_read_at_a_time_and_all_of_them_in_the_end() -> None:
    hall = Hall()
    answer = lambda _: httpx2.Response(200, stream=Slow(hall, 3 * LARGE))  # noqa: E731
    jira = Jira(oauth_url=OAUTH, user_agent="t", transport=httpx2.MockTransport(answer))
    asked = (jira.as_app(SITE).get(f"/rest/api/3/{n}", operation="issue.get") for n in range(MANY))
    assert {len(str(read)) for read in await asyncio.gather(*asked)} == {4 * LARGE}
    assert hall.most == MOST_LARGE
    await jira.close()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('{"a":"\\ud83d"}', {"a": "\ud83d"}),
        ('{"a":"\\ud83d\\ude00 é 😀"}', {"a": "😀 é 😀"}),
        ("\ufeff[1]", [1]),
        ("[" * 300 + "]" * 300, None),
        (" \n", None),
        ("", None),
        ("null", None),
    ],
)
async def test_an_answer_is_what_it_says(over: Open, text: str, meant: object) -> None:
    jira, _ = over(httpx2.Response(200, content=text.encode()))
    read = await jira.as_app(SITE).get("/rest/api/3/x", operation="issue.get")
    assert read == meant if not text.startswith("[[") else isinstance(read, list)
    await jira.close()
