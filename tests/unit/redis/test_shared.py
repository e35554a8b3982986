"""Whoever can do without Redis loses a second once, and never an error."""

import asyncio

import pytest
from redis.asyncio import Redis as Client

from addon.redis.connection import RedisDown
from addon.redis.once import Once
from addon.redis.shared import Shared
from addon.redis.slots import Room, Slots
from addon.redis.windows import Windows
from tests.unit.awake import awake
from tests.unit.redis.deployment import Deployment, until


async def ping(client: Client) -> bool:
    return bool(await client.ping())


async def lost_s(shared: Shared) -> float:
    """Seconds, as far as this process was let run."""
    async with awake() as passed:
        with pytest.raises(RedisDown):
            await shared.ask(ping)
        return passed()


async def asks(shared: Shared) -> bool:
    """Whether who finds Redis away has tried to ask it before: that alone may cost time."""
    asked = False

    async def work(_: Client) -> None:
        nonlocal asked
        asked = True

    with pytest.raises(RedisDown):
        await shared.ask(work)
    return asked


async def back(shared: Shared) -> None:
    async def here() -> bool:
        return not shared.away

    await until(here)
    assert await shared.ask(ping)


async def test_a_single_process_asks_nobody() -> None:
    assert Shared().away
    assert not await asks(Shared())


async def test_a_frozen_redis_costs_one_second_once_however_long_it_lasts(deployment: Deployment) -> None:
    shared = deployment.process()
    assert await shared.ask(ping)
    deployment.server.freeze()
    assert await lost_s(shared) < 1.5
    # Longer than the second in which a connection that failed is not tried again.
    for _ in range(25):
        assert not await asks(shared)
        await asyncio.sleep(0.1)
    deployment.server.thaw()
    await back(shared)


async def test_many_at_once_wait_for_a_frozen_redis_no_longer_than_one(deployment: Deployment) -> None:
    shared = deployment.process()
    assert await shared.ask(ping)
    deployment.server.freeze()
    async with awake() as passed:
        # More than there are connections.
        lost = await asyncio.gather(*(shared.ask(ping) for _ in range(60)), return_exceptions=True)
        assert passed() < 1.8
    assert all(isinstance(each, RedisDown) for each in lost)


async def test_a_redis_that_was_killed_is_found_again(deployment: Deployment) -> None:
    shared = deployment.process()
    deployment.server.kill()
    assert await lost_s(shared) < 1.5
    assert shared.away
    deployment.server.start()
    await back(shared)


async def test_what_was_seen_at_one_process_is_known_at_the_other(deployment: Deployment) -> None:
    one, other = (Once(deployment.process(), purpose="tokens") for _ in range(2))
    assert await one.first("a token", for_s=60)
    assert not await other.first("a token", for_s=60)
    assert await other.first("another", for_s=60)
    assert not any("token:" in key or "a token" in key for key in await deployment.keys())


async def test_nothing_is_refused_because_redis_is_away(deployment: Deployment) -> None:
    once = Once(deployment.process(), purpose="tokens")
    deployment.server.kill()
    assert await once.first("a token", for_s=60)
    assert await once.first("a token", for_s=60)


async def test_what_was_seen_is_forgotten_with_its_time(deployment: Deployment) -> None:
    once = Once(deployment.process(), purpose="tokens")
    assert await once.first("a token", for_s=0.05)

    async def again() -> bool:
        return await once.first("a token", for_s=0.05)

    await until(again)


async def test_garbage_under_every_key_makes_nobody_do_without_redis(deployment: Deployment) -> None:
    shared = deployment.process()
    windows, once = Windows(shared), Once(shared, purpose="tokens")
    slots = Slots(shared, purpose="streams")

    async def use() -> None:
        assert await windows.hit("person", "ann", most=100) == 0.0
        assert not shared.away
        slots.leave(await slots.take(Room(("ann",), 3)))
        assert not shared.away
        await once.first("a token", for_s=60)
        assert not shared.away

    place = await slots.take(Room(("ann",), 3))
    for kind in ("text", "list"):
        await use()
        assert await deployment.poison(kind) >= 2
        await use()
    slots.leave(place)
    await slots.close()


async def test_what_one_key_does_not_allow_takes_redis_from_nobody(deployment: Deployment) -> None:
    shared = deployment.process()
    await deployment.client.set("garbage", "x")
    with pytest.raises(RedisDown):
        await shared.ask(lambda client: client.lpush("garbage", "1"))
    assert not shared.away
    assert await shared.ask(ping)
