"""Open connections to model servers, shared by the asks that use the same address and key."""

import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx2

from addon.llm.addresses import refuse
from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelRejected, ModelUnauthorized
from addon.llm.guard import Guard, Resolve, system_resolve
from addon.llm.provider import Provider
from addon.llm.providers import PROVIDERS

MOST_CLIENTS = 32
CONNECT_S = 10.0
MOST_ERROR_BYTES = 64 * 1024

Key = tuple[str, str, str, bool, tuple[str, ...]]


class ShortErrors(httpx2.AsyncClient):
    """A client that reads no more of an error answer than it takes to know what it means."""

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        response = await super().send(request, **options)
        if response.is_success or not options.get("stream"):
            return response
        held = bytearray()
        try:
            async for block in response.aiter_raw():
                held += block
                if len(held) >= MOST_ERROR_BYTES:
                    break
        finally:
            await response.aclose()
        kept = [
            (n, v)
            for n, v in response.headers.items()
            if n not in ("content-length", "content-encoding", "transfer-encoding")
        ]
        return httpx2.Response(response.status_code, headers=kept, content=bytes(held), request=request)


@dataclass
class Line:
    """One open client and the provider that speaks through it. users: leases on it now."""

    http: httpx2.AsyncClient
    provider: Provider
    users: int = 0


class Clients:
    """One per (provider, address, key), the least recently used closed beyond `most`.

    transport replaces the network; resolve replaces the look-up of names that tenants chose.
    """

    def __init__(
        self,
        transport: httpx2.AsyncBaseTransport | None = None,
        *,
        most: int = MOST_CLIENTS,
        resolve: Resolve = system_resolve,
    ) -> None:
        self._transport = transport
        self._most = most
        self._resolve = resolve
        self._open: OrderedDict[Key, Line] = OrderedDict()

    @asynccontextmanager
    async def lease(self, choice: ModelChoice) -> AsyncIterator[Provider]:
        """The provider for this choice; its client stays open at least as long as the lease.

        Raises ModelUnauthorized for a key that no header can carry, ModelRejected for an address that is none or that
        may not be called.
        """
        key = (choice.provider, choice.address, choice.api_key, choice.guarded, choice.allowed_hosts)
        line = self._open.get(key)
        if line is None:
            line = self._open[key] = self._make(choice)
        self._open.move_to_end(key)
        line.users += 1
        try:
            yield line.provider
        finally:
            line.users -= 1
            await self._trim()

    async def close(self) -> None:
        lines = list(self._open.values())
        self._open.clear()
        for line in lines:
            await line.http.aclose()

    async def _trim(self) -> None:
        # Clients in use are never closed, so for a while there may be more than the limit.
        idle = [key for key, line in self._open.items() if not line.users]
        for key in idle[: max(len(self._open) - self._most, 0)]:
            await self._open.pop(key).http.aclose()

    def _make(self, choice: ModelChoice) -> Line:
        if not (choice.api_key.isascii() and choice.api_key.isprintable()):
            raise ModelUnauthorized("The API key holds characters no key has. Enter it again.")
        if choice.guarded and (words := refuse(choice.address, choice.allowed_hosts)):
            raise ModelRejected(words)
        http = ShortErrors(
            transport=self._guarded(choice) if choice.guarded else self._transport,
            verify=_trust(),
            # A redirect could lead the key and the issue to a host nobody chose.
            follow_redirects=False,
            # No read timeout: a local model may think for minutes; the deadline of the ask rules.
            timeout=httpx2.Timeout(None, connect=CONNECT_S),
            limits=_limits(),
            # A compressed stream would let few bytes become many before they are counted.
            headers={"Accept-Encoding": "identity"},
        )
        return Line(http, PROVIDERS[choice.provider](http, choice))

    def _guarded(self, choice: ModelChoice) -> httpx2.AsyncBaseTransport:
        # Nothing of the environment: behind a proxy it would be the proxy that looks the name up.
        inner = self._transport or httpx2.AsyncHTTPTransport(verify=_trust(), limits=_limits(), trust_env=False)
        return Guard(inner, allowed=choice.allowed_hosts, resolve=self._resolve)


@cache
def _trust() -> ssl.SSLContext:
    """What certificates are checked against. Making it costs 45 ms of the event loop: one serves all."""
    return httpx2.create_ssl_context()


def _limits() -> httpx2.Limits:
    return httpx2.Limits(max_connections=None, max_keepalive_connections=20)
