"""At most so many at a time over all processes, and nobody's places are lost with them."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from addon.redis.shared import Shared
from addon.redis.slots import Full, Place, Room, Slots
from tests.unit.redis.deployment import GARBAGE, Deployment, until

ANN, SITE = Room(("tenant", "ann"), 2), Room(("tenant",), 3)
LEASE_S = 3.0
"""Whoever holds a place may be kept from saying so for a second or two."""


async def fits(slots: Slots, *rooms: Room) -> bool:
    """Whether somebody else fits in; leaves at once."""
    try:
        slots.leave(await slots.take(*(rooms or (ANN, SITE))))
    except Full:
        return False
    return True


def processes(deployment: Deployment, exit_: AsyncExitStack, count: int = 2) -> list[Slots]:
    made = [Slots(deployment.process(), purpose="streams", lease_s=LEASE_S) for _ in range(count)]
    for each in made:
        exit_.push_async_callback(each.close)
    return made


async def freed(slots: Slots) -> None:
    async def look() -> bool:
        return await fits(slots)

    await until(look)


async def test_a_single_process_counts_in_its_memory() -> None:
    slots = Slots(Shared(), purpose="streams")
    first, second = await slots.take(ANN, SITE), await slots.take(ANN, SITE)
    with pytest.raises(Full) as refused:
        await slots.take(ANN, SITE)
    assert refused.value.room is ANN
    bob = Room(("tenant", "bob"), 2)
    third = await slots.take(bob, SITE)
    with pytest.raises(Full) as refused:
        await slots.take(bob, SITE)
    assert refused.value.room is SITE
    for place in (first, second, third):
        slots.leave(place)
    assert not slots._here
    assert await fits(slots)


async def test_processes_share_the_rooms(deployment: Deployment) -> None:
    async with AsyncExitStack() as exit_:
        one, other = processes(deployment, exit_)
        mine, theirs = await one.take(ANN, SITE), await other.take(ANN, SITE)
        for each in (one, other):
            with pytest.raises(Full) as refused:
                await each.take(ANN, SITE)
            assert refused.value.room is ANN
        one.leave(mine)
        await freed(other)
        other.leave(theirs)
        await freed(one)


async def test_the_last_place_is_taken_once(deployment: Deployment) -> None:
    async with AsyncExitStack() as exit_:
        slots = processes(deployment, exit_, 4)
        taken = await asyncio.gather(*(s.take(ANN, SITE) for s in slots for _ in range(5)), return_exceptions=True)
        assert sum(isinstance(each, Place) for each in taken) == 2
        assert all(isinstance(each, Place | Full) for each in taken)


async def test_a_refusal_takes_nothing(deployment: Deployment) -> None:
    async with AsyncExitStack() as exit_:
        one, other = processes(deployment, exit_)
        for _ in range(2):
            await one.take(ANN, SITE)
        for _ in range(5):
            assert not await fits(other)
        assert await fits(other, Room(("tenant", "bob"), 2), SITE)


async def test_a_place_is_kept_beyond_its_lease_and_given_back_at_the_end(deployment: Deployment) -> None:
    async with AsyncExitStack() as exit_:
        one, other = processes(deployment, exit_)
        for _ in range(2):
            await one.take(ANN, SITE)
        until_ = time.monotonic() + 1.5 * LEASE_S
        while time.monotonic() < until_:
            assert not await fits(other)
            await asyncio.sleep(0.05)
        await one.close()
        assert await fits(other)


async def test_the_places_of_a_killed_process_come_free(deployment: Deployment) -> None:
    async with AsyncExitStack() as exit_:
        (other,) = processes(deployment, exit_, 1)
        killed = Slots(deployment.process(), purpose="streams", lease_s=LEASE_S)
        for _ in range(2):
            await killed.take(ANN, SITE)
        task = killed._holding._task
        assert task is not None
        task.cancel()
        assert not await fits(other)
        started = time.monotonic()
        await freed(other)
        assert time.monotonic() - started < 3 * LEASE_S


async def test_places_that_redis_forgot_are_known_again_after_a_while(deployment: Deployment) -> None:
    async with AsyncExitStack() as exit_:
        one, other = processes(deployment, exit_)
        for _ in range(2):
            await one.take(ANN, SITE)
        await deployment.client.flushall()

        async def full() -> bool:
            return not await fits(other)

        await until(full)


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_a_process_counts_alone_while_redis_is_away_and_together_again_after(
    deployment: Deployment, how: str
) -> None:
    async with AsyncExitStack() as exit_:
        one, other = processes(deployment, exit_)
        await one.take(ANN, SITE)
        if how == "killed":
            deployment.server.kill()
        else:
            deployment.server.freeze()
        started = time.monotonic()
        await one.take(ANN, SITE)
        assert not await fits(one)
        assert await fits(other)
        assert time.monotonic() - started < 10
        if how == "killed":
            deployment.server.start()
        else:
            deployment.server.thaw()

        async def full() -> bool:
            return not await fits(other)

        await until(full)


@pytest.mark.parametrize("kind", GARBAGE)
async def test_garbage_keeps_nobody_out(deployment: Deployment, kind: str) -> None:
    async with AsyncExitStack() as exit_:
        one, other = processes(deployment, exit_)
        for _ in range(2):
            await one.take(ANN, SITE)
        assert await deployment.poison(kind) == 2
        # Those inside make themselves known again, and only they count.
        await until(lambda: _holds(deployment, 2))
        assert not await fits(other)
        await one.close()
        await freed(other)


async def _holds(deployment: Deployment, count: int) -> bool:
    key = next(key for key in await deployment.keys() if key.endswith(":ann"))
    return await deployment.kind(key) == "zset" and await deployment.client.zcard(key) >= count


async def test_a_place_whose_taking_was_broken_off_is_given_back(deployment: Deployment) -> None:
    async with AsyncExitStack() as exit_:
        one, other = processes(deployment, exit_)
        await one.take(ANN, SITE)
        for turns in range(6):
            taking = asyncio.create_task(one.take(ANN, SITE))
            for _ in range(turns):
                await asyncio.sleep(0)
            broken_off = taking.cancel()
            (end,) = await asyncio.gather(taking, return_exceptions=True)
            # The client would hand out an answer that came with the cancellation as if there had been none.
            assert isinstance(end, asyncio.CancelledError) == broken_off
            if isinstance(end, Place):
                one.leave(end)
        await freed(other)
        assert sum(one._here.values()) == 2
