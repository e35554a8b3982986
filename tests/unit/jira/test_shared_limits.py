"""Several processes at the same Jira sites: what Jira bears is counted over all of them, or alone while Redis is away.

Each limiter stands for a process: it has connections of its own.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from redis.asyncio import Redis as Client

from addon.jira.errors import JiraBusy, JiraSpent
from addon.jira.gates import WRITE_GAP_S, Passage
from addon.jira.limiter import IN_FLIGHT, Limiter
from addon.jira.limits import Ease, Pause
from addon.jira.points import HOUR_S, Points
from addon.jira.shared_gates import LEASE_S, SharedGates
from addon.redis.connection import RedisDown
from tests.unit.awake import awake
from tests.unit.redis.deployment import GARBAGE, Deployment, until

READ = Passage("c", "issue.get", points=2)
OTHER = Passage("d", "issue.get", points=2)
BY_ITSELF = Passage("c", "issue.get", points=2, automatic=True)


def write(issue: str = "A-1") -> Passage:
    return Passage("c", "issue.edit", "PUT", issue)


@pytest.fixture(autouse=True)
async def one_hour() -> None:
    """Points begin anew with every hour: no test stands with one foot in the next."""
    left_s = HOUR_S - time.time() % HOUR_S
    if left_s < 30:
        await asyncio.sleep(left_s + 1)


def process(deployment: Deployment, points: int = 0) -> Limiter:
    counted = Points(points)
    return Limiter(SharedGates(deployment.process(), counted, places=IN_FLIGHT), points=counted)


@asynccontextmanager
async def processes(deployment: Deployment, count: int = 2, *, points: int = 0) -> AsyncIterator[list[Limiter]]:
    async with AsyncExitStack() as exit_:
        made = [process(deployment, points) for _ in range(count)]
        for each in made:
            exit_.push_async_callback(each.close)
        yield made


@dataclass
class Site:
    """A pretend Jira: how many requests were there at a time, and when each of them came."""

    now: int = 0
    most: int = 0
    came: list[float] = field(default_factory=list)

    async def asked(
        self, limiter: Limiter, passage: Passage = READ, *, patience_s: float = 20.0, takes_s: float = 0.02
    ) -> None:
        async with limiter.slot(passage, patience_s=patience_s):
            self.came.append(time.monotonic())
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(takes_s)
            self.now -= 1

    def is_spaced(self, gap_s: float, *, began: float) -> bool:
        """Whether nobody came before its turn. One that is late takes nothing from the turns after it."""
        return all(at - began >= number * gap_s for number, at in enumerate(sorted(self.came)))


async def refused(limiter: Limiter, passage: Passage = READ, *, patience_s: float = 0.5) -> float:
    """Seconds after which it is worth coming back; 0.0 when it was let through."""
    try:
        async with limiter.slot(passage, patience_s=patience_s):
            return 0.0
    except JiraBusy as busy:
        return busy.retry_after_s or 0.0


async def told(limiter: Limiter) -> None:
    """Until what it has to say is said."""
    gates = limiter._together
    assert isinstance(gates, SharedGates)

    async def look() -> bool:
        return not gates._telling

    await until(look)


async def shut(limiter: Limiter, passage: Passage = READ) -> None:
    """Until the process has heard that it may not pass."""

    async def look() -> bool:
        return await refused(limiter, passage) > 0

    await until(look)


async def test_at_most_eight_requests_of_a_site_are_in_flight_over_all_processes(deployment: Deployment) -> None:
    site = Site()
    async with processes(deployment, 3) as limiters:
        await asyncio.gather(*(site.asked(limiter, takes_s=0.1) for limiter in limiters for _ in range(20)))
    assert len(site.came) == 60
    assert site.most == IN_FLIGHT


async def test_a_request_costs_one_question_and_its_place_none(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site()
    # Long enough for the next question, however slowly they follow each other here.
    monkeypatch.setattr("addon.redis.holding.RELEASE_S", 5.0)
    async with processes(deployment, 1) as (limiter,):
        await site.asked(limiter, takes_s=0)
        before = await deployment.questions()
        for _ in range(50):
            await site.asked(limiter, takes_s=0)
        # The last place leaves by itself; all others were given back along with the next question.
        assert 50 <= await deployment.questions() - before <= 53


async def test_a_single_process_asks_nobody() -> None:
    site, limiter = Site(), Limiter(points=Points(65_000))
    await asyncio.gather(*(site.asked(limiter) for _ in range(20)))
    assert site.most == IN_FLIGHT
    assert limiter.points.used == 40


async def test_places_of_a_process_that_was_killed_come_free(deployment: Deployment) -> None:
    async with processes(deployment, 1) as (limiter,), AsyncExitStack() as exit_:
        counted = Points()
        gates = SharedGates(deployment.process(), counted, places=IN_FLIGHT)
        killed = Limiter(gates, points=counted)
        for _ in range(IN_FLIGHT):
            await exit_.enter_async_context(killed.slot(READ, patience_s=1))
        keeping = gates._holding._task
        assert keeping is not None
        keeping.cancel()
        assert await refused(limiter) > 0
        started = time.monotonic()
        await Site().asked(limiter)
        assert time.monotonic() - started < 3 * LEASE_S


async def test_a_pause_that_one_process_is_told_holds_back_all(deployment: Deployment) -> None:
    async with processes(deployment) as (one, other):
        one.pause(READ, Pause(60, "site"))
        await shut(other)
        assert await refused(other) > 50
        assert not await refused(other, OTHER)
        one.pause(READ, Pause(1, "site"))
        await asyncio.sleep(0.1)
        assert await refused(other) > 50


@pytest.mark.parametrize(
    ("scope", "shuts", "leaves_open"),
    [
        ("everywhere", [READ, OTHER, write()], []),
        ("site", [READ, write()], [OTHER]),
        ("endpoint", [READ], [write(), OTHER]),
        ("issue", [], [READ, OTHER, write("A-2")]),
    ],
)
async def test_a_pause_reaches_as_far_as_it_was_meant(
    deployment: Deployment, scope: str, shuts: list[Passage], leaves_open: list[Passage]
) -> None:
    async with processes(deployment) as (one, other):
        told = write() if scope == "issue" else READ
        one.pause(told, Pause(60, scope))  # type: ignore[arg-type]
        await shut(other, told)
        for passage in shuts:
            assert await refused(one, passage) > 50
            assert await refused(other, passage) > 50
        for passage in leaves_open:
            assert not await refused(one, passage)
            assert not await refused(other, passage)


async def test_writes_to_one_issue_are_spaced_over_all_processes(deployment: Deployment) -> None:
    site, elsewhere = Site(), Site()
    async with processes(deployment, 3) as limiters, awake() as passed:
        began = time.monotonic()
        await asyncio.gather(
            *(site.asked(limiter, write()) for limiter in limiters for _ in range(2)),
            *(elsewhere.asked(limiter, write(f"B-{n}")) for n, limiter in enumerate(limiters)),
            *(elsewhere.asked(limiter) for limiter in limiters),
        )
        assert passed() < WRITE_GAP_S * 8
    assert site.is_spaced(WRITE_GAP_S * 0.95, began=began)
    assert max(elsewhere.came) < site.came[-1]


async def test_a_burst_at_one_endpoint_is_spread_over_all_processes(deployment: Deployment) -> None:
    passage = Passage("c", "field.list", "PUT")
    site, most = Site(), passage.burst_per_s
    async with processes(deployment, 2) as limiters:
        began = time.monotonic()
        await asyncio.gather(*(site.asked(limiter, passage, takes_s=0) for limiter in limiters for _ in range(50)))
    # What a second grants may go at once, everything beyond it at the pace of the refill.
    assert max(site.came) - began >= (100 - most) / most * 0.9
    assert len(site.came) == 100


async def test_points_are_counted_together_and_end_with_the_hour(deployment: Deployment) -> None:
    async with processes(deployment, 2, points=100) as (one, other):
        for _ in range(20):
            await Site().asked(one, takes_s=0)
        one.spent(30)
        await Site().asked(one, takes_s=0)
        await Site().asked(other, takes_s=0)
        assert other.points.used == 74
        for _ in range(13):
            await Site().asked(other, takes_s=0)
        for limiter in (one, other):
            with pytest.raises(JiraSpent) as spent:
                await Site().asked(limiter)
            left_s = HOUR_S - time.time() % HOUR_S
            assert abs((spent.value.retry_after_s or 0) - left_s) < 5


async def test_what_nobody_waits_for_leaves_the_last_points_to_people(deployment: Deployment) -> None:
    async with processes(deployment, 2, points=1000) as (one, other):
        assert not await refused(one, BY_ITSELF)
        one.spent(800)
        await Site().asked(one, takes_s=0)
        # Spread: 150 points for the rest of the hour.
        assert not await refused(other)
        began = time.monotonic()
        waits = [await refused(each, BY_ITSELF, patience_s=0.1) for each in (other, other, one, other)]
        left_s = HOUR_S - time.time() % HOUR_S
        turn_s = left_s * BY_ITSELF.points / 150
        assert sum(not wait for wait in waits) <= 1 + (time.monotonic() - began + 0.1) / turn_s
        assert max(waits) <= left_s + 5
        assert not await refused(one)
        one.spent(150)
        await Site().asked(one, takes_s=0)
        assert not await refused(other)
        for each in (one, other):
            assert abs(await refused(each, BY_ITSELF) - left_s) < 5
            assert not await refused(each)


async def test_scarce_room_slows_down_what_nobody_waits_for_and_nothing_else(deployment: Deployment) -> None:
    async with processes(deployment) as (one, other):
        one.ease(READ, Ease(100, 1000, "site"))
        site = Site()
        await told(one)
        began = time.monotonic()
        await asyncio.gather(*(site.asked(each, BY_ITSELF, takes_s=0) for each in (one, other) for _ in range(2)))
        assert site.is_spaced(0.19, began=began)  # 0.1 s a point, two points each
        people = Site()
        async with awake() as passed:
            await asyncio.gather(*(people.asked(each, takes_s=0) for each in (one, other) for _ in range(4)))
            assert passed() < 1.0
        assert not await refused(other, Passage("d", "issue.get", automatic=True))


async def test_a_scarce_burst_slows_down_its_endpoint_for_everybody(deployment: Deployment) -> None:
    async with processes(deployment) as (one, other):
        one.ease(READ, Ease(60, 300, "endpoint"))
        await told(one)
        site, began = Site(), time.monotonic()
        await asyncio.gather(*(site.asked(each, takes_s=0) for each in (one, other) for _ in range(3)))
        assert site.is_spaced(0.19, began=began)
        async with awake() as passed:
            await Site().asked(other, Passage("c", "comment.list"), takes_s=0)
            assert passed() < 0.5


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_a_process_goes_on_alone_while_redis_is_away_and_together_again_after(
    deployment: Deployment, how: str
) -> None:
    site = Site()
    async with processes(deployment, 2, points=100_000) as (one, other):
        one.pause(OTHER, Pause(60, "site"))
        one.spent(95_000)
        await Site().asked(one, takes_s=0)
        if how == "killed":
            deployment.server.kill()
        else:
            deployment.server.freeze()
        async with awake() as passed:
            await asyncio.gather(*(site.asked(one, takes_s=0.01) for _ in range(30)))
            assert passed() < 2.5
        assert site.most <= IN_FLIGHT
        # What it knew it still knows.
        assert await refused(one, OTHER) > 50
        assert one.points.used == 95_062
        assert await refused(one, BY_ITSELF) > 0
        if how == "killed":
            deployment.server.start()
        else:
            deployment.server.thaw()

        async def known() -> bool:
            await Site().asked(one, takes_s=0)
            await Site().asked(other, takes_s=0)
            return other.points.used >= 95_062

        await until(known)
        assert one.points.used < 96_000


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_points_that_each_used_while_redis_was_away_are_added_up_exactly_once(
    deployment: Deployment, how: str
) -> None:
    asked = 0
    async with processes(deployment, 3, points=100_000) as limiters:

        async def all_ask(times: int = 1) -> None:
            nonlocal asked
            for limiter in limiters:
                for _ in range(times):
                    await Site().asked(limiter, takes_s=0)
                    asked += 1

        await all_ask()
        # A server that was killed knows no more than whoever asks first, and nobody had asked since the last one.
        forgotten = asked * READ.points if how == "killed" else 0
        if how == "killed":
            deployment.server.kill()
        else:
            deployment.server.freeze()
        await all_ask(10)
        for limiter in limiters:
            limiter.spent(100)
        if how == "killed":
            deployment.server.start()
        else:
            deployment.server.thaw()

        def missing() -> int:
            return asked * READ.points + 300 - limiters[-1].points.used

        async def agreed() -> bool:
            await all_ask()
            return 0 <= missing() <= forgotten

        await until(agreed)
        await all_ask(5)
        assert 0 <= missing() <= forgotten


async def test_what_was_counted_without_our_hearing_of_it_counts_once(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with processes(deployment, 2, points=1000) as (one, other):
        shared = one._together._shared  # type: ignore[union-attr]
        ask = shared.ask

        async def unheard(work: Callable[[Client], Awaitable[Any]]) -> Any:
            await ask(work)
            raise RedisDown

        one.spent(30)
        with monkeypatch.context() as patched:
            patched.setattr(shared, "ask", unheard)
            for _ in range(3):
                await Site().asked(one, takes_s=0)
        assert one.points.used == 36
        await Site().asked(one, takes_s=0)
        await Site().asked(other, takes_s=0)
        assert other.points.used == 40


async def test_what_redis_forgot_comes_back_from_whoever_knows_it(deployment: Deployment) -> None:
    async with processes(deployment, 2, points=1000) as (one, other):
        one.spent(500)
        await Site().asked(one, takes_s=0)
        await deployment.client.flushall()
        await Site().asked(one, takes_s=0)
        await Site().asked(other, takes_s=0)
        assert other.points.used == 506


@pytest.mark.parametrize("kind", GARBAGE)
async def test_garbage_counts_as_nothing_and_keeps_nobody_out(deployment: Deployment, kind: str) -> None:
    passages = [READ, OTHER, write(), BY_ITSELF]
    async with processes(deployment, 2, points=1000) as (one, other):
        one.ease(READ, Ease(0.01, 10, "site"))
        for each in passages:
            await Site().asked(one, each, takes_s=0)
        # The places that were given back are gone by now, and the gate of an issue goes soon.
        assert await deployment.poison(kind) >= 4
        site = Site()
        await asyncio.gather(*(site.asked(limiter, each, takes_s=0) for limiter in (one, other) for each in passages))
        assert len(site.came) == 8
        assert other.points.used <= 100
        # Nothing stays for ever; what has gone meanwhile has a time of -2.
        assert all([await deployment.client.pttl(key) != -1 for key in await deployment.keys()])


@pytest.mark.parametrize("used", ["9" * 300, "inf", "-50", "a few"])
async def test_points_that_nobody_can_have_used_count_as_none(deployment: Deployment, used: str) -> None:
    async with processes(deployment, 2, points=1000) as (one, other):
        await Site().asked(one, takes_s=0)
        (key,) = [key for key in await deployment.keys() if key.endswith(":points")]
        assert await deployment.client.hset(key, "used", used) == 0
        await Site().asked(other, takes_s=0)
        assert other.points.used == 2


async def test_a_request_that_is_broken_off_leaves_no_place_taken(deployment: Deployment) -> None:
    site = Site()
    async with processes(deployment, 2) as (one, other):
        for turns in range(30):
            task = asyncio.create_task(site.asked(one, takes_s=0.05))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        fresh = Site()
        async with awake() as passed:
            await asyncio.gather(*(fresh.asked(other, takes_s=2) for _ in range(IN_FLIGHT)))
            # A place that nobody gave back is free only when its lease is over.
            assert passed() < LEASE_S
        assert fresh.most == IN_FLIGHT


async def test_keys_hold_ids_and_numbers_only(deployment: Deployment) -> None:
    async with processes(deployment, 1, points=1000) as (one,):
        one.ease(READ, Ease(5, 10, "endpoint"))
        await Site().asked(one, write(), takes_s=0)
        await Site().asked(one, takes_s=0)
        kinds: Counter[str] = Counter()
        for key in await deployment.keys():
            kinds[await deployment.kind(key)] += 1
            assert await deployment.client.pttl(key) != -1
        # Places that are given back are gone in this moment or the next.
        assert kinds.keys() <= {"hash", "zset", "none"}
