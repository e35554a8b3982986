"""Who a caller may be: the sites on which the add-on is installed, with their secrets opened."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import AddonError
from addon.jira.site import Site
from addon.redis.hub import Hub
from addon.settings import Settings
from addon.store.db import Database
from addon.store.repos import tenants as rows
from addon.store.repos.tenants import DISABLED, INSTALLED, TenantRow, supersede_others
from addon.store.secrets import SealBroken, Seals

log = logging.getLogger(__name__)

DAY_S = 86_400.0
KNOWN_S = 30.0
UNSURE_S = 5.0
UNKNOWN_S = 5.0
JUST_NOW_S = 0.25
"""So often at most a site is asked for because of tokens that do not hold."""
TENANT = "tenant"
"""The hub's topic for what is known of sites: the client key of one that changed."""
_MAX_CACHED = 5000


@dataclass(frozen=True, slots=True)
class Tenant:
    """One installed site. previous_secret: honoured until previous_secret_until, so that open pages survive a rotation.

    active: False between `disabled` and `enabled`, when only those two calls are answered.
    """

    id: str
    site: Site
    display_url: str
    app_account_id: str | None
    language: str | None
    previous_secret: str | None = field(repr=False, default=None)
    previous_secret_until: float = 0.0
    active: bool = True

    @property
    def hosts(self) -> frozenset[str]:
        """Hosts that belong to the site itself."""
        addresses = (self.display_url, self.site.base_url)
        return frozenset(host for address in addresses if (host := urlsplit(address).hostname))

    def secrets(self, now: float) -> tuple[str, ...]:
        """What the site may sign with now, the current secret first."""
        if self.previous_secret is not None and now < self.previous_secret_until:
            return self.site.shared_secret, self.previous_secret
        return (self.site.shared_secret,)


