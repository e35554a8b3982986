"""What every answer has in common, as pure ASGI: an id, safe headers, a bounded body, a metric and one log line."""

import asyncio
import json
import re
import time
from collections.abc import Iterable
from functools import lru_cache
from secrets import token_hex
from urllib.parse import quote

from prometheus_client import Counter, Histogram
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from addon.observe import logs, metrics

MB = 1_000_000
API_BODY_BYTES = MB
WEBHOOK_BODY_BYTES = 25 * MB
"""The size Jira says its payloads may have; anything smaller would lose an event for good."""

BODY_S = 30.0
BODY_BYTES_PER_S = 100_000
"""A body may take half a minute, and as much longer as its bytes need at this pace."""

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
WRITES = frozenset({"POST", "PUT", "PATCH"})
UNMATCHED = "unmatched"
CLOSED_BY_CLIENT = 499
PLAIN_HTTP_CSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

log = logs.logger("addon.web")


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of this (lower-case) name."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return None


def route_template(scope: Scope) -> str:
    """`/api/v1/runs/{run_id}` without the base path; one word for all paths that no route takes."""
    return getattr(scope.get("route"), "path_format", None) or UNMATCHED


class Conversation:
    """Outermost: wraps one request from its id to its log line, and is the last to catch what nobody expected."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.headers = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cache-control", b"no-store"),
            (b"content-security-policy", PLAIN_HTTP_CSP.encode()),
        ]
        if https:
            self.headers.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(scope, send, headers=self.headers)
        # A connection kept alive serves many requests in one task: nothing of the last one may stick.
        logs.unbind_all()
        logs.bind(request_id=exchange.request_id)
        try:
            await self.app(scope, receive, exchange.send)
        except ClientDisconnect:
            # Nobody is left to answer.
            exchange.status = CLOSED_BY_CLIENT
        except Exception as error:  # noqa: BLE001 - the one place where the unexpected becomes an answer
            await exchange.fail(error)
        finally:
            exchange.finish()
            logs.unbind_all()


class _Exchange:
    """State of one request. status: what was sent, 499 when the caller left before anything was."""

    def __init__(self, scope: Scope, send: Send, *, headers: Iterable[tuple[bytes, bytes]]) -> None:
        asked = header(scope, b"x-request-id") or ""
        self.request_id = asked if REQUEST_ID.fullmatch(asked) else token_hex(16)
        self.status = CLOSED_BY_CLIENT
        self._begun = False
        self._scope = scope
        self._send = send
        self._headers = headers
        self._started = time.perf_counter()
        scope.setdefault("state", {})["request_id"] = self.request_id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            self.status = message["status"]
            # A page brings its own policy; two such headers would both apply.
            headers = list(message["headers"])
            given = {name.lower() for name, _ in headers}
            headers += [pair for pair in self._headers if pair[0] not in given]
            headers.append((b"x-request-id", self.request_id.encode()))
            message["headers"] = headers
        await self._send(message)

    async def fail(self, error: Exception) -> None:
        """Answer 500, unless the answer is already on its way: then only the broken connection can tell."""
        log.error("failed", route=route_template(self._scope), exc_info=error)
        if self._begun:
            self.status = 500
            return
        detail = "Something went wrong on our side. The reference finds it in the log."
        await answer(self.send, 500, content={"error": "internal", "detail": detail, "reference": self.request_id})

    def finish(self) -> None:
        seconds = time.perf_counter() - self._started
        # Methods are free text on the wire, and each new label value is a new series.
        method = self._scope["method"] if self._scope["method"] in METHODS else "OTHER"
        route = route_template(self._scope)
        counter, histogram = _counted(method, route, status=self.status)
        counter.inc()
        histogram.observe(seconds)
        # The path alone: the query string of an iframe page holds its token.
        say = log.debug if route.startswith("/health") or route == "/metrics" else log.info
        path = quote(self._scope["path"], safe="/-_.~:@{}")[:200]
        noted: dict[str, str] = self._scope.get("noted", {})
        say("answered", method=method, path=path, status=self.status, ms=round(seconds * 1000, 1), **noted)


@lru_cache(maxsize=2048)
def _counted(method: str, route: str, *, status: int) -> tuple[Counter, Histogram]:
    """What counts such answers. Looked up once: there are as many as routes and their answers."""
    return metrics.HTTP_REQUESTS.labels(method, route, str(status)), metrics.HTTP_SECONDS.labels(route)


def note(scope: Scope, **values: str) -> None:
    """What a route wants to be told in the line of its answer."""
    scope["noted"] = values


class Bodies:
    """Bounds what is read from a caller, in bytes and in time, and takes JSON only where the API writes.

    limits: path prefix -> bytes, the first match counts; json_below: prefix under which writes must be JSON.
    """

    def __init__(self, app: ASGIApp, *, limits: dict[str, int], json_below: str) -> None:
        self.app = app
        self.limits = limits
        self.json_below = json_below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = next((size for prefix, size in self.limits.items() if scope["path"].startswith(prefix)), API_BODY_BYTES)
        # What is declared is refused unread; what is not declared is counted below.
        declared = header(scope, b"content-length") or "0"
        if not declared.isdecimal() or int(declared) > limit:
            await answer(send, 413, content=too_large(limit))
        elif self._is_foreign(scope, declared):
            detail = "Send JSON, with Content-Type: application/json."
            await answer(send, 415, content={"error": "unsupported_media_type", "detail": detail})
        elif declared == "0" and header(scope, b"transfer-encoding") is None:
            await self.app(scope, receive, send)
        else:
            body = _Body(receive, send, limit=limit)
            await self.app(scope, body.receive, body.send)

    def _is_foreign(self, scope: Scope, declared: str) -> bool:
        # A page of another origin can send text/plain without asking first, but never JSON.
        if scope["method"] not in WRITES or not scope["path"].startswith(self.json_below):
            return False
        kind = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
        empty = declared == "0" and header(scope, b"transfer-encoding") is None
        return kind != "application/json" and not (empty and not kind)


class _Body:
    """One body on its way, and the answer to it: counted while it arrives, and given up when that takes too long.

    An answer that has begun is never ended: whoever streams one listens meanwhile for the caller to leave.
    """

    def __init__(self, receive: Receive, send: Send, *, limit: int) -> None:
        self._receive, self._send = receive, send
        self._limit = limit
        self._seen = 0
        self._more = True
        self._until: float | None = None
        self._begun = self._late = False

    async def receive(self) -> Message:
        message = await (self._in_time() if self._more and not self._begun else self._receive())
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            self._more = message.get("more_body", False)
            if self._seen > self._limit:
                raise HTTPException(413, too_large(self._limit)["detail"])
        return message

    async def _in_time(self) -> Message:
        if self._until is None:
            self._until = asyncio.get_running_loop().time() + BODY_S
        try:
            async with asyncio.timeout_at(self._until + self._seen / BODY_BYTES_PER_S):
                return await self._receive()
        except TimeoutError:
            if self._begun:
                return await self._receive()
            self._late = True
            raise HTTPException(408) from None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            if self._late:
                message["headers"] = [*message["headers"], (b"connection", b"close")]
        await self._send(message)


def too_large(limit: int) -> dict[str, str]:
    return {"error": "too_large", "detail": f"The body is larger than {limit // MB} MB."}


async def answer(send: Send, status: int, *, content: dict[str, str]) -> None:
    """A whole JSON answer from below the framework."""
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 413:
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
