"""Which models answer for a site: the deployment's, those its administrators chose, or none (the rules)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from addon.errors import Invalid
from addon.llm.addresses import is_allowed, may_connect, refuse
from addon.llm.guard import Resolve, system_resolve
from addon.policy.chain import Offer, Offers, Option, Place
from addon.policy.kept import Kept
from addon.policy.tenants import TENANT
from addon.redis.hub import Hub
from addon.settings import PROVIDERS, Settings
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.repos import tenant_models as rows
from addon.store.repos.tenant_models import TenantModelRow
from addon.store.secrets import Seals

UNCHANGED = None
"""As an api_key: keep the one that is stored."""
MOST_FALLBACKS = 4
LOOKUP_S = 3.0
KEPT_S = 5.0
"""How long a process may go on with a model or key that was changed elsewhere, when no word of it arrives."""
TOPIC = "models"
"""Of the hub: the id of a tenant whose models changed."""
Stored = tuple[TenantModelRow | None, dict[str, bytes]]
"""A site's choice, and the sealed keys of its fallbacks by provider."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """A model to ask when those before it fail. api_key: as in Wanted."""

    provider: str
    model: str
    api_key: str | None = field(default=UNCHANGED, repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an administrator asks for. provider: None for the deployment's. base_url: "" for where the provider lives.

    api_key: None keeps the stored one (it is dropped when provider or address change), "" clears it. fallbacks: None
    for what the deployment has.
    """

    provider: str | None
    model: str = ""
    base_url: str = ""
    api_key: str | None = field(default=UNCHANGED, repr=False)
    fallbacks: tuple[Fallback, ...] | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the administration page shows. Keys never leave: keys_of names the fallbacks' providers that have one."""

    provider: str | None
    model: str
    base_url: str
    has_key: bool
    fallbacks: tuple[tuple[str, str], ...] | None
    keys_of: frozenset[str]
    updated_by: str | None
    updated_at: float | None


class ModelPolicy:
    """Chooses and stores.

    A stored key goes to the provider and the address it was entered for and nowhere else, and an address that a site
    names is a public one or on the operator's list.
    """

    def __init__(
        self,
        db: Database,
        seals: Seals,
        *,
        settings: Settings,
        hub: Hub | None = None,
        resolve: Resolve = system_resolve,
    ) -> None:
        self._db = db
        self._seals = seals
        self._offers = Offers.of(settings)
        self._resolve = resolve
        hub = hub or Hub()
        # With its keys still sealed, as they were read.
        self._kept = Kept[Stored](hub, TOPIC, lasts_s=KEPT_S)
        # By its client key, which says nothing here: a site that left must leave no key behind.
        hub.on(TENANT, lambda _: self._kept.forget())

    @property
    def deployment(self) -> tuple[Offer, ...]:
        """What the operator configured, in the order it is asked; empty: the rules."""
        return self._offers.listed

    async def chain(self, tenant_id: str) -> tuple[Option, ...]:
        """The models for this tenant's next run, in the order they are asked; empty: the rules answer.

        Kept for a moment: every run asks, and hardly any site ever changes it.
        """
        row, keys = await self._kept.get(tenant_id, read=lambda: self._stored(tenant_id))
        return self._options(tenant_id, row, keys=keys)

    async def get(self, tenant_id: str) -> Shown:
        return _shown(*await self._stored(tenant_id))

    async def typed(self, tenant_id: str, wanted: Wanted) -> tuple[Option, ...]:
        """The models as they would be asked if this were saved. Raises Invalid."""
        await self._refuse_address(wanted)
        before, keys = await self._stored(tenant_id)
        row, kept = self._row(tenant_id, wanted, before=before, keys=keys)
        return self._options(tenant_id, row, keys=kept)

    async def save(self, tenant_id: str, wanted: Wanted, *, account_id: str) -> Shown:
        """Store a site's choice. Raises Invalid when it could not work, leads where a site must not, or would spend the
        operator's key on another model."""
        await self._refuse_address(wanted)
        async with self._db.begin() as tx:
            before = await rows.get(tx, tenant_id, lock=True)
            keys = await rows.keys(tx, tenant_id) if before else {}
            row, kept = self._row(tenant_id, wanted, before=before, keys=keys)
            now = self._db.now()
            row = TenantModelRow(row.provider, row.model, row.api_key, account_id, now, row.base_url, row.fallbacks)
            await rows.save(tx, tenant_id, row=row)
            await rows.save_keys(tx, tenant_id, sealed=kept, now=now)
            await audit.record(
                tx,
                tenant_id,
                account_id=account_id,
                action="site.model",
                subject=row.provider,
                detail=_noted(wanted, row),
            )
        self._kept.drop(tenant_id)
        return _shown(row, kept)

    async def _stored(self, tenant_id: str) -> Stored:
        async with self._db.begin() as tx:
            row = await rows.get(tx, tenant_id)
            return row, await rows.keys(tx, tenant_id) if row else {}

    async def _refuse_address(self, wanted: Wanted) -> None:
        """Raises Invalid for an address no site may name; every call of it is checked again (llm/guard.py)."""
        url, allowed = wanted.base_url, self._offers.allowed_hosts
        if not url or wanted.provider in (None, "rules"):
            return
        if said := refuse(url, allowed):
            raise Invalid(f"base_url: {said}")
        try:
            async with asyncio.timeout(LOOKUP_S):
                found = await self._resolve(urlsplit(url).hostname or "", urlsplit(url).port or 443)
        except (OSError, UnicodeError, TimeoutError):
            # A name nobody knows yet leads nowhere: the button that tests the connection says so.
            return
        if not all(may_connect(address, allowed=is_allowed(url, allowed)) for address in found):
            raise Invalid("base_url: this name leads to an address that the add-on's operator has not allowed.")

    def _row(
        self, tenant_id: str, wanted: Wanted, *, before: TenantModelRow | None, keys: Mapping[str, bytes]
    ) -> tuple[TenantModelRow, dict[str, bytes]]:
        """The row to store but for who and when, and the sealed keys of its fallbacks. Raises Invalid."""
        named = wanted.provider not in (None, "rules")
        base_url = (wanted.base_url.rstrip("/") or None) if named else None
        same = before is not None and (before.provider, before.base_url) == (wanted.provider, base_url)
        old = before.api_key if before and same else None
        row = TenantModelRow(
            wanted.provider,
            (wanted.model or None) if named else None,
            # A key belongs to the place it was entered for: another one must never receive it.
            self._sealed(tenant_id, wanted.api_key, kept=old) if named else None,
            None,
            0.0,
            base_url,
            None if wanted.fallbacks is None else tuple((each.provider, each.model) for each in wanted.fallbacks),
        )
        kept: dict[str, bytes] = {}
        for each in wanted.fallbacks or ():
            sealed = self._sealed(tenant_id, each.api_key, kept=kept.get(each.provider) or keys.get(each.provider))
            if sealed is not None and each.provider != row.provider:
                kept[each.provider] = sealed
        self._refuse_impossible(row, kept)
        return row, kept

    def _sealed(self, tenant_id: str, key: str | None, *, kept: bytes | None) -> bytes | None:
        return self._seals.seal(key, tenant_id) if key else kept if key is UNCHANGED else None

    def _refuse_impossible(self, row: TenantModelRow, keys: Mapping[str, bytes]) -> None:
        if row.provider is not None and row.provider not in PROVIDERS:
            raise Invalid(f"provider: must be one of {', '.join(PROVIDERS)}.")
        if row.provider not in (None, "rules") and (said := self._offers.impossible(_place(row), row.model or "")):
            raise Invalid(said)
        if len(row.fallbacks or ()) > MOST_FALLBACKS:
            raise Invalid(f"fallbacks: no more than {MOST_FALLBACKS}.")
        for number, (provider, model) in enumerate(row.fallbacks or ()):
            if provider not in PROVIDERS[1:]:
                raise Invalid(f"fallbacks.{number}: must be one of {', '.join(PROVIDERS[1:])}.")
            if said := self._offers.impossible(_place(row, provider, keys=keys), model):
                raise Invalid(f"fallbacks.{number}: {said.partition(': ')[2]}")

    def _options(self, tenant_id: str, row: TenantModelRow | None, *, keys: Mapping[str, bytes]) -> tuple[Option, ...]:
        if row is None:
            return self._offers.options
        if row.provider == "rules":
            return ()
        main = self._offers.options[:1]
        # None is the deployment's own model, with whatever fallbacks the site wants behind it.
        if row.provider is not None:
            main = (self._offers.option(_place(row), row.model or "", key=self._opened(tenant_id, row.api_key)),)
        if row.fallbacks is None:
            # A site that chose where its texts go did not choose where the operator would send them next.
            return self._offers.options if row.provider is None else main
        others = []
        for provider, model in row.fallbacks:
            # What the operator has taken back since it was stored is passed over.
            place = _place(row, provider, keys=keys)
            sealed = row.api_key if provider == row.provider else keys.get(provider)
            if not self._offers.impossible(place, model):
                others.append(self._offers.option(place, model, key=self._opened(tenant_id, sealed)))
        return (*main, *others) if main else ()

    def _opened(self, tenant_id: str, sealed: bytes | None) -> str:
        return self._seals.open(sealed, tenant_id) if sealed else ""


def _place(row: TenantModelRow, provider: str | None = None, *, keys: Mapping[str, bytes] | None = None) -> Place:
    """Where the row's own model is asked, or a fallback of another provider, which lives where the provider does."""
    if provider is None or provider == row.provider:
        return Place(str(row.provider), row.base_url, row.api_key is not None)
    return Place(provider, None, provider in (keys or {}))


def _noted(wanted: Wanted, row: TenantModelRow) -> dict[str, object]:
    changed = wanted.api_key is not None or any(each.api_key is not None for each in wanted.fallbacks or ())
    return {
        "provider": row.provider,
        "model": row.model,
        "address": row.base_url,
        "fallbacks": [f"{provider}:{model}" for provider, model in row.fallbacks or ()],
        "key_changed": changed,
    }


def _shown(row: TenantModelRow | None, keys: Mapping[str, bytes]) -> Shown:
    if row is None:
        return Shown(None, "", "", False, None, frozenset(), None, None)
    return Shown(
        row.provider,
        row.model or "",
        row.base_url or "",
        row.api_key is not None,
        row.fallbacks,
        frozenset(keys),
        row.updated_by,
        row.updated_at,
    )
