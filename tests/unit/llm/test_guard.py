"""Calling what a tenant named: looked up once, checked, and connected to at exactly the address that was checked."""

import ssl
from collections.abc import Sequence
from typing import Any

import httpx2
import pytest

from addon.llm import errors
from addon.llm.addresses import AddressRefused
from addon.llm.choice import ModelChoice
from addon.llm.guard import Guard, system_resolve
from addon.llm.models import Models
from addon.results.analysis import Analysis
from tests.fake_model import FakeModel
from tests.unit.llm.bench import FOUR, PROMPT
from tests.unit.llm.certificates import Authority

PUBLIC = "93.184.216.34"


class Names:
    """A name server that changes its mind: each look-up gets the next answer, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class Network(httpx2.AsyncBaseTransport):
    """Notes where connections would go and answers nothing."""

    def __init__(self, *, dead: Sequence[str] = ()) -> None:
        self.reached: list[httpx2.Request] = []
        self._dead = dead

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.reached.append(request)
        if request.url.host in self._dead:
            raise httpx2.ConnectError("dead")
        return httpx2.Response(200, json={})


async def failure(models: Models, choice: ModelChoice) -> errors.ModelError:
    with pytest.raises(errors.ModelError) as caught:
        await models.ask(choice, PROMPT, shape=Analysis, check=lambda value: value)
    await models.close()
    return caught.value


def named(provider: str, url: str, **more: Any) -> ModelChoice:
    return ModelChoice(provider, "m", url, "sk-test", timeout_s=5.0, guarded=True, **more)


async def test_request_goes_to_the_address_that_was_checked_under_the_name_that_was_asked_for() -> None:
    network, names = Network(), Names([PUBLIC])
    async with httpx2.AsyncClient(transport=Guard(network, resolve=names)) as client:
        await client.post("https://api.example.com:8443/v1", json={})
    (request,) = network.reached
    assert (request.url.host, request.url.port, request.url.path) == (PUBLIC, 8443, "/v1")
    assert request.headers["host"] == "api.example.com:8443"
    assert request.extensions["sni_hostname"] == "api.example.com"
    assert names.asked == [("api.example.com", 8443)]


async def test_name_that_turns_private_after_its_check_is_not_called() -> None:
    """DNS rebinding: public when it was saved and first called, this machine afterwards."""
    network, names = Network(), Names([PUBLIC], ["127.0.0.1"])
    async with httpx2.AsyncClient(transport=Guard(network, resolve=names)) as client:
        await client.get("https://rebind.example.com/")
        with pytest.raises(AddressRefused):
            await client.get("https://rebind.example.com/")
    assert len(network.reached) == 1


@pytest.mark.parametrize(
    "answer",
    [
        ["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["10.0.0.8"], ["169.254.169.254"], ["::1"], ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"], ["fe80::1%2"], ["2002:7f00:1::"], [PUBLIC, "nonsense"], [],
    ],
)  # fmt: skip
async def test_one_private_answer_spoils_the_name(answer: list[str]) -> None:
    network = Network()
    async with httpx2.AsyncClient(transport=Guard(network, resolve=Names(answer))) as client:
        with pytest.raises(AddressRefused):
            await client.get("https://mixed.example.com/")
    assert network.reached == []


async def test_plain_http_is_not_called_even_when_a_caller_forgot_to_check() -> None:
    network = Network()
    async with httpx2.AsyncClient(transport=Guard(network, resolve=Names([PUBLIC]))) as client:
        with pytest.raises(AddressRefused):
            await client.get("http://api.example.com/")
    assert network.reached == []


async def test_second_address_is_tried_when_the_first_is_dead() -> None:
    network = Network(dead=["2606:4700:4700::1111"])
    guard = Guard(network, resolve=Names(["2606:4700:4700::1111", PUBLIC]))
    async with httpx2.AsyncClient(transport=guard) as client:
        assert (await client.get("https://api.example.com/")).status_code == 200
    assert [str(request.url) for request in network.reached] == [
        "https://[2606:4700:4700::1111]/",
        f"https://{PUBLIC}/",
    ]


async def test_name_that_nobody_knows_is_a_failed_connection() -> None:
    async def nobody(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    async with httpx2.AsyncClient(transport=Guard(Network(), resolve=nobody)) as client:
        with pytest.raises(httpx2.ConnectError) as caught:
            await client.get("https://api.example.com/")
    assert not isinstance(caught.value, AddressRefused)


async def test_the_machines_resolver_gives_plain_addresses() -> None:
    assert "127.0.0.1" in await system_resolve("127.0.0.1", 80)


@pytest.mark.parametrize("provider", FOUR)
async def test_operators_private_model_is_called_under_its_name(provider: str) -> None:
    """On real sockets: a name that only the test's resolver knows, so nobody looked it up a second time."""
    async with FakeModel() as server:
        port = int(server.root.rpartition(":")[2])
        names = Names(["127.0.0.1"])
        models = Models(resolve=names)
        choice = named(provider, f"http://model.test:{port}/v1", allowed_hosts=(f"model.test:{port}",))
        answer = await models.ask(choice, PROMPT, shape=Analysis, check=lambda value: value)
        await models.close()
        assert answer.value.scores
        assert server.requests[0].headers["host"] == f"model.test:{port}"
        assert names.asked == [("model.test", port)]


