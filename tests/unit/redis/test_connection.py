"""A Redis that is away costs its callers little and nobody their work."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from addon.redis.connection import ANSWER_S, AWAY_S, Redis, RedisDown, RedisRefused
from tests.services import RedisServer
from tests.unit.redis.deployment import be_patient


@pytest.fixture
async def redis(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Redis]:
    be_patient(monkeypatch)
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
    assert time.monotonic() - began < 10 * ANSWER_S
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
    async with asyncio.timeout(60):
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


async def test_a_key_of_another_type_concerns_whoever_asked_for_it_alone(server: RedisServer, redis: Redis) -> None:
    server.command("SET", "tests:list", "garbage")
    with pytest.raises(RedisRefused):
        await redis.ask(lambda client: client.lpush("tests:list", "1"))
    # A number that is none is an error of the key as well.
    with pytest.raises(RedisRefused):
        await redis.ask(lambda client: client.incr("tests:list"))
    # Not a second later: now.
    await redis.ping()


async def refuses_writes(redis: Redis) -> None:
    with pytest.raises(RedisDown) as refused:
        await redis.ask(lambda client: client.lpush("tests:list", "1"))
    assert not isinstance(refused.value, RedisRefused)


def out_of_memory(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "maxmemory", "1")


def a_replica(server: RedisServer) -> None:
    server.command("REPLICAOF", "127.0.0.1", "1")


def a_replica_that_lost_its_master(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "replica-serve-stale-data", "no")
    server.command("REPLICAOF", "127.0.0.1", "1")


def under_another_password(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "requirepass", "another")
    server.command("AUTH", "another", "\r\nCLIENT", "KILL", "TYPE", "normal")


def without_enough_replicas(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "min-replicas-to-write", "1")


def without_the_right(server: RedisServer) -> None:
    server.command("ACL", "SETUSER", "default", "-lpush")


@pytest.mark.parametrize(
    "becomes",
    [
        out_of_memory,
        a_replica,
        a_replica_that_lost_its_master,
        under_another_password,
        without_enough_replicas,
        without_the_right,
    ],
)
async def test_one_that_answers_and_takes_nothing_is_away(
    server: RedisServer, becomes: Callable[[RedisServer], None]
) -> None:
    now = 100.0
    redis = Redis(server.url, prefix="tests", clock=lambda: now)
    await redis.ping()
    becomes(server)
    for _ in range(3):
        await refuses_writes(redis)
        asked = 0

        async def ask(_: object) -> None:
            nonlocal asked
            asked += 1

        with pytest.raises(RedisDown):
            await redis.ask(ask)
        assert asked == 0
        now += AWAY_S
    await redis.close()


async def test_one_that_still_loads_is_away_until_it_has(server: RedisServer) -> None:
    master = RedisServer()
    master.start()
    now = 100.0
    redis = Redis(server.url, prefix="tests", clock=lambda: now)
    try:
        master.command("CONFIG", "SET", "repl-diskless-sync-delay", "0")
        # 400 keys at 10 ms each, and between them it answers.
        master.command("EVAL", "\"for i=1,400 do redis.call('SET',i,string.rep('x',2000)..math.random()) end\"", "0")
        server.command("CONFIG", "SET", "key-load-delay", "10000")
        server.command("CONFIG", "SET", "loading-process-events-interval-bytes", "1024")
        server.command("REPLICAOF", "127.0.0.1", str(master.port))
        async with asyncio.timeout(60):
            while not server.command("GET", "1").startswith(b"-LOADING"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        began = time.monotonic()
        await refuses_writes(redis)
        assert time.monotonic() - began < 10 * ANSWER_S
        server.command("CONFIG", "SET", "key-load-delay", "0")
        server.command("REPLICAOF", "NO", "ONE")
        async with asyncio.timeout(60):
            while not server.command("SET", "1", "1").startswith(b"+OK"):
                server.command("REPLICAOF", "NO", "ONE")
                await asyncio.sleep(0.02)
        now += AWAY_S
        await redis.ask(lambda client: client.lpush("tests:list", "1"))
    finally:
        await redis.close()
        master.remove()
