"""Rows of `tenant_models`: which model a site chose for itself."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.db import insert_into
from addon.store.tables.tenants import tenant_models


@dataclass(frozen=True, slots=True)
class TenantModelRow:
    """provider: None means the deployment's own choice. api_key: sealed. updated_at: UTC seconds."""

    provider: str | None
    model: str | None
    api_key: bytes | None = field(repr=False)
    updated_by: str | None
    updated_at: float


async def get(tx: AsyncConnection, tenant_id: str, *, lock: bool = False) -> TenantModelRow | None:
    query = select(tenant_models).where(tenant_models.c.tenant_id == tenant_id)
    row = (await tx.execute(query.with_for_update() if lock else query)).first()
    return TenantModelRow(row.provider, row.model, row.api_key, row.updated_by, row.updated_at) if row else None


async def save(tx: AsyncConnection, tenant_id: str, *, row: TenantModelRow) -> None:
    values = {
        "provider": row.provider,
        "model": row.model,
        "api_key": row.api_key,
        "updated_by": row.updated_by,
        "updated_at": row.updated_at,
    }
    await tx.execute(
        insert_into(tx, tenant_models)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_update(index_elements=["tenant_id"], set_=values)
    )
