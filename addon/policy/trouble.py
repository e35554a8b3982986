"""Sites that refuse the add-on itself: noticed once, left alone, asked again every few minutes."""

import logging
from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import AddonError
from addon.jira.errors import JiraError, JiraForbidden, JiraUnauthorized
from addon.jira.site import Site
from addon.policy.tenants import Tenant, Tenants
from addon.store.db import Database
from addon.store.repos import audit, troubles
from addon.store.secrets import SealBroken

log = logging.getLogger(__name__)

FIRST_PROBE_S = 30.0
"""Sooner than the others: Jira's own trouble is mostly short."""
PROBE_EVERY_S = 300.0

Ask = Callable[[Site], Awaitable[str]]
"""Asks a site who the add-on is: needs no right but to be accepted. Raises JiraError."""


class Troubles:
    """Pauses the work of a site in trouble and resumes it."""

    def __init__(self, db: Database, tenants: Tenants, *, ask: Ask, probe_every_s: float = PROBE_EVERY_S) -> None:
        self._db = db
        self._tenants = tenants
        self._ask = ask
        self._every_s = probe_every_s

    async def noticed(self, tenant: Tenant, error: JiraError) -> bool:
        """True when the error is the trouble of the whole site; its work then waits. tenant: as the failed call saw it.

        Jira says 403 for a right that is missing in one place as well; then it still says who the add-on is. Raises
        DatabaseDown.
        """
        if not isinstance(error, JiraUnauthorized | JiraForbidden):
            return False
        if isinstance(error, JiraForbidden) and not await self._refused(tenant.site):
            return False
        self._tenants.forget(tenant.site.client_key)
        async with self._db.begin() as tx:
            # Judged while the row is held: an install under way at this moment ends the trouble it would be blamed for.
            if await self._tenants.unchanged(tx, tenant):
                await self._pause(tx, tenant.id, code=error.code)
        return True

    async def _pause(self, tx: AsyncConnection, tenant_id: str, *, code: str) -> None:
        now = self._db.now()
        if await troubles.begin(tx, tenant_id, code=code, now=now, probe_at=now + min(FIRST_PROBE_S, self._every_s)):
            await audit.record(tx, tenant_id, action="tenant.paused", detail={"error": code})
            log.warning("a site refuses the add-on (%s); its work waits", code)

    async def probe(self) -> int:
        """Asks the sites whose turn it is, once each; how many of them are well again. Raises DatabaseDown."""
        now = self._db.now()
        again_at = now + self._every_s
        async with self._db.begin() as tx:
            due = await troubles.to_probe(tx, now=now, next_at=again_at)
        return sum([await self._well(tenant_id, again_at) for tenant_id in due])

    async def _well(self, tenant_id: str, again_at: float) -> bool:
        try:
            tenant = await self._tenants.by_id(tenant_id)
            if tenant is None:
                return False
            await self._ask(tenant.site)
        except (JiraError, SealBroken) as error:
            log.info("a paused site is not well yet: %s", error.code)
            return False
        async with self._db.begin() as tx:
            # An answer that took longer than until the next probe says nothing of what was found since.
            if not await troubles.end(tx, tenant_id, probe_at=again_at):
                return False
            await audit.record(tx, tenant_id, action="tenant.resumed")
        log.info("a paused site is well again; its work goes on")
        return True

    async def _refused(self, site: Site) -> bool:
        try:
            await self._ask(site)
        except AddonError as error:
            return isinstance(error, JiraUnauthorized | JiraForbidden)
        return False
