"""Which model answers for a tenant: the deployment's, one the site's administrators chose, or none (the rules)."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from addon.errors import Invalid
from addon.llm.choice import ModelChoice
from addon.settings import PROVIDERS, Settings
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.repos import tenant_models as rows
from addon.store.secrets import Seals

UNCHANGED = None
"""As an api_key: keep the one that is stored."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the administration page shows. provider: None means the deployment's. The key itself never leaves."""

    provider: str | None
    model: str
    has_key: bool
    updated_by: str | None
    updated_at: float | None


class ModelPolicy:
    """Chooses and stores. A site picks a provider, a model and a key of its own, never an address: the operator does.

    So a stored key goes to the provider's own host or to the one the operator configured, and nowhere a tenant names.
    """

    def __init__(self, db: Database, seals: Seals, *, settings: Settings, now: Callable[[], float] = time.time) -> None:
        self._db = db
        self._seals = seals
        self._settings = settings
        self._now = now

    @property
    def deployment(self) -> tuple[str, str]:
        """(provider, model) the operator configured."""
        return self._settings.llm_provider, self._settings.llm_model

    async def choice(self, tenant_id: str) -> ModelChoice | None:
        """The model for this tenant's next run; None: the rules answer."""
        async with self._db.single() as tx:
            row = await rows.get(tx, tenant_id)
        provider = (row.provider if row else None) or self._settings.llm_provider
        if provider == "rules":
            return None
        # A key left from a choice since taken back is not used.
        own = self._seals.open(row.api_key, tenant_id) if row and row.api_key and row.provider else ""
        same = provider == self._settings.llm_provider
        return ModelChoice(
            provider=provider,
            model=(row.model if row and row.provider else None) or self._settings.llm_model,
            # The operator's address belongs to the operator's provider; another one is reached where it lives.
            base_url=self._settings.llm_base_url if same else None,
            api_key=own or (self._settings.model_key if same else ""),
            timeout_s=self._settings.llm_timeout,
        )

    async def get(self, tenant_id: str) -> Shown:
        async with self._db.single() as tx:
            row = await rows.get(tx, tenant_id)
        return _shown(row)

    async def save(
        self, tenant_id: str, provider: str | None, *, model: str, api_key: str | None, account_id: str
    ) -> Shown:
        """Store a site's choice. api_key: None keeps the stored one (dropped when the provider changes), "" clears it.

        Raises Invalid when the choice could not work or would spend the operator's key on another model.
        """
        async with self._db.begin() as tx:
            row = await rows.get(tx, tenant_id, lock=True)
            sealed = self._sealed(tenant_id, row, provider=provider, key=api_key)
            self._refuse_impossible(provider, model, own_key=sealed is not None)
            kept = model if provider not in (None, "rules") else None
            new = rows.TenantModelRow(provider, kept or None, sealed, account_id, self._now())
            await rows.save(tx, tenant_id, row=new)
            detail = {"provider": provider, "model": kept, "key_changed": api_key is not None}
            await audit.record(
                tx, tenant_id, account_id=account_id, action="site.model", subject=provider, detail=detail
            )
        return _shown(new)

    def _sealed(
        self, tenant_id: str, row: rows.TenantModelRow | None, *, provider: str | None, key: str | None
    ) -> bytes | None:
        if provider in (None, "rules"):
            return None
        if key:
            return self._seals.seal(key, tenant_id)
        # A key belongs to the provider it was entered for: another one must never receive it.
        return row.api_key if key is UNCHANGED and row and row.provider == provider else None

    def _refuse_impossible(self, provider: str | None, model: str, *, own_key: bool) -> None:
        if provider in (None, "rules"):
            return
        if provider not in PROVIDERS:
            raise Invalid(f"provider: must be one of {', '.join(PROVIDERS)}.")
        same = provider == self._settings.llm_provider
        # Its default address is this very machine: a tenant must not make us call what the operator never offered.
        if provider == "ollama" and not same:
            raise Invalid("provider: Ollama runs beside the add-on, and its operator has not set one up.")
        if not same and not model:
            raise Invalid("model: name the model to use.")
        if provider == "openai" and not own_key:
            if not same:
                raise Invalid("api_key: this provider needs an API key of your own.")
            # Prices of models differ a hundredfold, and it is the operator who pays.
            if model and model != self._settings.llm_model:
                raise Invalid("api_key: a model other than the add-on's own needs an API key of your own.")


def _shown(row: rows.TenantModelRow | None) -> Shown:
    if row is None:
        return Shown(None, "", False, None, None)
    return Shown(row.provider, row.model or "", row.api_key is not None, row.updated_by, row.updated_at)
