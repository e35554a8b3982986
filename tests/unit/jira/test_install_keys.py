import asyncio

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from addon.connect.verdicts import Refused, Verdict
from addon.jira.install_keys import KNOWN_S, UNKNOWN_S, InstallKeys, InstallKeysDown
from tests.tokens import KID, atlassian, public_pem

OTHER = "0a1b2c3d-0000-4000-8000-00000000000b"


class KeyServer:
    """answers: one per request, the last one for ever after; an exception is raised instead."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(str(request.url))
        await asyncio.sleep(0)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def pem() -> httpx2.Response:
    return httpx2.Response(200, content=public_pem())


def keys_of(server: KeyServer) -> InstallKeys:
    return InstallKeys("https://keys.example/", httpx2.MockTransport(server))


async def test_key_is_fetched_once_and_kept_for_an_hour() -> None:
    server = KeyServer(pem(), pem())
    keys = keys_of(server)
    for now in (0.0, KNOWN_S - 1):
        assert (await keys.key(KID, now)).public_numbers() == atlassian().public_key().public_numbers()
    assert server.asked == [f"https://keys.example/{KID}"]
    await keys.key(KID, KNOWN_S + 1)
    assert len(server.asked) == 2
    await keys.close()


async def test_unknown_key_is_remembered_for_a_minute() -> None:
    server = KeyServer(httpx2.Response(404), pem())
    keys = keys_of(server)
    for now in (0.0, UNKNOWN_S - 1):
        with pytest.raises(Refused) as refused:
            await keys.key(KID, now)
        assert refused.value.verdict == Verdict.UNKNOWN_KEY
    assert len(server.asked) == 1
    assert await keys.key(KID, UNKNOWN_S + 1)
    await keys.close()


async def test_many_waits_for_one_key_share_a_fetch() -> None:
    server = KeyServer(pem())
    keys = keys_of(server)
    await asyncio.gather(*(keys.key(KID, 0.0) for _ in range(20)))
    assert len(server.asked) == 1
    await keys.close()


async def test_a_caller_that_leaves_takes_the_answer_from_nobody() -> None:
    keys = keys_of(KeyServer(pem()))
    leaving = asyncio.create_task(keys.key(KID, 0.0))
    staying = asyncio.create_task(keys.key(KID, 0.0))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying
    await keys.close()


@pytest.mark.parametrize(
    "failure",
    [
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout("slow"),
        httpx2.Response(500),
        httpx2.Response(429),
        httpx2.Response(302, headers={"Location": "https://evil.test/key"}),
    ],
    ids=["refused", "slow", "500", "429", "redirect"],
)
async def test_a_server_that_does_not_say_is_asked_again(failure: httpx2.Response | Exception) -> None:
    server = KeyServer(failure, pem())
    keys = keys_of(server)
    with pytest.raises(InstallKeysDown) as down:
        await keys.key(KID, 0.0)
    assert down.value.retry_after_s
    assert await keys.key(KID, 0.0)
    assert all(url.startswith("https://keys.example/") for url in server.asked)
    await keys.close()


def elliptic() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>not a key</html>",
        b"x" * 100_000,
        elliptic(),
        public_pem(rsa.generate_private_key(65537, 1024)),
    ],
    ids=["empty", "html", "endless", "elliptic", "short"],
)
async def test_what_is_no_proper_key_counts_as_unknown(body: bytes) -> None:
    keys = keys_of(KeyServer(httpx2.Response(200, content=body)))
    with pytest.raises(Refused) as refused:
        await keys.key(OTHER, 0.0)
    assert refused.value.verdict == Verdict.UNKNOWN_KEY
    await keys.close()


async def test_a_key_with_an_empty_line_at_its_end_is_read() -> None:
    keys = keys_of(KeyServer(httpx2.Response(200, content=public_pem() + b"\n\n")))
    assert await keys.key(KID, 0.0)
    await keys.close()
