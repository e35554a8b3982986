"""Whoever is told to end while it speaks to Redis ends, at whatever moment that is."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from redis.asyncio import BlockingConnectionPool, SSLConnection, UnixDomainSocketConnection
from redis.asyncio import Redis as Client

from addon.observe.unbroken import gone
from addon.redis.connection import Redis
from addon.redis.heeding import heeding
from addon.redis.hub import Hub
from tests.services import RedisServer

MOMENTS = range(12)
"""Turns of the loop in which a command is sent and its answer begins to be waited for, and some more."""
START = range(40)
"""Turns in which a connection is made as well."""


@pytest.fixture
async def client(server: RedisServer) -> AsyncIterator[Client]:
    pool = heeding(BlockingConnectionPool.from_url(server.url, max_connections=1, socket_timeout=10))
    client = Client(connection_pool=pool)
    await client.ping()
    yield client
    await pool.disconnect()


async def test_a_listener_that_is_told_to_end_while_it_sends_ends(client: Client) -> None:
    for turns in MOMENTS:
        listening = asyncio.ensure_future(client.brpop(["nothing comes here"], timeout=5))
        await told_after(turns, listening)
        await asyncio.wait([listening], timeout=10)
        assert listening.cancelled(), turns
        # What was sent is not answered to who comes next.
        assert await client.echo(f"after {turns}") == f"after {turns}".encode()


async def test_one_that_fails_in_that_moment_ends_as_well(server: RedisServer, client: Client) -> None:
    server.kill()
    for turns in MOMENTS:
        asking = asyncio.ensure_future(client.ping())
        told = await told_after(turns, asking)
        await asyncio.wait([asking], timeout=10)
        assert asking.done()
        assert asking.cancelled() == told, turns


async def test_a_hub_closes_at_every_moment_of_its_start(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    # Who does not hear the first time is told again only so much later that no slow machine looks like it.
    monkeypatch.setattr("addon.redis.hub.gone", partial(gone, within_s=90.0))
    redis = Redis(server.url, prefix="tests")
    for turns in START:
        hub = Hub(redis)
        hub.on("run", lambda _: None)
        began = time.monotonic()
        async with hub.open():
            for _ in range(turns):
                await asyncio.sleep(0)
        assert time.monotonic() - began < 15, turns
    await redis.close()


@pytest.mark.parametrize(
    ("url", "kind"), [("rediss://localhost/0", SSLConnection), ("unix:///nowhere", UnixDomainSocketConnection)]
)
async def test_connections_stay_of_the_kind_their_address_asks_for(url: str, kind: type) -> None:
    pool = heeding(BlockingConnectionPool.from_url(url))
    made = pool.make_connection()  # type: ignore[no-untyped-call]
    assert isinstance(made, kind)
    assert type(made).send_packed_command is not kind.send_packed_command  # type: ignore[attr-defined]


async def told_after(turns: int, task: "asyncio.Future[Any]") -> bool:
    """Whether it still was to end."""
    for _ in range(turns):
        await asyncio.sleep(0)
    return task.cancel()
