"""One look serves many, and never one whose own earlier attempt it did not see."""

import asyncio

import pytest

from addon.targets.looks import Looks


class Place:
    def __init__(self) -> None:
        self.asked = 0
        self.now = 100.0

    async def ask(self) -> int:
        self.asked += 1
        await asyncio.sleep(0)
        return self.asked


async def test_many_who_ask_at_once_share_one_answer() -> None:
    place = Place()
    looks: Looks[int] = Looks(lambda: place.now)
    found = await asyncio.gather(*(looks.at("a", place.ask, since=90.0) for _ in range(30)))
    assert (set(found), place.asked) == ({1}, 1)
    assert await looks.at("b", place.ask, since=90.0) == 2


async def test_a_look_from_before_the_moment_does_not_count() -> None:
    place = Place()
    looks: Looks[int] = Looks(lambda: place.now, keep_s=60)
    await looks.at("a", place.ask, since=0.0)
    assert await looks.at("a", place.ask, since=100.5) == 2
    place.now += 61
    assert await looks.at("a", place.ask, since=0.0) == 3


async def test_a_look_that_failed_is_taken_again() -> None:
    place = Place()
    looks: Looks[int] = Looks(lambda: place.now)

    async def fail() -> int:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        await looks.at("a", fail, since=0.0)
    assert await looks.at("a", place.ask, since=0.0) == 1


async def test_it_does_not_grow_for_ever() -> None:
    place = Place()
    looks: Looks[int] = Looks(lambda: place.now)
    for number in range(1_200):
        await looks.at(number, place.ask, since=0.0)
    assert len(looks._known) <= 500
