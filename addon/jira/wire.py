"""One HTTP exchange with one Jira site: built, sent once, read to its end or to the limit."""

import asyncio
import json
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import quote, urlencode, urlsplit

import httpx2

from addon.jira.errors import JiraDown, JiraRefused

_TIMEOUTS = httpx2.Timeout(20.0, connect=5.0)
LONGEST_EXCHANGE_S = 30.0  # read timeouts count from byte to byte: a trickle would never end
_LARGEST_ANSWER = 16 * 1024 * 1024
LARGE = 1024 * 1024
MOST_LARGE = 3
"""Answers larger than LARGE that are read at a time, so that many of them do not take all memory."""
_SENT_NOTHING = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
_ISSUE = re.compile(r"/rest/api/3/issue/([^/]+)")
_TRACE = "X-Atlassian-Webhook-Trace"


@dataclass(frozen=True, slots=True)
class Call:
    """A request before it is signed.

    path: percent-encoded, below the site's base. query: plain pairs. body: JSON or None. repeatable: sending it twice
    does what sending it once does. trace: what Jira is to repeat in the webhooks this write causes, so that we know
    our own.
    """

    method: str
    path: str
    operation: str
    query: Sequence[tuple[str, str]] = ()
    body: object = None
    trace: str | None = None
    repeatable: bool = False
    writes: bool = False

    @property
    def issue_written(self) -> str | None:
        """The id or key of the issue this call writes to, None when it writes to none."""
        found = _ISSUE.match(self.path) if self.writes else None
        return found.group(1) if found else None


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: httpx2.Headers
    body: bytes


class Client(httpx2.AsyncClient):
    """large: the places of large answers."""

    large: asyncio.Semaphore


def new_client(user_agent: str, transport: httpx2.AsyncBaseTransport | None) -> Client:
    """The client for all sites: no redirects, and no cookies."""
    # Jira sets session cookies; kept, they would carry the app's identity into a user's request and the other way.
    client = Client(
        transport=transport,
        timeout=_TIMEOUTS,
        limits=httpx2.Limits(max_connections=200, max_keepalive_connections=50),
        # A proxy named in the environment is for the world outside; it could not reach this machine's loopback.
        mounts={"all://127.0.0.1": None, "all://localhost": None},
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"User-Agent": user_agent, "Accept": "application/json"},
    )
    client.large = asyncio.Semaphore(MOST_LARGE)
    return client


def request_for(client: httpx2.AsyncClient, base_url: str, *, call: Call) -> httpx2.Request:
    """The request, not yet signed. Raises JiraRefused when it would not go to the site or is not well-formed."""
    base = base_url.rstrip("/")
    # quote, not quote_plus: a plus sign is a space to one reader and a plus to another, and the hash must agree.
    query = f"?{urlencode(call.query, quote_via=quote, safe='')}" if call.query else ""
    if not call.path.startswith("/") or call.path.startswith("//"):
        raise JiraRefused("The request to Jira is not well-formed.")
    headers = {"Content-Type": "application/json"} if call.body is not None else {}
    if call.trace is not None:
        # Jira takes 1,024 printable ASCII characters; a line break here would be a header of somebody else's making.
        headers[_TRACE] = re.sub(r"[^\x21-\x7e]", "", call.trace)[:1024]
    # A body on GET, even an empty one, makes Jira answer 403.
    content = json.dumps(call.body, separators=(",", ":")).encode() if call.body is not None else None
    try:
        request = client.build_request(call.method, f"{base}{call.path}{query}", headers=headers, content=content)
    except httpx2.InvalidURL as error:
        raise JiraRefused("The request to Jira is not well-formed.") from error
    # The token proves who we are to whoever receives it: it never leaves for another host.
    if (request.url.scheme, request.url.netloc) != (httpx2.URL(base).scheme, httpx2.URL(base).netloc):
        raise JiraRefused("The request to Jira is not well-formed.")
    return request


async def exchange(client: Client, request: httpx2.Request, *, auth: httpx2.Auth, repeatable: bool) -> Reply:
    """Sends the request and reads the answer, whatever its status.

    Raises JiraDown when no whole answer came within the time; uncertain unless it is repeatable or was never sent.
    """
    try:
        async with asyncio.timeout(LONGEST_EXCHANGE_S):
            response = await client.send(request, auth=auth, stream=True)
            try:
                return Reply(response.status_code, response.headers, await _read(response, client.large))
            finally:
                await response.aclose()
    except _SENT_NOTHING as error:
        raise JiraDown from error
    except (httpx2.TransportError, httpx2.DecodingError, TimeoutError) as error:
        raise JiraDown(uncertain=not repeatable) from error


async def _read(response: httpx2.Response, places: asyncio.Semaphore) -> bytes:
    body = bytearray()
    async with AsyncExitStack() as place:
        async for chunk in response.aiter_bytes():
            if len(body) <= LARGE < len(body) + len(chunk):
                await place.enter_async_context(places)
            body += chunk
            if len(body) > _LARGEST_ANSWER:
                raise JiraRefused("Jira's answer is larger than we read.")
        return bytes(body)


def origin(address: str) -> str:
    """Scheme and host of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
