"""Against a server that takes the request and then misbehaves: what the client library really raises."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import httpx2
import pytest

from addon.jira import comments, issues
from addon.jira.client import Jira
from addon.jira.errors import JiraDown
from addon.jira.site import Site
from addon.jira.wire import exchange, new_client
from tests.unit.jira.conftest import OAUTH, SITE

DOCUMENT = {"type": "doc", "version": 1, "content": []}
Answering = Callable[[asyncio.StreamWriter, int], Awaitable[None]]


async def nothing(writer: asyncio.StreamWriter, count: int) -> None:
    """Closes without a byte."""


async def half(writer: asyncio.StreamWriter, count: int) -> None:
    """Promises a hundred bytes and closes after two."""
    writer.write(b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"')
    await writer.drain()


async def rubbish(writer: asyncio.StreamWriter, count: int) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    await writer.drain()


async def once_nothing(writer: asyncio.StreamWriter, count: int) -> None:
    """Closes without a byte the first time, answers afterwards."""
    if count > 1:
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 22\r\nConnection: close\r\n\r\n{"id":"1","key":"A-1"}')
        await writer.drain()


@dataclass
class Rude:
    site: Site
    requests: int = 0


Start = Callable[[Answering], Awaitable[Rude]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    servers: list[asyncio.Server] = []

    async def begin(answering: Answering) -> Rude:
        rude = Rude(SITE)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), b":0")
            await reader.readexactly(int(length.partition(b":")[2]))
            rude.requests += 1
            await answering(writer, rude.requests)
            writer.close()

        servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        port = servers[-1].sockets[0].getsockname()[1]
        rude.site = replace(SITE, base_url=f"http://127.0.0.1:{port}")
        return rude

    yield begin
    for server in servers:
        server.close()


@pytest.fixture
async def jira() -> AsyncIterator[Jira]:
    client = Jira(oauth_url=OAUTH, user_agent="t")
    yield client
    await client.close()


@pytest.mark.parametrize("answering", [nothing, half, rubbish])
async def test_write_whose_answer_was_lost_is_uncertain_and_sent_once(
    start: Start, jira: Jira, answering: Answering
) -> None:
    rude = await start(answering)
    with pytest.raises(JiraDown) as caught:
        await comments.create(jira.as_app(rude.site), "A-1", body_adf=DOCUMENT)
    assert caught.value.uncertain
    assert rude.requests == 1


async def test_read_whose_answer_was_lost_is_repeated(start: Start, jira: Jira) -> None:
    rude = await start(once_nothing)
    assert (await issues.get(jira.as_app(rude.site), "A-1", fields=["summary"])).key == "A-1"
    assert rude.requests == 2


async def test_site_that_nobody_listens_for_is_down_and_certain() -> None:
    client = new_client("t", None)
    with pytest.raises(JiraDown) as caught:
        await exchange(
            client, client.build_request("POST", "http://127.0.0.1:9/"), auth=httpx2.Auth(), repeatable=False
        )
    await client.aclose()
    assert not caught.value.uncertain
