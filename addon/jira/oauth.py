"""Access tokens with which the add-on acts as one user of a site (JWT bearer grant).

Source: developer.atlassian.com/cloud/jira/platform/user-impersonation-for-connect-apps
"""

import asyncio
import json
import time
from collections.abc import Callable

import httpx2
from pydantic import BaseModel, Field, ValidationError

from addon.connect.jwt import Impersonation, user_assertion
from addon.jira.errors import JiraDown, JiraForbidden, JiraRefused, said
from addon.jira.site import Site
from addon.jira.wire import Client, Reply, exchange, origin

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_MARGIN_S = 30.0  # a token must outlive the call it was taken for, and clocks differ
_MOST_TOKENS = 10_000

Key = tuple[str, str, str]
"""Client key, account id, scope."""


class _Grant(BaseModel):
    access_token: str = Field(min_length=1, max_length=16_384, pattern=r"^[\x21-\x7e]+$")
    expires_in: float = Field(ge=0, le=86_400)


class UserTokens:
    """Tokens by site, account and scope: kept until shortly before they expire, fetched once however many ask."""

    def __init__(self, client: Client, oauth_url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock
        self._url = f"{oauth_url.rstrip('/')}/oauth2/token"
        self._audience = origin(oauth_url)
        self._kept: dict[Key, tuple[str, float]] = {}
        self._asked: dict[Key, asyncio.Task[str]] = {}

    async def get(self, site: Site, account_id: str, *, scope: str, refused: str | None = None) -> str:
        """A token that should work. refused: the token Jira has just refused; it is not given again.

        Raises JiraForbidden when Atlassian gives none (inactive account, scope not granted), JiraDown when it cannot be
        asked, JiraRefused when its answer makes no sense. There is no fallback to the app's own identity, which may
        see more than the user.
        """
        key = (site.client_key, account_id, scope)
        token, until = self._kept.get(key, ("", 0.0))
        if token and token != refused and time.monotonic() < until:
            return token
        task = self._asked.get(key)
        if task is None:
            task = asyncio.create_task(self._fetch(site, account_id, scope=scope))
            self._asked[key] = task
            task.add_done_callback(lambda done: self._answered(key, done))
        # Shielded: one caller giving up must not take the token from the others.
        return await asyncio.shield(task)

    def forget(self, client_key: str) -> None:
        """Drops every token of a site, also those on their way."""
        for key in [key for key in self._kept if key[0] == client_key]:
            del self._kept[key]
        for key in [key for key in self._asked if key[0] == client_key]:
            del self._asked[key]

    async def close(self) -> None:
        tasks = list(self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _answered(self, key: Key, task: asyncio.Task[str]) -> None:
        if self._asked.get(key) is task:
            del self._asked[key]
        if not task.cancelled():
            task.exception()  # marks it as seen when every caller has gone

    async def _fetch(self, site: Site, account_id: str, *, scope: str) -> str:
        grant = await self._grant(site, account_id, scope=scope)
        key = (site.client_key, account_id, scope)
        # A token that arrives after `forget` belongs to the old installation and is not kept.
        if self._asked.get(key) is asyncio.current_task():
            # Emptied as a whole: this happens to very large installations only, and costs them one call per user.
            if len(self._kept) >= _MOST_TOKENS:
                self._kept.clear()
            self._kept[key] = (grant.access_token, time.monotonic() + grant.expires_in - _MARGIN_S)
        return grant.access_token

    async def _grant(self, site: Site, account_id: str, *, scope: str) -> _Grant:
        if not site.oauth_client_id or not account_id:
            raise JiraForbidden("This installation does not let the add-on act as a user; reinstall it.")
        person = Impersonation(site.oauth_client_id, account_id, site.base_url, self._audience)
        form = {
            "grant_type": _GRANT,
            "assertion": user_assertion(person, site.shared_secret, now=self._clock()),
            "scope": scope,
        }
        request = self._client.build_request("POST", self._url, data=form)
        reply = await exchange(self._client, request, auth=httpx2.Auth(), repeatable=True)
        return _read(reply)


def _read(reply: Reply) -> _Grant:
    # 4xx is an answer about the account or the scopes; asking again would give it again.
    told = said(reply.status, reply.body)
    if reply.status == 429 or reply.status >= 500:
        raise JiraDown(said=told)
    if reply.status != 200:
        raise JiraForbidden("Atlassian does not let the add-on act as this user.", said=told)
    try:
        return _Grant.model_validate(json.loads(reply.body))
    except (ValueError, RecursionError, ValidationError) as error:
        raise JiraRefused("Atlassian's authorization server answered in a way we do not know.") from error
