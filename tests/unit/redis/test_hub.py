"""Words between processes: all of them heard while Redis is there, silence survived while it is not."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from addon.observe.unbroken import END_S
from addon.redis.connection import Redis
from addon.redis.hub import LONGEST_WORD, MOST_WORDS, PAUSE_S, SILENCE_S, Hub
from tests.services import RedisServer, free_port


class Process:
    """What one process would have: a connection, a hub, and everything it has heard."""

    def __init__(self, url: str, *topics: str) -> None:
        self.redis = Redis(url, prefix="tests")
        self.hub = Hub(self.redis)
        self.heard: list[tuple[str, str]] = []
        for topic in topics or ("run",):
            self.hub.on(topic, self._hearer(topic))

    def _hearer(self, topic: str) -> Callable[[str], None]:
        return lambda word: self.heard.append((topic, word))

    @property
    def words(self) -> list[str]:
        return [word for _, word in self.heard if word]

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Process"]:
        try:
            async with self.hub.open():
                yield self
        finally:
            await self.redis.close()


@asynccontextmanager
async def processes(url: str, number: int = 2, *topics: str) -> AsyncIterator[list[Process]]:
    """So many of them, each hearing the others."""
    async with AsyncExitStack() as stack:
        made = [await stack.enter_async_context(Process(url, *topics).opened()) for _ in range(number)]
        await until(lambda: all(each.hub.hears for each in made))
        for each in made:
            each.heard.clear()
        yield made


async def until(condition: Callable[[], object], within_s: float = 60.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in a callback of the code under test
            await asyncio.sleep(0.01)


async def cpu_of(seconds: float) -> float:
    """CPU seconds this process uses while it does nothing but wait: the least of three times, for it may tidy up."""
    used = []
    for _ in range(3):
        began = time.process_time()
        await asyncio.sleep(seconds)
        used.append(time.process_time() - began)
    return min(used)


async def test_without_redis_the_process_hears_itself_and_is_sure_of_it() -> None:
    heard: list[str] = []
    hub = Hub()
    hub.on("run", heard.append)
    async with hub.open():
        assert hub.hears
        hub.tell("run", "a")
        hub.tell("other", "b")
    assert heard == ["a"]


async def test_a_word_is_heard_once_by_everybody_and_by_who_said_it(server: RedisServer) -> None:
    async with processes(server.url, 3) as (one, two, three):
        one.hub.tell("run", "é 7")
        assert one.heard == [("run", "é 7")]
        await until(lambda: two.heard and three.heard)
        await asyncio.sleep(0.1)
        assert [each.heard for each in (one, two, three)] == [[("run", "é 7")]] * 3


async def test_topics_are_kept_apart(server: RedisServer) -> None:
    async with processes(server.url, 2, "run", "tenant") as (one, two):
        one.hub.tell("tenant", "acme")
        one.hub.tell("run")
        one.hub.tell("nobody hears this", "x")
        await until(lambda: len(two.heard) == 2)
        assert sorted(two.heard) == [("run", ""), ("tenant", "acme")]


async def test_equal_words_of_a_moment_travel_together(server: RedisServer) -> None:
    async with processes(server.url) as (one, two):
        for number in range(1_000):
            one.hub.tell("run", str(number % 10))
        await until(lambda: len(two.heard) >= 10)
        await asyncio.sleep(0.1)
        assert sorted(two.words) == sorted(map(str, range(10)))


async def test_too_many_words_become_the_one_that_some_were_missed(server: RedisServer) -> None:
    async with processes(server.url, 2, "run", "tenant") as (one, two):
        one.hub.tell("tenant", "acme")
        for number in range(3 * MOST_WORDS):
            one.hub.tell("run", str(number))
            assert len(list(one.hub._unsaid)) <= MOST_WORDS + 1
        await until(lambda: ("run", "") in two.heard and ("tenant", "acme") in two.heard)
        # That something may be missed costs a topic everything that was known: no other one pays for it.
        assert ("tenant", "") not in two.heard


async def test_flood_of_words_that_arrive_on_one_topic_leaves_the_others_theirs() -> None:
    hub, heard = Hub(), list[tuple[str, str]]()
    for topic in ("run", "tenant"):
        hub.on(topic, lambda word, topic=topic: heard.append((topic, word)))  # type: ignore[misc]
    sites = [f"site-{number}" for number in range(10)]
    for site in sites:
        hub._arrived("tenant", f"other {site}".encode())
    for number in range(3 * MOST_WORDS):
        hub._arrived("run", b"other %d" % number)
    await until(lambda: heard)
    assert [word for topic, word in heard if topic == "tenant"] == sites
    assert ("run", "") in heard


async def test_it_hears_again_after_redis_was_killed_and_that_some_may_be_missed(server: RedisServer) -> None:
    async with processes(server.url) as (one, two):
        server.kill()
        await until(lambda: not two.hub.hears)
        one.hub.tell("run", "said while nobody carried it")
        server.start()
        await until(lambda: ("run", "") in two.heard)
        one.hub.tell("run", "after")
        await until(lambda: "after" in two.words)


async def test_a_word_that_could_not_be_sent_is_sent_later(server: RedisServer) -> None:
    """Else a listener whose own connection held would never know that there was something to hear."""
    async with processes(server.url) as (one, two):
        one.redis._away_until = time.monotonic() + 1.0
        one.hub.tell("run", "a")
        await until(lambda: two.heard)
        assert two.heard == [("run", "a")]


async def test_a_frozen_redis_is_noticed_and_holds_nobody(server: RedisServer) -> None:
    async with processes(server.url) as (one, two):
        server.freeze()
        took = []
        for number in range(5):
            began = time.monotonic()
            one.hub.tell("run", f"frozen {number}")
            took.append(time.monotonic() - began)
        # Whoever waited would do so each time.
        assert min(took) < 0.05
        await until(lambda: not (one.hub.hears or two.hub.hears), within_s=2 * SILENCE_S + 20)
        server.thaw()
        await until(lambda: two.hub.hears and ("run", "") in two.heard)


async def test_silence_alone_is_no_reason_to_doubt(server: RedisServer) -> None:
    async with processes(server.url) as (one, two):
        # A machine that stands still is silent too, but not each time.
        for _ in range(3):
            two.heard.clear()
            await asyncio.sleep(2 * SILENCE_S + 0.5)
            if one.hub.hears and not two.heard:
                break
        assert one.hub.hears
        # Whoever had begun anew would have been told that something may be missed.
        assert two.heard == []


async def test_who_is_cut_off_alone_learns_that_it_missed_something(server: RedisServer) -> None:
    async with processes(server.url) as (one, two):
        server.command("CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: ("run", "") in two.heard)
        one.hub.tell("run", "after")
        await until(lambda: "after" in two.words)


async def test_a_redis_that_comes_later_than_we_do() -> None:
    late = RedisServer()
    try:
        async with AsyncExitStack() as stack:
            one, two = [await stack.enter_async_context(Process(late.url).opened()) for _ in range(2)]
            one.hub.tell("run", "early")
            assert one.heard == [("run", "early")]
            assert not one.hub.hears
            late.start()
            # Heard as said, or as something that was missed: whichever of the two was there first.
            await until(lambda: two.hub.hears and two.heard)
            await until(lambda: one.hub.hears)
            one.hub.tell("run", "later")
            await until(lambda: "later" in two.words)
    finally:
        late.remove()


async def test_it_costs_next_to_nothing_while_redis_is_away_or_silent(server: RedisServer) -> None:
    async with processes(server.url) as (one, _):
        assert await cpu_of(1.5) < 0.15
        server.kill()
        one.hub.tell("run", "x")
        assert await cpu_of(2.0) < 0.3


async def test_garbage_is_passed_over(server: RedisServer) -> None:
    async with processes(server.url, 2, "run", "tenant") as (one, two):
        for garbage in (b"", b" ", b"\xff\xfe", b"no-origin", b"x " + b"y" * LONGEST_WORD, b"\x80\x02}q\x00."):
            await one.redis.client.publish("tests:hub:run", garbage)
        await one.redis.client.publish("tests:hub:run", b"stranger \xff")
        await one.redis.client.publish("tests:hub:tenant", b"0" * 1_000_000)
        one.hub.tell("run", "good")
        await until(lambda: "good" in two.words)
        assert set(two.words) <= {"good", "\ufffd", "\ufffd\ufffd"}
        assert two.hub.hears


async def test_a_flood_of_strange_words_is_heard_as_few(server: RedisServer) -> None:
    async with processes(server.url) as (one, two):
        pipeline = one.redis.client.pipeline(transaction=False)
        for number in range(20_000):
            pipeline.publish("tests:hub:run", b"stranger " + str(number % 3).encode())
        await pipeline.execute()
        one.hub.tell("run", "good")
        await until(lambda: "good" in two.words)
        assert len(two.heard) < 2_000


async def test_a_hearer_that_stumbles_keeps_nobody_from_hearing(server: RedisServer) -> None:
    async with Process(server.url, "run", "run").opened() as one:
        one.hub._hearers["run"].insert(0, lambda word: [][1])
        one.hub.tell("run", "a")
        assert one.words == ["a", "a"]
        async with processes(server.url, 1) as (other,):
            await until(lambda: one.hub.hears)
            other.hub.tell("run", "b")
            await until(lambda: one.words[-1] == "b")


async def test_something_else_than_a_redis_makes_nobody_give_up() -> None:
    """A server of another kind on the port, and in its place a real one later."""
    port = free_port()

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n*1\r\n:5\r\n%zz\r\n\x00\xff")
        await writer.drain()
        writer.close()

    stranger = await asyncio.start_server(speak, "127.0.0.1", port)
    real = RedisServer()
    real.port = port
    try:
        async with Process(real.url).opened() as one:
            one.hub.tell("run", "a")
            await asyncio.sleep(3 * PAUSE_S)
            assert not one.hub.hears
            stranger.close()
            await stranger.wait_closed()
            real.start()
            await until(lambda: one.hub.hears)
    finally:
        real.remove()


@pytest.mark.parametrize("trouble", ["none", "killed", "frozen", "never there"])
async def test_it_ends_promptly_and_says_its_last_words(server: RedisServer, trouble: str) -> None:
    url = "redis://127.0.0.1:1/0" if trouble == "never there" else server.url
    listener = Process(server.url)
    async with listener.opened():
        await until(lambda: listener.hub.hears)
        one = Process(url)
        async with one.opened():
            if trouble != "never there":
                await until(lambda: one.hub.hears)
            if trouble == "killed":
                server.kill()
            if trouble == "frozen":
                server.freeze()
            one.hub.tell("run", "the last word")
            began = time.monotonic()
        assert time.monotonic() - began < 15
        if trouble == "none":
            await until(lambda: "the last word" in listener.words)
        server.thaw()


async def test_a_listener_that_does_not_hear_the_end_is_not_waited_for(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(_: Hub, __: Redis) -> None:
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)

    monkeypatch.setattr(Hub, "_listen", deaf)
    async with Process(server.url).opened():
        await asyncio.sleep(0)
        began = time.monotonic()
    assert time.monotonic() - began < END_S + 15
