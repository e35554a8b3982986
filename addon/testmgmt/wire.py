"""One HTTP exchange with a test management tool: paced, sent, read to its end or to the limit, counted."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx2

from addon.observe.metrics import TESTMGMT_REQUESTS, TESTMGMT_SECONDS
from addon.observe.sending import Check, checked_when_sent
from addon.testmgmt.errors import (
    ToolBusy,
    ToolDown,
    ToolError,
    ToolForbidden,
    ToolNotFound,
    ToolRefused,
    ToolUnauthorized,
    words_of,
)
from addon.testmgmt.pace import Pace

_TIMEOUTS = httpx2.Timeout(20.0, connect=5.0)
_LONGEST_EXCHANGE_S = 30.0  # read timeouts count from byte to byte: a trickle would never end
_LARGEST_ANSWER = 16 * 1024 * 1024
_SENT_NOTHING = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
_TRIES = 3
_FIRST_WAIT_S = 0.5


@dataclass(frozen=True, slots=True)
class Call:
    """tool: xray | zephyr. url: whole. owner: whose quota it uses. repeatable: sending it twice does what once does.

    before_sending: called right before it goes out, and keeps it back by raising.
    """

    tool: str
    operation: str
    method: str
    url: str
    owner: str
    token: str = field(default="", repr=False)
    body: object = field(default=None, repr=False)
    repeatable: bool = False
    before_sending: Check | None = None


class Wire:
    """Owns the connections: no redirects, no cookies. Close it when done."""

    def __init__(self, user_agent: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._client = httpx2.AsyncClient(
            transport=transport,
            timeout=_TIMEOUTS,
            limits=httpx2.Limits(max_connections=50, max_keepalive_connections=20),
            # A proxy named in the environment is for the world outside; it could not reach this machine's loopback.
            mounts={"all://127.0.0.1": None, "all://localhost": None},
            follow_redirects=False,
            # Kept cookies would carry one customer's session into another one's request.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": user_agent, "Accept": "application/json"},
        )
        self._pace = Pace()

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, call: Call) -> Any:
        """The JSON of a successful answer, None for an empty one. Raises ToolError."""
        started = time.monotonic()
        try:
            answer = await self._patiently(call)
        except ToolError as error:
            TESTMGMT_REQUESTS.labels(call.tool, call.operation, error.kind).inc()
            raise
        finally:
            TESTMGMT_SECONDS.labels(call.tool).observe(time.monotonic() - started)
        TESTMGMT_REQUESTS.labels(call.tool, call.operation, "ok").inc()
        return answer

    async def _patiently(self, call: Call) -> Any:
        for attempt in range(1, _TRIES + 1):
            try:
                return await self._once(call)
            except ToolDown as error:
                # Whoever knows the marker looks for it before an uncertain write is sent again.
                if error.uncertain or attempt == _TRIES:
                    raise
            await asyncio.sleep(_FIRST_WAIT_S * 2 ** (attempt - 1))
        raise ToolDown(call.tool)  # pragma: no cover - the last attempt raises

    async def _once(self, call: Call) -> Any:
        await self._pace.turn(call.tool, call.owner)
        if call.before_sending is not None:
            call.before_sending()
        status, headers, body = await self._exchange(call)
        if 200 <= status < 300:
            return _json(call, body)
        if status == 429:
            asked_s = _retry_after_s(headers)
            self._pace.pause(call.tool, call.owner, seconds=asked_s)
            raise ToolBusy(call.tool, asked_s)
        if status >= 500 or status in (408, 425):
            raise ToolDown(call.tool, uncertain=not call.repeatable)
        raise _failure(call.tool, status, body=body)

    async def _exchange(self, call: Call) -> tuple[int, httpx2.Headers, bytes]:
        headers = {"Authorization": f"Bearer {call.token}"} if call.token else {}
        content = None
        if call.body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(call.body, separators=(",", ":")).encode()
        request = self._client.build_request(call.method, call.url, headers=headers, content=content)
        if call.before_sending is not None:
            # Once more when there is a connection: that may have taken a while.
            checked_when_sent(request, call.before_sending)
        try:
            async with asyncio.timeout(_LONGEST_EXCHANGE_S):
                response = await self._client.send(request, stream=True)
                try:
                    return response.status_code, response.headers, await _read(call, response)
                finally:
                    await response.aclose()
        except _SENT_NOTHING as error:
            raise ToolDown(call.tool) from error
        except (httpx2.TransportError, httpx2.DecodingError, TimeoutError) as error:
            raise ToolDown(call.tool, uncertain=not call.repeatable) from error


async def _read(call: Call, response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise ToolRefused(call.tool, "the answer is larger than we read")
    return bytes(body)


def _json(call: Call, body: bytes) -> Any:
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        # A login or maintenance page with status 200: whether a write went through is unknown.
        raise ToolDown(call.tool, uncertain=not call.repeatable) from error


def _failure(tool: str, status: int, *, body: bytes) -> ToolError:
    if status == 401:
        return ToolUnauthorized(tool)
    if status == 403:
        return ToolForbidden(tool)
    if status == 404:
        return ToolNotFound(tool)
    if 300 <= status < 400:
        return ToolRefused(tool, "a redirect, which is not followed")
    return ToolRefused(tool, words_of(body))


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """At least a second: these tools were seen to answer 429 with "Retry-After: 0"."""
    try:
        return min(max(float(headers.get("Retry-After", "")), 1.0), 3_600.0)
    except ValueError:
        return 5.0
