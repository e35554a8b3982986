"""A Redis that is away costs its callers little and nobody their work."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from addon.redis.connection import ANSWER_S, AWAY_S, Redis, RedisDown
from tests.services import RedisServer


@pytest.fixture
def server() -> Iterator[RedisServer]:
    running = RedisServer()
    running.start()
    yield running
    running.remove()


@pytest.fixture
async def redis(server: RedisServer) -> AsyncIterator[Redis]:
    opened = Redis(server.url, prefix="tests")
    yield opened
    await opened.close()


async def test_it_answers_and_keys_begin_with_the_prefix(redis: Redis) -> None:
    await redis.ask(lambda client: client.set(redis.key("a", "b"), "1"))
    assert await redis.ask(lambda client: client.get("tests:a:b")) == b"1"


async def test_one_that_was_never_there_is_an_error_of_ours() -> None:
    redis = Redis("redis://127.0.0.1:1/0", prefix="tests")
    with pytest.raises(RedisDown) as refused:
        await redis.ping()
    assert refused.value.code == "redis_down"
    await redis.close()


async def test_after_a_failure_nobody_waits_until_it_is_tried_again(server: RedisServer) -> None:
    now = 100.0
    redis = Redis(server.url, prefix="tests", clock=lambda: now)
    await redis.ping()
    server.freeze()
    began = time.monotonic()
    with pytest.raises(RedisDown):
        await redis.ping()
    assert time.monotonic() - began < 3 * ANSWER_S
    asked = 0

    async def ask(_: object) -> None:
        nonlocal asked
        asked += 1

    with pytest.raises(RedisDown):
        await redis.ask(ask)
    assert asked == 0
    server.thaw()
    now += AWAY_S
    await redis.ping()
    await redis.close()


async def test_it_is_back_after_a_kill_without_a_hand(server: RedisServer, redis: Redis) -> None:
    await redis.ping()
    server.kill()
    with pytest.raises(RedisDown):
        await redis.ping()
    server.start()
    async with asyncio.timeout(10):
        while True:
            try:
                await redis.ping()
                break
            except RedisDown:
                await asyncio.sleep(0.1)


async def test_a_crowd_shares_few_connections(server: RedisServer, redis: Redis) -> None:
    await asyncio.gather(*(redis.ping() for _ in range(200)))
    clients = server.command("CLIENT", "LIST").count(b" addr=")
    assert 1 < clients <= 21
