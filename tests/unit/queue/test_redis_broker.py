"""Tokens between processes: one each, whatever Redis does, and never in the way of who sends them."""

import asyncio
import json
import logging
import pickle
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
import redis

from addon.observe.unbroken import END_S
from addon.queue.broker import DUE, MOST_TOKENS, SAME_S, RedisBroker, Wakes
from addon.redis.connection import Redis
from addon.redis.hub import Hub
from tests.services import RedisServer, free_port


class Ear:
    """What a worker hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._news = asyncio.Event()

    async def due(self, queue: str) -> None:
        self.heard.append(queue)
        self._news.set()

    async def next(self) -> None:
        async with asyncio.timeout(60):
            await self._news.wait()
        self._news.clear()


@asynccontextmanager
async def process(server: RedisServer, ear: Ear | None = None) -> AsyncIterator[Wakes]:
    """A process of the deployment; one with an ear is a worker."""
    redis = Redis(server.url, prefix="tests")
    wakes = Wakes(redis, hub=Hub(redis))
    if ear is not None:
        wakes.deliver_to(ear.due)
        await wakes.start()
    try:
        yield wakes
    finally:
        await wakes.stop()
        await redis.close()


async def test_a_token_of_one_process_reaches_one_worker_of_another(server: RedisServer) -> None:
    one, other = Ear(), Ear()
    async with process(server) as web, process(server, one), process(server, other):
        for queue in ("ai", "priority", "default"):
            await web.wake(queue)
        async with asyncio.timeout(60):
            while len(one.heard) + len(other.heard) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert sorted(one.heard + other.heard) == ["ai", "default", "priority"]


async def test_a_burst_is_few_tokens_and_what_comes_after_one_has_its_own(server: RedisServer) -> None:
    ear = Ear()
    async with process(server) as web, process(server, ear):
        for _ in range(500):
            await web.wake("ai")
        await ear.next()
        assert len(ear.heard) == 1
        await asyncio.sleep(2 * SAME_S)
        await web.wake("ai")
        await ear.next()
        assert len(ear.heard) == 2


async def test_whoever_sends_does_not_wait_for_a_frozen_redis(server: RedisServer) -> None:
    async with process(server) as web:
        await web.wake("ai")
        await asyncio.sleep(2 * SAME_S)
        server.freeze()
        took = []
        for queue in ("ai", "priority", "default"):
            began = time.monotonic()
            await web.wake(queue)
            took.append(time.monotonic() - began)
        # Whoever waited would do so each time.
        assert min(took) < 0.1
        server.thaw()


async def test_a_worker_hears_again_after_redis_was_killed(server: RedisServer) -> None:
    ear = Ear()
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(process(server))
        await stack.enter_async_context(process(server, ear))
        await web.wake("ai")
        await ear.next()
        server.kill()
        await web.wake("default")
        await asyncio.sleep(0.1)
        server.start()
        async with asyncio.timeout(60):
            while "priority" not in ear.heard:
                await web.wake("priority")
                await asyncio.sleep(0.2)


def token(**changes: object) -> bytes:
    """As taskiq writes one, but for the changes."""
    ours = {"task_id": "1", "task_name": DUE, "labels": {}, "labels_types": None, "args": ["ai"], "kwargs": {}}
    return json.dumps(ours | changes).encode()


GARBAGE = [
    b"",
    b"garbage",
    b"\x00\xff" * 50,
    b"9" * 400,
    b"9" * 5000,
    b"[" * 100_000,
    b"null",
    b"{}",
    pickle.dumps({"task_name": DUE}),
    token(task_name="os.system"),
    token(task_id=1),
    token(args=[]),
    token(args=["ai", "default"]),
    token(args=["another"]),
    token(args=[{"queue": "ai"}]),
    token(kwargs={"queue": "ai"}),
    token(labels={"timeout": "soon"}),
    token(labels={"ack_type": "never"}),
    token(labels={"x": "y"}, labels_types={"x": 99}),
]


async def test_garbage_in_the_list_wakes_nobody_and_stops_nobody(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    ear = Ear()
    async with process(server) as web, process(server, ear):
        with redis.Redis.from_url(server.url) as stranger, caplog.at_level(logging.INFO):
            # The oldest is taken first: who heard what came after them all has seen every one.
            stranger.lpush("tests:wake", *GARBAGE)
            await web.wake("default")
            await ear.next()
        assert ear.heard == ["default"]
    assert [r.getMessage() for r in caplog.records] == ["a token that is not ours was dropped"] * len(GARBAGE)
    assert not any(record.exc_info for record in caplog.records)


async def test_what_is_noted_for_later_is_heard_by_whoever_starts_it_elsewhere(server: RedisServer) -> None:
    noted = asyncio.Event()
    redis = Redis(server.url, prefix="tests")
    hub = Hub(redis)
    scheduler, other = Wakes(redis, hub=hub), Redis(server.url, prefix="tests")
    scheduler.on_noted(noted.set)
    door = Hub(other)
    async with hub.open(), door.open():
        # The first word says that something may have been missed while nobody listened.
        await asyncio.wait_for(noted.wait(), 60)
        noted.clear()
        Wakes(other, hub=door).note()
        await asyncio.wait_for(noted.wait(), 60)
    await redis.close()
    await other.close()


async def test_another_type_under_the_name_of_the_list_costs_no_token_after_it(server: RedisServer) -> None:
    ear = Ear()
    async with process(server) as web, process(server, ear):
        for garbage in (("SET", "x"), ("SADD", "x"), ("HSET", "x", "y")):
            server.command("DEL", "tests:wake")
            server.command(garbage[0], "tests:wake", *garbage[1:])
            await web.wake("ai")
            await ear.next()
            # That it was there has kept nobody from Redis.
            await web.wake("default")
            await ear.next()
        assert ear.heard == ["ai", "default"] * 3


async def test_a_worker_that_begins_over_another_type_hears(server: RedisServer) -> None:
    ear = Ear()
    server.command("SET", "tests:wake", "garbage")
    async with process(server, ear):
        # Without a sender, which would put it right as well.
        async with asyncio.timeout(60):
            while not server.command("TYPE", "tests:wake").startswith(b"+none"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        async with process(server) as web:
            await web.wake("ai")
            await ear.next()
        assert ear.heard == ["ai"]


async def test_a_token_that_came_meanwhile_is_not_taken_for_garbage(server: RedisServer) -> None:
    redis = Redis(server.url, prefix="tests")
    broker = RedisBroker(redis)
    server.command("LPUSH", "tests:wake", "token")
    await broker.put_right()
    assert server.command("LLEN", "tests:wake") == b":1\r\n"
    await redis.close()


async def test_tokens_nobody_listens_for_become_no_more_than_a_few(server: RedisServer) -> None:
    ear = Ear()
    async with process(server) as web:
        for _ in range(MOST_TOKENS + 50):
            await web._due.kiq("ai")
        await web._due.kiq("default")
        assert server.command("LLEN", "tests:wake") == b":%d\r\n" % MOST_TOKENS
        async with process(server, ear):
            async with asyncio.timeout(60):
                while len(ear.heard) < MOST_TOKENS:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            # The newest are those that are kept.
            assert sorted(ear.heard) == ["ai"] * (MOST_TOKENS - 1) + ["default"]


@pytest.mark.parametrize(
    "answer", [b":5\r\n", b"*2\r\n$1\r\nx\r\n:5\r\n", b"%zz\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"]
)
async def test_a_worker_that_is_answered_nonsense_listens_on(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """By whatever is in the place of Redis for a while; later it is Redis again."""
    answered, gone = asyncio.Event(), asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not gone.is_set() and (said := await reader.read(65_536)):
            for command in said.split(b"*")[1:]:
                if b"BRPOP" in command:
                    answered.set()
                    writer.write(answer)
                else:
                    writer.write(b"%1\r\n+proto\r\n:3\r\n" if b"HELLO" in command else b"+OK\r\n")
        writer.close()

    real, ear = RedisServer(), Ear()
    real.port = free_port()
    stranger = await asyncio.start_server(speak, "127.0.0.1", real.port)
    try:
        async with process(real, ear), process(real) as web:
            async with asyncio.timeout(60):
                await answered.wait()
            gone.set()
            stranger.close()
            await stranger.wait_closed()
            real.start()
            async with asyncio.timeout(60):
                while "ai" not in ear.heard:
                    await web.wake("ai")
                    await asyncio.sleep(0.2)
    finally:
        real.remove()
    assert not any(record.exc_info for record in caplog.records)


async def test_a_listener_that_does_not_hear_the_end_is_not_waited_for(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening, over = asyncio.Event(), asyncio.Event()

    async def deaf(_: RedisBroker) -> AsyncIterator[bytes]:
        while not over.is_set():
            listening.set()
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)
        yield b""

    monkeypatch.setattr(RedisBroker, "listen", deaf)
    async with process(server, Ear()):
        await listening.wait()
        began = time.monotonic()
    over.set()
    assert time.monotonic() - began < END_S + 15
