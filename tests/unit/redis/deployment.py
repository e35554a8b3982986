"""A real Redis, and as many processes on it as a test wants."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast
from uuid import uuid4

import pytest
from redis.asyncio import Redis as Client

from addon.redis.connection import Redis
from addon.redis.shared import Shared
from tests.services import RedisServer


class Deployment:
    """Processes that share a Redis: each has connections of its own."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.prefix = f"test-{uuid4().hex[:8]}"
        self.opened: list[Shared] = []
        # Not through what is tested.
        self.client: Client = Client.from_url(server.url)

    def process(self) -> Shared:
        shared = Shared(Redis(self.server.url, prefix=self.prefix), probe_s=0.05)
        self.opened.append(shared)
        return shared

    async def close(self) -> None:
        for shared in self.opened:
            await shared.close()
            if shared.redis is not None:
                await shared.redis.close()
        await self.client.aclose()

    async def questions(self) -> int:
        """How many scripts were asked for so far: one for each question."""
        stats = await self.client.info("commandstats")
        return int(stats.get("cmdstat_evalsha", {}).get("calls", 0))

    async def keys(self) -> list[str]:
        return sorted(
            key.decode() for key in await cast("Awaitable[list[bytes]]", self.client.keys(f"{self.prefix}:*"))
        )

    async def kind(self, key: str) -> str:
        return (await cast("Awaitable[bytes]", self.client.type(key))).decode()

    async def poison(self, kind: str) -> int:
        """Puts garbage of one kind over every key there is; how many there were."""
        keys = await self.keys()
        for key in keys:
            await _GARBAGE[kind](self, key)
        return len(keys)

    async def as_text(self, key: str) -> None:
        await self.client.set(key, "\x00 rubbish")

    async def as_list(self, key: str) -> None:
        await self.client.delete(key)
        await self.client.rpush(key, "1", "rubbish")

    async def as_huge(self, key: str) -> None:
        """Where there are numbers, there are now such that nobody can have meant."""
        kind = await self.kind(key)
        if kind == "hash":
            for name in await cast("Awaitable[list[bytes]]", self.client.hkeys(key)):
                await self.client.hset(key, name.decode(), "9" * 300)
        elif kind == "zset":
            await self.client.zadd(key, {f"ghost-{n}": float("inf") for n in range(50)})
        else:
            await self.client.set(key, "9" * 300)

    async def as_words(self, key: str) -> None:
        kind = await self.kind(key)
        if kind == "hash":
            for name in await cast("Awaitable[list[bytes]]", self.client.hkeys(key)):
                await self.client.hset(key, name.decode(), "nan")
        else:
            await self.client.set(key, "-1e999")


_GARBAGE: dict[str, Callable[[Deployment, str], Awaitable[None]]] = {
    "text": Deployment.as_text,
    "list": Deployment.as_list,
    "huge": Deployment.as_huge,
    "words": Deployment.as_words,
}
GARBAGE = tuple(_GARBAGE)


def be_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a machine that stands still for a second makes a Redis of one that is away."""
    for module in ("connection", "shared"):
        monkeypatch.setattr(f"addon.redis.{module}.ANSWER_S", 20.0)


@asynccontextmanager
async def open_deployment() -> AsyncIterator[Deployment]:
    server = RedisServer()
    try:
        server.start()
        made = Deployment(server)
        yield made
        server.thaw()
        await made.close()
    finally:
        server.remove()


async def until(look: Callable[[], Awaitable[bool]], within_s: float = 60.0) -> None:
    async with asyncio.timeout(within_s):
        while not await look():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)
