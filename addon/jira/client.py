"""The one door to Jira of this process."""

import time

import httpx2

from addon.jira.auth import AppAuth, Clock, UserAuth
from addon.jira.limiter import Limiter
from addon.jira.oauth import UserTokens
from addon.jira.session import Session
from addon.jira.site import Site
from addon.jira.wire import new_client


class Jira:
    """Owns the connections, the limits per site and the users' tokens. Close it when done."""

    def __init__(
        self,
        *,
        oauth_url: str,
        user_agent: str,
        transport: httpx2.AsyncBaseTransport | None = None,
        limiter: Limiter | None = None,
        clock: Clock = time.time,
    ) -> None:
        """clock: what tokens and pauses go by; a process whose own is off would be refused by every site."""
        self._client = new_client(user_agent, transport)
        self._limiter = limiter or Limiter()
        self._clock = clock
        self._tokens = UserTokens(self._client, oauth_url, clock=clock)

    def as_app(self, site: Site, *, automatic: bool = False) -> Session:
        """Calls as the add-on itself: what it wrote shows the add-on as author, and it sees what the add-on may see.

        automatic: nobody waits for them; they leave what becomes scarce to those that somebody waits for.
        """
        return Session(site, AppAuth(site, self._clock), self._client, self._limiter, automatic, clock=self._clock)

    def as_user(self, site: Site, account_id: str, *, scope: str = "READ") -> Session:
        """Calls with the eyes and rights of one user. scope: upper-case Connect scopes, separated by spaces."""

        async def token(refused: str | None) -> str:
            return await self._tokens.get(site, account_id, scope=scope, refused=refused)

        return Session(site, UserAuth(token), self._client, self._limiter, clock=self._clock)

    def forget(self, client_key: str) -> None:
        """Drops the tokens of a site's people: its secrets changed or it is gone. What Jira asked us to bear stays."""
        self._tokens.forget(client_key)

    async def close(self) -> None:
        await self._limiter.close()
        await self._tokens.close()
        await self._client.aclose()
