"""Against a server that keeps the bytes of the request line as they arrived."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote

import pytest

from addon.connect import qsh
from addon.jira import issues, permissions, users
from addon.jira.client import Jira
from addon.jira.errors import JiraNotFound
from addon.jira.paths import path
from tests.unit.jira.conftest import ACCOUNT, SITE, claims


@dataclass
class Server:
    """Answers every request with 200 and a small document."""

    base_url: str = ""
    lines: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.append(task)
        try:
            while line := await reader.readline():
                headers: dict[str, str] = {}
                while (raw := (await reader.readline()).decode().strip()) != "":
                    name, _, value = raw.partition(": ")
                    headers[name.lower()] = value
                self.lines.append(line.decode("ascii").strip())
                self.headers.append(headers)
                self.bodies.append(await reader.readexactly(int(headers.get("content-length", "0"))))
                answer = b'{"id":"1","key":"A-1","accountId":"712020:app"}'
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nSet-Cookie: who=app; Path=/\r\n")
                writer.write(f"Content-Length: {len(answer)}\r\n\r\n".encode() + answer)
                await writer.drain()
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    kept = Server()
    listening = await asyncio.start_server(kept.serve, "127.0.0.1", 0)
    kept.base_url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield kept
    listening.close()
    await asyncio.gather(*kept.tasks)


@pytest.fixture
async def jira(server: Server) -> AsyncIterator[Jira]:
    client = Jira(oauth_url="https://auth.example.com", user_agent="test/1 (com.jiravision.addon)")
    yield client
    await client.close()


QUERIES = [
    [],
    [("jql", 'project = SHOP AND summary ~ "déjà vu" ORDER BY created')],
    [("fields", "summary,description,(x)"), ("expand", "names,schema")],
    [("accountId", "712020:b"), ("accountId", "712020:a,c"), ("maxResults", "50")],
    [("q", "a+b c%20d&e=f"), ("empty", ""), ("star", "*-._~!'()"), ("日本", "語 😀")],
    [("b", "1"), ("A", "2"), ("a", "3"), ("ä", "4"), ("a b", "5")],
    [("percent", "%"), ("slash", "a/b?c#d"), ("brackets", '[x]{y}|\\^`"<>')],
]


@pytest.mark.parametrize("query", QUERIES)
async def test_qsh_matches_the_bytes_on_the_wire(jira: Jira, server: Server, query: list[tuple[str, str]]) -> None:
    session = jira.as_app(replace(SITE, base_url=server.base_url))
    await session.get(path("issue", "SHÖP 1/2,(3)"), operation="test", query=query)
    method, target, _ = server.lines[0].split(" ")
    claim = claims(server.headers[0]["authorization"])["qsh"]
    assert claim == qsh.of_target(method, target)
    assert claim == _by_hand(method, "/rest/api/3/issue/SH%C3%96P%201%2F2%2C%283%29", query)


@pytest.mark.parametrize("base", ["/jira", "/jira/", "/a%20b"])
async def test_base_path_of_the_site_is_not_hashed(jira: Jira, server: Server, base: str) -> None:
    await jira.as_app(replace(SITE, base_url=server.base_url + base)).get(path("myself"), operation="test")
    assert server.lines[0].startswith(f"GET {base.rstrip('/')}/rest/api/3/myself ")
    assert claims(server.headers[0]["authorization"])["qsh"] == _by_hand("GET", "/rest/api/3/myself", [])


async def test_account_ids_are_percent_encoded(jira: Jira, server: Server) -> None:
    session = jira.as_app(replace(SITE, base_url=server.base_url))
    await users.display_names(session, [ACCOUNT])
    assert server.lines[0].split(" ")[1] == f"/rest/api/3/user/bulk?accountId={quote(ACCOUNT, safe='')}&maxResults=50"


async def test_get_has_no_body_and_names_the_addon(jira: Jira, server: Server) -> None:
    session = jira.as_app(replace(SITE, base_url=server.base_url))
    await issues.get(session, "A-1", fields=["summary"])
    assert server.bodies == [b""]
    assert "content-length" not in server.headers[0]
    assert server.headers[0]["user-agent"] == "test/1 (com.jiravision.addon)"


async def test_every_request_has_a_token_of_its_own_and_no_cookie(jira: Jira, server: Server) -> None:
    session = jira.as_app(replace(SITE, base_url=server.base_url))
    await permissions.check(session, ACCOUNT, global_permissions=["ADMINISTER"])
    await issues.create(session, {"summary": "x"}, trace="com.jiravision.addon/run-1")
    tokens = [headers["authorization"] for headers in server.headers]
    assert len(set(tokens)) == 2
    assert all("cookie" not in headers for headers in server.headers)
    assert server.headers[1]["x-atlassian-webhook-trace"] == "com.jiravision.addon/run-1"
    found = claims(tokens[0])
    assert found["iss"] == SITE.app_key
    assert found["exp"] == int(str(found["iat"])) + 180


@pytest.mark.parametrize("name", ["", ".", "..", "x" * 600])
async def test_names_that_would_lead_elsewhere_are_not_asked_for(jira: Jira, server: Server, name: str) -> None:
    with pytest.raises(JiraNotFound):
        await issues.get(jira.as_app(replace(SITE, base_url=server.base_url)), name, fields=["summary"])
    assert server.lines == []


def _by_hand(method: str, encoded_path: str, query: list[tuple[str, str]]) -> str:
    """The rule written down a second time: encoded names in order, values of one name sorted and joined by commas."""
    values: dict[str, list[str]] = {}
    for name, value in query:
        values.setdefault(quote(name, safe="~"), []).append(value)
    pairs = [f"{name}={','.join(quote(one, safe='~') for one in sorted(values[name]))}" for name in sorted(values)]
    assert unquote(encoded_path)
    return hashlib.sha256("&".join((method, encoded_path, "&".join(pairs))).encode()).hexdigest()
