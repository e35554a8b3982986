"""Calling addresses that somebody else named: each name is looked up, checked and connected to as one step.

Checking a name first and letting the client look it up again would leave the time between to whoever runs its DNS.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

import httpx2

from addon.llm.addresses import AddressRefused, is_allowed, may_connect

LOOKUP_S = 10.0
MOST_ADDRESSES = 4

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Every IP address behind a host and port. Raises OSError when there is none."""


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """What the machine's resolver says, as the client itself would ask it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Guard(httpx2.AsyncBaseTransport):
    """A transport that connects to checked addresses only, under the name (TLS and Host) that was asked for.

    inner: connects; one per host, because it keeps connections by address. allowed: `host` and `host:port` of the
    operator. Raises AddressRefused for what may not be called, ConnectError and what inner raises.
    """

    def __init__(
        self, inner: httpx2.AsyncBaseTransport, *, allowed: Sequence[str] = (), resolve: Resolve = system_resolve
    ) -> None:
        self._inner = inner
        self._allowed = allowed
        self._resolve = resolve

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        failure: httpx2.TransportError | None = None
        for address in (await self._checked(request.url))[:MOST_ADDRESSES]:
            try:
                return await self._inner.handle_async_request(_pinned(request, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failure = error
        raise failure or httpx2.ConnectError("no address")

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _checked(self, url: httpx2.URL) -> Sequence[str]:
        allowed = is_allowed(str(url), self._allowed)
        if url.scheme != "https" and not allowed:
            raise AddressRefused("The model's address must begin with https://.")
        try:
            async with asyncio.timeout(LOOKUP_S):
                found = await self._resolve(url.host, url.port or (443 if url.scheme == "https" else 80))
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(f"{type(error).__name__} while looking up the host") from None
        # One bad answer spoils all: a name with both kinds is somebody's trick, or soon will be.
        if not found or not all(may_connect(address, allowed=allowed) for address in found):
            raise AddressRefused(
                "The host of the model leads to an address that the add-on's operator has not allowed."
            )
        return found


def _pinned(request: httpx2.Request, address: str) -> httpx2.Request:
    """The same request to an address; its Host header stands already, and TLS is told the name."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
