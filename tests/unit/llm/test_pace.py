"""Waiting: what the server asks is honoured, what takes too long is handed back, nothing outlives its deadline."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate
from time import monotonic

import httpx2
import pytest

from addon.llm import backoff, errors
from addon.llm.choice import ModelChoice
from addon.llm.clients import Clients
from addon.llm.models import Models
from addon.results.analysis import Analysis
from tests.fake_model import FakeModel
from tests.unit.llm.bench import FOUR, PROMPT, Bench

pytestmark = pytest.mark.faults

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": formatdate(NOW + 42, usegmt=True)}, 42.0),
        ({"retry-after": formatdate(NOW - 42, usegmt=True)}, 0.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "86400"}, 120.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_understood(headers: Mapping[str, str], seconds: float | None) -> None:
    assert backoff.asked(headers, NOW) == seconds


def test_own_pauses_grow_to_a_limit() -> None:
    assert 0.3 < backoff.own(1) < 0.7
    assert 0.7 < backoff.own(2) < 1.3
    assert backoff.own(40) <= 10.0


@pytest.mark.parametrize(
    ("header", "seconds"), [("retry-after=2", 2.0), ("retry-after-ms=1500", 1.5), ("retry-after=date+3", 2.0)]
)
async def test_pause_is_never_shorter_than_asked(bench: Bench, header: str, seconds: float) -> None:
    await bench.ask(f"status:429:{header}", "good")
    assert len(bench.pauses) == 1
    assert seconds <= bench.pauses[0] < seconds + 1.5


@pytest.mark.parametrize("provider", FOUR)
async def test_gap_on_the_wire_is_at_least_what_was_asked(provider: str) -> None:
    async with FakeModel() as server:
        models = Models()
        server.script("status:429:retry-after=0.4", "good")
        choice = ModelChoice(provider, "m", server.url, "k")
        await models.ask(choice, PROMPT, shape=Analysis, check=lambda value: value)
        first, second = server.requests
        assert second.at - first.at >= 0.4
        await models.close()


async def test_long_retry_after_gives_the_place_to_another_run(bench: Bench) -> None:
    failure = await bench.failure("status:429:retry-after=60")
    assert isinstance(failure, errors.ModelBusy)
    assert failure.retry_after_s == 60.0
    assert bench.pauses == []
    assert len(bench.server.requests) == 1


async def test_retry_after_beyond_the_deadline_is_not_slept_through(bench: Bench) -> None:
    failure = await bench.failure("status:429:retry-after=5", timeout_s=2.0)
    assert isinstance(failure, errors.ModelBusy)
    assert failure.retry_after_s == 5.0


async def test_overloaded_server_may_name_its_time_too(bench: Bench) -> None:
    failure = await bench.failure("status:503:retry-after=45")
    assert isinstance(failure, errors.ModelBusy)
    assert failure.retry_after_s == 45.0


async def test_busy_model_without_a_time_comes_back_later(bench: Bench) -> None:
    bench.server.default = "status:429"
    assert (await bench.failure()).retry_after_s == backoff.DEFAULT_S


async def test_failing_server_is_asked_three_times_with_growing_pauses(bench: Bench) -> None:
    bench.server.default = "status:500"
    await bench.failure()
    first, second = bench.pauses
    assert len(bench.server.requests) == 3
    assert 0.3 < first < 0.7 < second < 1.3


async def test_asks_that_failed_together_do_not_return_together(bench: Bench) -> None:
    bench.server.default = "status:503"
    await asyncio.gather(*(bench.failure() for _ in range(10)))
    assert len(bench.server.requests) == 30
    assert len({round(pause, 3) for pause in bench.pauses}) > 15


async def test_failures_count_over_the_whole_ask(bench: Bench) -> None:
    failure = await bench.failure("status:500", "bad_schema", "status:500", "status:500", "good")
    assert isinstance(failure, errors.ModelDown)
    assert len(bench.server.requests) == 4


@pytest.mark.parametrize("behaviour", ["hang", "drip:0.05", "stall"])
async def test_deadline_is_total_and_frees_the_socket(bench: Bench, behaviour: str) -> None:
    began = monotonic()
    failure = await bench.failure(behaviour, timeout_s=2.0)
    assert isinstance(failure, errors.ModelTimeout)
    assert 1.9 < monotonic() - began < 20
    assert await bench.server.closed(bench.server.requests[0])


async def test_slow_repair_does_not_get_a_second_deadline(bench: Bench) -> None:
    began = monotonic()
    assert isinstance(await bench.failure("bad_schema", "hang", timeout_s=2.0), errors.ModelTimeout)
    assert monotonic() - began < 20


async def test_cancelling_frees_the_socket(bench: Bench) -> None:
    bench.server.script("stall")
    task = asyncio.create_task(bench.ask())
    while not bench.server.requests:  # noqa: ASYNC110 - the server notes requests in a plain list
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await bench.server.closed(bench.server.requests[0])


async def test_over_long_answer_frees_the_socket(bench: Bench) -> None:
    await bench.failure("over_long")
    assert await bench.server.closed(bench.server.requests[0])


async def test_timeout_of_a_callback_is_not_mistaken_for_ours(bench: Bench) -> None:
    def check(value: Analysis) -> Analysis:
        raise TimeoutError("somebody else's")

    with pytest.raises(TimeoutError, match="somebody else's"):
        await bench.models.ask(bench.choice(), PROMPT, shape=Analysis, check=check)


async def test_fifty_asks_share_one_client(bench: Bench) -> None:
    bench.server.latency_s = 1.0
    began = monotonic()
    answers = await asyncio.gather(*(bench.ask() for _ in range(50)))
    assert len(answers) == 50
    # One after the other they would take fifty seconds.
    assert monotonic() - began < 45.0


@pytest.mark.parametrize("behaviour", ["good", "crlf", "no_usage"])
@pytest.mark.parametrize("provider", FOUR)
async def test_connection_serves_the_next_ask_too(provider: str, behaviour: str) -> None:
    async with FakeModel(keep_alive=True) as server:
        models = Models()
        server.default = behaviour
        choice = ModelChoice(provider, "m", server.url, "k")
        for _ in range(3):
            await models.ask(choice, PROMPT, shape=Analysis, check=lambda value: value)
        await models.close()
        assert len(server.requests) == 3
        assert server.connections == 1


class Closing(httpx2.AsyncBaseTransport):
    """Counts the clients that were closed."""

    closed = 0

    async def aclose(self) -> None:
        self.closed += 1


async def test_least_used_client_is_closed_when_idle() -> None:
    transport = Closing()
    clients = Clients(transport, most=2)
    first = ModelChoice("openai", "m", "http://127.0.0.1:1/v1", "a")
    async with clients.lease(first) as held:
        for key in "bcd":
            async with clients.lease(replace(first, api_key=key)):
                pass
        assert transport.closed == 2
    async with clients.lease(first) as again:
        assert again is held
    await clients.close()
    assert transport.closed == 4


async def test_refused_key_is_not_sent_again_until_a_probe_gets_through(bench: Bench) -> None:
    first = await bench.failure("status:401")
    again = await bench.failure()
    assert (first.detail, first.usage is None) == (again.detail, False)
    assert again.usage is None
    assert len(bench.server.requests) == 1
    assert bench.models.trouble(bench.choice()) == first.detail
    # Another key is another matter.
    assert (await bench.ask(api_key="sk-new")).usage.requests == 1
    await bench.models.probe(bench.choice())
    assert bench.models.trouble(bench.choice()) == ""
    assert (await bench.ask()).usage.requests == 1
