"""Servers that mean harm, or are broken enough to do it: each ends in a named error, soon, and gets no more of us."""

import ssl
from time import monotonic, process_time

import pytest

from addon.llm import errors
from addon.results.analysis import Analysis
from tests.fake_model import FakeModel
from tests.unit.llm.bench import PROMPT, Bench
from tests.unit.llm.certificates import Authority

pytestmark = pytest.mark.faults


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("gzip", errors.ModelRejected),
        ("huge_error", errors.ModelRejected),
        ("huge_error:500", errors.ModelDown),
        ("huge_error:401", errors.ModelUnauthorized),
        ("endless", errors.ModelTooLong),
        ("one_line", errors.ModelTooLong),
        ("over_long", errors.ModelTooLong),
        ("huge_head", errors.ModelDown),
    ],
)
async def test_flood_is_cut_off(bench: Bench, behaviour: str, error: type[errors.ModelError]) -> None:
    began, used = monotonic(), process_time()
    bench.server.default = behaviour
    failure = await bench.failure(timeout_s=60.0)
    assert type(failure) is error
    assert monotonic() - began < 55.0
    # The pretend server's own work is in it, too.
    assert process_time() - used < 8.0
    for seen in bench.server.requests:
        assert await bench.server.closed(seen)


@pytest.mark.parametrize("behaviour", ["slow_error", "drip:0.05", "stall", "hang"])
async def test_trickle_ends_with_the_deadline(bench: Bench, behaviour: str) -> None:
    began = monotonic()
    assert isinstance(await bench.failure(behaviour, timeout_s=2.0), errors.ModelTimeout)
    assert monotonic() - began < 2 + 20
    assert await bench.server.closed(bench.server.requests[0])


async def test_redirect_is_not_followed_and_takes_nothing_along(bench: Bench) -> None:
    async with FakeModel() as elsewhere:
        port = elsewhere.root.rpartition(":")[2]
        assert isinstance(await bench.failure(f"redirect:port={port}"), errors.ModelRejected)
        assert elsewhere.requests == []


async def test_words_of_the_server_are_never_repeated(bench: Bench) -> None:
    bench.server.default = "status:400:message=canary of sk-other at 10.0.0.7"
    failure = await bench.failure()
    assert "canary" not in failure.detail
    assert "10.0.0.7" not in failure.detail


async def test_key_stays_with_its_address(bench: Bench) -> None:
    """A changed address is another client: nothing that was set up for the old one goes to the new."""
    await bench.ask()
    async with FakeModel() as other:
        await bench.models.ask(
            bench.choice(base_url=other.url, api_key=""), PROMPT, shape=Analysis, check=lambda value: value
        )
        assert "sk-test" not in str(other.requests[0].headers)


async def test_untrusted_certificate_is_a_model_that_is_down(bench: Bench) -> None:
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    Authority().issue("127.0.0.1", into=served)
    async with FakeModel(tls=served) as server:
        failure = await bench.failure(base_url=server.url)
    assert isinstance(failure, errors.ModelDown)
    assert len(bench.pauses) == 2
    assert server.requests == []
