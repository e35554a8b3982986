"""What install, enable, disable and uninstall do to a tenant.

    (unknown) --installed--> installed <--enabled/disabled--> disabled
    installed, disabled --uninstalled--> uninstalled --installed--> installed
    any --a later install at the same address, once that site accepts its secret--> superseded --installed--> installed

Each call is one transaction that holds the tenant's row, so that calls which arrive together or in the wrong order
end in the same state. `uninstalled` wins over a late `disabled` until the next `installed`.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import Unauthenticated
from addon.policy.tenants import Tenants
from addon.settings import Settings
from addon.store.db import Database
from addon.store.ids import new_id
from addon.store.repos import audit
from addon.store.repos import tenants as rows
from addon.store.repos.tenants import DISABLED, INSTALLED, SUPERSEDED, UNINSTALLED, TenantRow, retire
from addon.store.repos.troubles import CLEARED
from addon.store.secrets import SealBroken, Seals
from addon.store.trouble import Contended

OVERLAP_S = 600.0
"""How long tokens signed with the secret before a rotation still open pages."""

TOKEN_MEMORY_S = 25 * 3600.0
"""How far back a used token is looked for; longer than any accepted token lives."""

DAY_S = 86_400.0


TRIES = 3
"""Of a call whose transaction the database gives up for another one: Jira tells most of these calls only once."""

T = TypeVar("T")


class Replayed(Unauthenticated):
    """A token that has done its work was sent again with something else to do."""

    code = "replayed"


@dataclass(frozen=True, slots=True)
class Installation:
    """What a verified `installed` call brought. token_id: the same for the same token, tells nothing about it."""

    client_key: str
    base_url: str
    display_url: str
    shared_secret: str = field(repr=False)
    oauth_client_id: str | None
    token_id: str


class Lifecycle:
    """Applies verified calls. dropped: told the client key when cached tokens and limits of a site lose their worth."""

    def __init__(
        self, db: Database, seals: Seals, *, settings: Settings, tenants: Tenants, dropped: Callable[[str], None]
    ) -> None:
        self._db = db
        self._seals = seals
        self._retention_s = settings.retention_days * DAY_S
        self._tenants = tenants
        self._dropped = dropped

    async def installed(self, came: Installation, now: float) -> str:
        """Creates or renews the tenant and returns its id; its settings outlive an uninstall within the retention.

        Raises Replayed when the token was used before and brings another secret now; DatabaseDown.
        """
        return await _insisting(lambda: self._install(came, now))

    async def _install(self, came: Installation, now: float) -> str:
        async with self._db.begin() as tx:
            # Inserting first gives two simultaneous first installs a row to wait for each other at.
            fresh = await rows.insert_unless_known(tx, self._first(came, now))
            row = await rows.locked(tx, came.client_key)
            assert row is not None  # noqa: S101 - inserted or known, and locked by us
            if not fresh and not await self._renewed(tx, row, came=came, now=now):
                return row.id
            action = "tenant.installed" if fresh else "tenant.renewed"
            detail = {"base_url": came.base_url, "from": None if fresh else row.state}
            await audit.record(tx, row.id, action=action, subject=came.token_id, detail=detail)
        self._drop(came.client_key)
        return row.id

    async def uninstalled(self, client_key: str, token_id: str, *, now: float) -> None:
        """Stops the tenant's work, wipes its secrets and sets the day of its deletion; nothing for an unknown tenant.

        Raises Replayed when the token belongs to an earlier uninstall; DatabaseDown.
        """
        await _insisting(lambda: self._uninstall(client_key, token_id, now=now))

    async def _uninstall(self, client_key: str, token_id: str, *, now: float) -> None:
        async with self._db.begin() as tx:
            row = await rows.locked(tx, client_key)
            if row is None or row.state in (UNINSTALLED, SUPERSEDED):
                return
            if await self._used(tx, row, token_id=token_id, now=now):
                raise Replayed("The token belongs to an earlier uninstall.")
            await retire(tx, row, state=UNINSTALLED, now=now, retention_s=self._retention_s)
            await audit.record(tx, row.id, action="tenant.uninstalled", subject=token_id)
        self._drop(client_key)

    async def enabled(self, client_key: str, token_id: str, *, now: float) -> None:
        """Takes effect on a disabled tenant only, and once per token. Raises DatabaseDown."""
        await _insisting(lambda: self._switch(client_key, INSTALLED, token_id=token_id, now=now))

    async def disabled(self, client_key: str, token_id: str, *, now: float) -> None:
        """Pauses the tenant's work until `enabled`: what runs goes back into its queue. Raises DatabaseDown."""
        await _insisting(lambda: self._switch(client_key, DISABLED, token_id=token_id, now=now))

    def _first(self, came: Installation, now: float) -> dict[str, object]:
        tenant_id = new_id()
        return {
            "id": tenant_id,
            "client_key": came.client_key,
            "state": INSTALLED,
            "base_url": came.base_url,
            "display_url": came.display_url,
            "oauth_client_id": came.oauth_client_id,
            "shared_secret": self._seals.seal(came.shared_secret, tenant_id),
            "installed_at": now,
            "updated_at": now,
        }

    async def _renewed(self, tx: AsyncConnection, row: TenantRow, *, came: Installation, now: float) -> bool:
        """False when the very same call has been applied before."""
        old = self._readable(row)
        # The body is not signed: a token seen before may carry any secret, so it may only repeat itself.
        if await self._used(tx, row, token_id=came.token_id, now=now):
            if old == came.shared_secret:
                return False
            raise Replayed("The token belongs to an earlier install.")
        changes: dict[str, object] = {
            "state": INSTALLED,
            "base_url": came.base_url,
            "display_url": came.display_url,
            "oauth_client_id": came.oauth_client_id,
            "installed_at": now,
            "updated_at": now,
            "uninstalled_at": None,
            "purge_after": None,
            **CLEARED,
        }
        # Whoever comes to an address where somebody is, proves anew that it is theirs (Tenants.acquainted).
        if row.base_url != came.base_url or await rows.is_shared(tx, came.base_url, client_key=came.client_key):
            changes["app_account_id"] = None
        if old != came.shared_secret:
            changes["shared_secret"] = self._seals.seal(came.shared_secret, row.id)
            changes["previous_secret"] = row.shared_secret if old is not None else None
            changes["previous_secret_until"] = now + OVERLAP_S if old is not None else None
        await rows.change(tx, row.id, values=changes)
        if row.state in (UNINSTALLED, SUPERSEDED):
            # What was put in line after it left belongs to the installation before.
            await rows.stop_work(tx, row.id, now=now)
        return True

    def _readable(self, row: TenantRow) -> str | None:
        try:
            return self._seals.open(row.shared_secret, row.id) if row.shared_secret is not None else None
        except SealBroken:
            # The operator lost the key; the secret that has just come replaces what nobody can read any more.
            return None

    async def _switch(self, client_key: str, after: str, *, token_id: str, now: float) -> None:
        before, action = (DISABLED, "tenant.enabled") if after == INSTALLED else (INSTALLED, "tenant.disabled")
        async with self._db.begin() as tx:
            row = await rows.locked(tx, client_key)
            # `enabled` follows every install: by then the site takes what it may still have refused a moment before.
            in_trouble = row is not None and row.state == after == INSTALLED and row.paused_until is not None
            if row is None or not (row.state == before or in_trouble):
                return
            if await self._used(tx, row, token_id=token_id, now=now):
                return
            await rows.change(tx, row.id, values={"state": after, "updated_at": now, **CLEARED})
            await audit.record(tx, row.id, action=action, subject=token_id)
        self._drop(client_key)

    async def _used(self, tx: AsyncConnection, row: TenantRow, *, token_id: str, now: float) -> bool:
        return await rows.has_audit(tx, row.id, subject=token_id, since=now - TOKEN_MEMORY_S)

    def _drop(self, client_key: str) -> None:
        self._tenants.forget(client_key)
        self._dropped(client_key)


async def _insisting(call: Callable[[], Awaitable[T]]) -> T:
    """Raises what the last try raises."""
    for _ in range(TRIES - 1):
        with suppress(Contended):
            return await call()
    return await call()
