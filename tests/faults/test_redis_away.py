"""F2, F26: a Redis that is not there, says nothing, forgets everything or tells lies costs time and no work."""

import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.faults.ground import Ground
from tests.stack import eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

WAVE = 20
LONGEST_S = 3.0
"""What the absence of Redis may add to an answer."""
PREFIX = b"jiravision:"


@contextmanager
def killed(ground: Ground) -> Iterator[None]:
    ground.redis.kill()
    try:
        yield
    finally:
        ground.redis.start()


@contextmanager
def frozen(ground: Ground) -> Iterator[None]:
    ground.redis.freeze()
    try:
        yield
    finally:
        ground.redis.thaw()


@contextmanager
def paused(ground: Ground) -> Iterator[None]:
    ground.redis.command("CLIENT", "PAUSE", "8000", "ALL")
    with pytest.raises(TimeoutError):
        ground.redis.command("PING")
    yield


@contextmanager
def emptied(ground: Ground) -> Iterator[None]:
    ground.redis.command("FLUSHALL")
    yield


@pytest.mark.parametrize("away", [killed, frozen, paused, emptied], ids=lambda way: str(way.__name__))
def test_work_goes_on_without_redis_and_nobody_waits_for_it(faulty: Ground, away: Callable[[Ground], Any]) -> None:
    # The machine may have other things to do as well.
    faulty.issues(WAVE)
    usual_s = max(asked_s(faulty), slowest_s(faulty))
    with away(faulty):
        faulty.issues(WAVE)
        assert asked_s(faulty) < usual_s + LONGEST_S
        assert faulty.ready() == 200
        eventually(lambda: faulty.commented() == 2 * WAVE, "comment on every issue, Redis being away", 60)
    assert [attempt.get("status") for attempt in attempts(faulty)] == [204] * 2 * WAVE
    assert slowest_s(faulty) < usual_s + LONGEST_S


def asked_s(ground: Ground) -> float:
    """How long a person waits for an answer."""
    began = time.monotonic()
    assert ground.site().api("GET", "/usage", user="ann").status_code == 200
    return time.monotonic() - began


def attempts(ground: Ground) -> list[Any]:
    """All that Jira did to tell of something."""
    told = [d for site in ground.stack.sites for d in site.ask("GET", "/deliveries")["deliveries"]]
    return [attempt for delivery in told for attempt in delivery["attempts"]]


def slowest_s(ground: Ground) -> float:
    """How long Jira waited at most."""
    return max(float(attempt.get("ms", 0)) for attempt in attempts(ground)) / 1000


def test_processes_start_while_redis_is_away_and_find_it_later(faulty: Ground) -> None:
    faulty.redis.kill()
    others = (faulty.fleet.webs[1], faulty.fleet.workers[1], faulty.fleet.schedulers[1])
    # The others rest, so that what is done is done by those that never saw a Redis.
    faulty.supervisor.rest(*others)
    for process in (*others, faulty.fleet.webs[0], faulty.fleet.workers[0], faulty.fleet.schedulers[0]):
        process.stop(40)
    eventually(lambda: faulty.ready() == 200, "ready web process without Redis", 60)
    issue = faulty.issue()
    eventually(lambda: faulty.site().comments(issue["key"]), "comment without Redis")
    faulty.redis.start()
    faulty.supervisor.mind()
    eventually(lambda: listening(faulty) == len(faulty.fleet.all), "processes that all listen to Redis again")


def listening(ground: Ground) -> int:
    """How many processes hear what is told to every one of them."""
    with redis.Redis.from_url(ground.redis.url) as client:
        channels = client.pubsub_channels(PREFIX.decode() + "*")
        return max((count for _, count in client.pubsub_numsub(*channels)), default=0)


class Trap:
    """Pickled, it makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_garbage_in_every_key_and_channel_is_no_more_than_a_miss(faulty: Ground, tmp_path: Path) -> None:
    faulty.spoiled = True
    trap = tmp_path / "sprung"
    garbage = [b"\x00\xff" * 50, b"{not json", b"9" * 400, b"-1", b"nan", pickle.dumps(Trap(trap)), b""]
    with redis.Redis.from_url(faulty.redis.url) as client, watched(client) as seen:
        faulty.issues(5)
        for _ in range(3):
            assert faulty.site().api("GET", "/usage", user="ann").status_code == 200
        eventually(lambda: faulty.commented() == 5, "comments")
        for turn in range(len(garbage)):
            channels = client.pubsub_channels(PREFIX.decode() + "*")
            keys = sorted({*seen, *client.keys(PREFIX.decode() + "*")} - set(channels))
            assert keys
            assert channels
            for n, key in enumerate(keys):
                with client.pipeline() as at_once:
                    # Or somebody who uses the key puts his own there in between.
                    at_once.delete(key)
                    spoil(at_once, key, garbage[(turn + n) % len(garbage)], kind=(turn + n) % 4)
                    at_once.execute()
            for channel in channels:
                for word in garbage:
                    client.publish(channel, word)
            # What is told between processes has its parts, each of which may be wrong.
            for channel in channels:
                client.publish(channel, b"somebody \xff\xfe not an id")
            faulty.issue(turn % 5)
            answer = faulty.site().api("GET", "/usage", user="ann")
            assert answer.status_code in (200, 429), answer.text
        eventually(lambda: faulty.commented() == 5 + len(garbage), "comments among garbage", 60)
        client.flushall()
    assert not trap.exists()


def spoil(client: "redis.Redis", key: bytes, value: bytes, *, kind: int) -> None:
    """Puts something there that is of another kind than it was, or of the same one and wrong."""
    makers: list[Callable[[], Any]] = [
        lambda: client.set(key, value),
        lambda: client.lpush(key, value),
        lambda: client.hset(key, mapping={b"field": value}),
        lambda: client.zadd(key, {value or b"x": 1e300}),
    ]
    makers[kind]()


@contextmanager
def watched(client: "redis.Redis") -> Iterator[set[bytes]]:
    """Every key that is used meanwhile, also those that are gone again at once."""
    seen: set[bytes] = set()
    over = threading.Event()

    def listen() -> None:
        with client.monitor() as monitor:
            for told in monitor.listen():
                seen.update(
                    word.strip('"').encode() for word in str(told["command"]).split() if PREFIX.decode() in word[:12]
                )
                if over.is_set():
                    return

    with ThreadPoolExecutor(1) as ears:
        listening = ears.submit(listen)
        try:
            yield seen
        finally:
            over.set()
            client.ping()
            listening.result(10)
