"""A client of ours over a wire that each test answers itself."""

import json
from collections.abc import AsyncIterator, Callable, Sequence

import httpx2
import jwt
import pytest

from addon.connect import qsh
from addon.jira.client import Jira
from addon.jira.site import Site
from tests.unit.redis.deployment import Deployment, open_deployment

OAUTH = "https://auth.example.com"
ACCOUNT = "712020:6d6c7882-fe3f-d5c9-7377-2bafa2a18731"
SITE = Site("client-1", "https://acme.example.net", "s" * 40, "com.jiravision.addon", "oauth-1")
OTHER = Site("client-2", "https://globex.example.net", "t" * 40, "com.jiravision.addon", "oauth-2")

Answer = httpx2.Response | Exception


class Wire:
    """Gives the prepared answers in order, the last one for ever, and keeps what was asked."""

    def __init__(self, answers: Sequence[Answer | Callable[[httpx2.Request], Answer]]) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        found = answer(request) if callable(answer) else answer
        if isinstance(found, Exception):
            raise found
        # A response can be read once only; the same prepared answer may be given many times.
        return httpx2.Response(found.status_code, headers=found.headers, content=found.content)

    @property
    def bodies(self) -> list[object]:
        return [json.loads(request.content) for request in self.requests if request.content]


Open = Callable[..., tuple[Jira, Wire]]


@pytest.fixture
async def over() -> AsyncIterator[Open]:
    """`over(answer, …)`: a client and the wire below it."""
    opened: list[Jira] = []

    def open_(*answers: Answer | Callable[[httpx2.Request], Answer]) -> tuple[Jira, Wire]:
        wire = Wire(answers)
        jira = Jira(oauth_url=OAUTH, user_agent="test/1 (com.jiravision.addon)", transport=httpx2.MockTransport(wire))
        opened.append(jira)
        return jira, wire

    yield open_
    for jira in opened:
        await jira.close()


@pytest.fixture
async def deployment() -> AsyncIterator[Deployment]:
    """A Redis of the test's own, empty; the test may kill it."""
    async with open_deployment() as opened:
        yield opened


def ok(body: object = None, status: int = 200, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, headers=named, content=b"" if body is None else json.dumps(body).encode())


def claims(authorization: str, site: Site = SITE) -> dict[str, object]:
    """The verified claims of an `Authorization: JWT` header."""
    scheme, _, token = authorization.partition(" ")
    assert scheme == "JWT"
    found: dict[str, object] = jwt.decode(token, site.shared_secret, algorithms=["HS256"])
    return found


def assert_signed(method: str, target: str, authorization: str) -> None:
    """The token's qsh is that of the request line."""
    assert claims(authorization)["qsh"] == qsh.of_target(method, target)
