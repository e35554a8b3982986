"""Rows of `tenant_models` and `tenant_keys`: which models a site chose for itself, and its keys for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.inserts import insert_into
from addon.store.tables.money import tenant_keys
from addon.store.tables.tenants import tenant_models


@dataclass(frozen=True, slots=True)
class TenantModelRow:
    """provider: None means the deployment's own choice. api_key: sealed. updated_at: UTC seconds.

    base_url: None for where the provider lives. fallbacks: (provider, model) in order, None for the deployment's.
    """

    provider: str | None
    model: str | None
    api_key: bytes | None = field(repr=False)
    updated_by: str | None
    updated_at: float
    base_url: str | None = None
    fallbacks: tuple[tuple[str, str], ...] | None = None


async def get(tx: AsyncConnection, tenant_id: str, *, lock: bool = False) -> TenantModelRow | None:
    query = select(tenant_models).where(tenant_models.c.tenant_id == tenant_id)
    row = (await tx.execute(query.with_for_update() if lock else query)).first()
    if row is None:
        return None
    return TenantModelRow(
        row.provider,
        row.model,
        row.api_key,
        row.updated_by,
        row.updated_at,
        row.base_url,
        None if row.fallbacks is None else tuple((each["provider"], each["model"]) for each in row.fallbacks),
    )


async def save(tx: AsyncConnection, tenant_id: str, *, row: TenantModelRow) -> None:
    values = {
        "provider": row.provider,
        "model": row.model,
        "api_key": row.api_key,
        "base_url": row.base_url,
        "fallbacks": None
        if row.fallbacks is None
        else [{"provider": provider, "model": model} for provider, model in row.fallbacks],
        "updated_by": row.updated_by,
        "updated_at": row.updated_at,
    }
    await tx.execute(
        insert_into(tx, tenant_models)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_update(index_elements=["tenant_id"], set_=values)
    )


async def keys(tx: AsyncConnection, tenant_id: str) -> dict[str, bytes]:
    """The sealed keys of a site's fallbacks, by provider."""
    found = await tx.execute(
        select(tenant_keys.c.provider, tenant_keys.c.api_key).where(tenant_keys.c.tenant_id == tenant_id)
    )
    return {provider: bytes(key) for provider, key in found.all()}


async def save_keys(tx: AsyncConnection, tenant_id: str, *, sealed: Mapping[str, bytes], now: float) -> None:
    """Exactly these; a key that is not among them is gone."""
    await tx.execute(delete(tenant_keys).where(tenant_keys.c.tenant_id == tenant_id))
    for provider, key in sealed.items():
        await tx.execute(
            tenant_keys.insert().values(tenant_id=tenant_id, provider=provider, api_key=key, updated_at=now)
        )
