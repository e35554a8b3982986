"""Calls a minute, counted together by all processes."""

import pytest

from addon.redis.shared import Shared
from addon.redis.windows import Windows
from tests.unit.redis.deployment import GARBAGE, Deployment

pytestmark = pytest.mark.usefixtures("one_minute")


async def passed(*windows: Windows, times: int, most: int = 5, who: str = "ann") -> int:
    """How many of `times` calls at each process were let through."""
    return sum([not await each.hit("person", "tenant", who, most=most) for _ in range(times) for each in windows])


async def test_a_single_process_counts_in_its_memory() -> None:
    windows = Windows(Shared())
    assert await passed(windows, times=8) == 5
    assert 1.0 <= await windows.hit("person", "tenant", "ann", most=5) <= 60.0
    assert await passed(windows, times=3, who="bob") == 3
    assert await passed(windows, times=3, who="") == 3


async def test_processes_count_together(deployment: Deployment) -> None:
    windows = [Windows(deployment.process()) for _ in range(3)]
    assert await passed(*windows, times=4) == 5
    for each in windows:
        assert 1.0 <= await each.hit("person", "tenant", "ann", most=5) <= 60.0
    assert await passed(*windows, times=1, who="bob") == 3


async def test_a_call_costs_one_question(deployment: Deployment) -> None:
    windows = Windows(deployment.process())
    await windows.hit("person", "tenant", "ann", most=100)
    before = await deployment.questions()
    assert await passed(windows, times=20, most=100) == 20
    assert await deployment.questions() - before == 20


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_a_process_counts_alone_while_redis_is_away(deployment: Deployment, how: str) -> None:
    one, other = (Windows(deployment.process()) for _ in range(2))
    assert await passed(one, other, times=4) == 5
    if how == "killed":
        deployment.server.kill()
    else:
        deployment.server.freeze()
    # Looser, never stricter: each lets through what all may do together.
    assert await passed(one, times=8) == 5
    assert await passed(other, times=8) == 5


async def test_counts_that_redis_forgot_begin_anew(deployment: Deployment) -> None:
    windows = Windows(deployment.process())
    assert await passed(windows, times=8) == 5
    await deployment.client.flushall()
    assert await passed(windows, times=8) == 5


@pytest.mark.parametrize("kind", GARBAGE)
@pytest.mark.parametrize("used", [2, 5])
async def test_garbage_counts_as_nothing_and_keeps_nobody_out(deployment: Deployment, kind: str, used: int) -> None:
    windows = Windows(deployment.process())
    assert await passed(windows, times=used) == used
    assert await deployment.poison(kind) >= 1
    assert await passed(windows, times=8) == 5
    # The key is sound again: it ends by itself.
    assert all([0 < await deployment.client.pttl(key) <= 120_000 for key in await deployment.keys()])


async def test_a_full_window_without_an_end_is_not_believed(deployment: Deployment) -> None:
    windows = Windows(deployment.process())
    assert await passed(windows, times=5) == 5
    for key in await deployment.keys():
        await deployment.client.persist(key)
    assert await windows.hit("person", "tenant", "ann", most=5) == 0.0