class Tenants:
    """Looks tenants up and keeps what it found for up to 30 s, 5 s while other processes are not heard.

    Calls of the lifecycle drop entries at once in every process that hears of it; the others notice within that time.
    Unknown keys are kept for a moment too, so that asking for one costs what asking for a known one costs.
    """

    def __init__(
        self,
        db: Database,
        seals: Seals,
        *,
        settings: Settings,
        hub: Hub | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = db
        self._seals = seals
        self._app_key = settings.addon_key
        self._retention_s = settings.retention_days * DAY_S
        self._clock = clock
        self._cache: OrderedDict[tuple[str, str], tuple[float, Tenant | None]] = OrderedDict()
        self._generation = 0
        self._anew = asyncio.Lock()
        self._hub = hub or Hub()
        # Without a name something may have been missed: then no secret that is known is sure.
        self._hub.on(TENANT, lambda client_key: self.forget(client_key or None))

    async def by_client_key(self, client_key: str) -> Tenant | None:
        """The site of this issuer, only while it is installed and enabled. Raises DatabaseDown."""
        return _active(await self.registered(client_key))

    async def registered(self, client_key: str) -> Tenant | None:
        """As by_client_key, disabled sites included: `enabled` comes from one. Raises DatabaseDown."""
        return await self._cached(("client_key", client_key), lambda tx: rows.by_client_key(tx, client_key))

    async def by_id(self, tenant_id: str) -> Tenant | None:
        """The tenant, only while it is installed and enabled. Raises DatabaseDown."""
        return _active(await self._cached(("id", tenant_id), lambda tx: rows.by_id(tx, tenant_id)))

    async def acquainted(self, tenant_id: str, ask: Callable[[Site], Awaitable[str]]) -> Tenant | None:
        """As by_id, with the add-on's own account on the site; asked for once, of the site itself. Raises DatabaseDown.

        An answer proves that the site took our signature, so that its address is this tenant's: whoever was there
        before is superseded only now. A site import gives a new client key and never uninstalls the old one.
        """
        tenant = await self.by_id(tenant_id)
        if tenant is None or tenant.app_account_id:
            return tenant
        try:
            account_id = await ask(tenant.site)
        except AddonError as error:
            # Other marks tell our own events as well; whoever works for this site hears its trouble soon enough.
            log.info("own account unknown: %s", error.code)
            return tenant
        if not account_id:
            return tenant
        await self.proven(tenant, account_id)
        return replace(tenant, app_account_id=account_id)

    async def proven(self, tenant: Tenant, account_id: str) -> None:
        """Keeps the id of the add-on's own account on that site, by which its own events are told.

        Retires who was at the same address before. Nothing happens when the tenant has changed since it asked.
        """
        now = self._db.utc()
        async with self._db.begin() as tx:
            # The proof is one for this address and this secret, whatever was installed while it was under way.
            row = await self._held(tx, tenant)
            if row is None:
                return
            await rows.change(tx, row.id, values={"app_account_id": account_id})
            gone = await supersede_others(tx, row, now=now, retention_s=self._retention_s)
        for client_key in (tenant.site.client_key, *gone):
            self._hub.tell(TENANT, client_key)

    async def unchanged(self, tx: AsyncConnection, tenant: Tenant) -> bool:
        """Whether it is still installed and enabled with this secret at this address; that stays so until `tx` ends.

        A site that was installed anew refuses a secret it has replaced itself, and the new one may do well.
        """
        row = await self._held(tx, tenant)
        return row is not None and row.state == INSTALLED

    async def _held(self, tx: AsyncConnection, tenant: Tenant) -> TenantRow | None:
        """The tenant's row, locked; None when its secret or its address has changed, or it has left."""
        row = await rows.locked(tx, tenant.site.client_key)
        current = self._opened(row)
        return row if current is not None and current.site == tenant.site else None

    async def settle(self, ask: Callable[[Site], Awaitable[str]]) -> None:
        """Acquaints the tenants that came to an address where somebody was: not every site has work that would.

        Raises DatabaseDown.
        """
        async with self._db.single() as tx:
            waiting = await rows.contested(tx)
        for tenant_id in waiting:
            with suppress(SealBroken):
                await self.acquainted(tenant_id, ask)

    async def outdated(self, client_key: str, moment: float) -> bool:
        """Whether what is cached of a site was read before that moment, on the monotonic clock; it then is read anew.

        However many ask, it is read a few times a second at most. Raises DatabaseDown.
        """
        key = ("client_key", client_key)
        known = self._cache.get(key)
        if known is None or known[0] >= moment:
            return False
        await asyncio.sleep(max(0.0, known[0] + JUST_NOW_S - self._clock()))
        async with self._anew:
            if self._cache.get(key) is known:
                await self._read(key, lambda tx: rows.by_client_key(tx, client_key))
        return True

    def forget(self, client_key: str | None) -> None:
        """Drops what is cached of one site, None: of all; also what other requests are reading just now."""
        self._generation += 1
        if client_key is None:
            self._cache.clear()
            return
        gone = [k for k, (_, t) in self._cache.items() if k[1] == client_key or (t and t.site.client_key == client_key)]
        for key in gone:
            del self._cache[key]

    async def _cached(
        self, key: tuple[str, str], read: Callable[[AsyncConnection], Awaitable[TenantRow | None]]
    ) -> Tenant | None:
        now = self._clock()
        known = self._cache.get(key)
        # Asked for at each look: what was sure when it was read may have become old since nobody is heard.
        if known and now < known[0] + self._good_for_s(known[1]):
            return known[1]
        return await self._read(key, read)

    async def _read(
        self, key: tuple[str, str], read: Callable[[AsyncConnection], Awaitable[TenantRow | None]]
    ) -> Tenant | None:
        now = self._clock()
        # A site that is forgotten while its row is being read must not come back into the cache as it was.
        generation = self._generation
        async with self._db.single() as tx:
            row = await read(tx)
        tenant = self._opened(row)
        if generation == self._generation:
            # Counted from before the question: a slow answer must not stretch the time.
            self._cache[key] = (now, tenant)
            self._cache.move_to_end(key)
            if len(self._cache) > _MAX_CACHED:
                self._cache.popitem(last=False)
        return tenant

    def _good_for_s(self, tenant: Tenant | None) -> float:
        if tenant is None:
            return UNKNOWN_S
        return KNOWN_S if self._hub.hears else UNSURE_S

    def _opened(self, row: TenantRow | None) -> Tenant | None:
        if row is None or row.state not in (INSTALLED, DISABLED) or row.shared_secret is None:
            return None
        # Opened once here and not per request: unsealing costs more than the rest of a verification.
        previous = self._previous(row)
        return Tenant(
            id=row.id,
            site=Site(
                client_key=row.client_key,
                base_url=row.base_url,
                shared_secret=self._seals.open(row.shared_secret, row.id),
                app_key=self._app_key,
                oauth_client_id=row.oauth_client_id,
            ),
            display_url=row.display_url,
            app_account_id=row.app_account_id,
            language=row.language,
            previous_secret=previous,
            previous_secret_until=row.previous_secret_until or 0.0,
            active=row.state == INSTALLED,
        )

    def _previous(self, row: TenantRow) -> str | None:
        try:
            return self._seals.open(row.previous_secret, row.id) if row.previous_secret is not None else None
        except SealBroken:
            # It only spares open pages a reload; the site itself signs with the current one.
            return None


def _active(tenant: Tenant | None) -> Tenant | None:
    return tenant if tenant is not None and tenant.active else None
