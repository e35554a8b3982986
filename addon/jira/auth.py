"""Signs each request as it goes on the wire."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx2

from addon.connect import qsh
from addon.connect.jwt import request_token
from addon.jira.site import Site

Token = Callable[[str | None], Awaitable[str]]
"""Gives the user's access token, and not again the one named, which Jira refused."""
Clock = Callable[[], float]
"""UTC seconds."""


class AppAuth(httpx2.Auth):
    """`Authorization: JWT …`, made anew for every request from its final method, path and query bytes.

    A 401 is answered once with a token made by a fresh clock: Jira did nothing, so even a write may be sent again.
    """

    def __init__(self, site: Site, clock: Clock = time.time) -> None:
        self._site = site
        self._clock = clock
        self._base_path = httpx2.URL(site.base_url).raw_path.decode("ascii")

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        self._sign(request)
        response = yield request
        # Each token is new and lives three minutes: a suspended machine or a stepped clock explains one refusal.
        if response.status_code == 401:
            self._sign(request)
            yield request

    def _sign(self, request: httpx2.Request) -> None:
        # The bytes that are sent, not what we meant to send: the client normalises some characters on the way.
        target = request.url.raw_path.decode("ascii")
        claim = qsh.of_target(request.method, target, base_path=self._base_path)
        token = request_token(self._site.app_key, self._site.shared_secret, qsh=claim, now=self._clock())
        request.headers["Authorization"] = f"JWT {token}"


class UserAuth(httpx2.Auth):
    """`Authorization: Bearer …` of one user, renewed once when Jira refuses it."""

    def __init__(self, token: Token) -> None:
        self._token = token

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        token = await self._token(None)
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == 401:
            request.headers["Authorization"] = f"Bearer {await self._token(token)}"
            yield request