@pytest.mark.parametrize("provider", FOUR)
async def test_private_model_nobody_allowed_is_never_reached(provider: str) -> None:
    async with FakeModel() as server:
        port = int(server.root.rpartition(":")[2])
        for url in (f"https://model.test:{port}", f"http://model.test:{port}", f"https://127.0.0.1:{port}"):
            found = await failure(Models(resolve=Names(["127.0.0.1"])), named(provider, url))
            assert isinstance(found, errors.ModelRejected)
            assert found.retry_after_s is None
            assert "operator" in found.detail or "https" in found.detail
        assert server.requests == []


@pytest.mark.parametrize("provider", FOUR)
async def test_redirect_of_an_allowed_server_leads_nowhere(provider: str) -> None:
    async with FakeModel() as server, FakeModel() as inside:
        port = int(server.root.rpartition(":")[2])
        server.script(f"redirect:port={inside.root.rpartition(':')[2]}")
        choice = named(provider, f"http://model.test:{port}", allowed_hosts=(f"model.test:{port}",))
        assert isinstance(await failure(Models(resolve=Names(["127.0.0.1"])), choice), errors.ModelRejected)
        assert inside.requests == []


@pytest.mark.parametrize("provider", FOUR)
async def test_operators_own_address_needs_no_leave(provider: str) -> None:
    async with FakeModel() as server:
        models = Models(resolve=Names([]))
        choice = ModelChoice(provider, "m", server.url, "k")
        assert (await models.ask(choice, PROMPT, shape=Analysis, check=lambda value: value)).value.scores
        await models.close()


async def test_certificate_must_be_that_of_the_name_and_not_of_the_address() -> None:
    authority = Authority()
    shown: list[str | None] = []

    def note(_socket: Any, name: str | None, _context: Any) -> None:
        shown.append(name)

    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.sni_callback = note  # type: ignore[assignment]
    authority.issue("model.test", into=served)
    async with FakeModel(tls=served) as server:
        port = int(server.root.rpartition(":")[2])
        allowed = (f"model.test:{port}", f"other.test:{port}")
        inner = httpx2.AsyncHTTPTransport(verify=authority.trusting())
        guard = Guard(inner, allowed=allowed, resolve=Names(["127.0.0.1"]))
        async with httpx2.AsyncClient(transport=guard) as client:
            assert (await client.get(f"https://model.test:{port}/control/requests")).status_code == 200
            with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await client.get(f"https://other.test:{port}/control/requests")
    assert shown == ["model.test", "other.test"]
