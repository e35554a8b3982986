"""Rows of `run_checkpoints`: finished pieces of a run that is not finished yet."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.inserts import insert_into
from addon.store.leases import Lease, fenced
from addon.store.tables.runs import run_checkpoints, runs

_DROPPED = delete(run_checkpoints).where(
    run_checkpoints.c.tenant_id == bindparam("c_tenant_id"), run_checkpoints.c.run_id == bindparam("c_run_id")
)


async def get(tx: AsyncConnection, tenant_id: str, *, run_id: str, name: str) -> dict[str, Any] | None:
    kept = run_checkpoints.c
    query = select(kept.value).where(kept.tenant_id == tenant_id, kept.run_id == run_id, kept.name == name)
    found: dict[str, Any] | None = (await tx.execute(query)).scalar_one_or_none()
    return found


async def save(tx: AsyncConnection, lease: Lease, *, name: str, value: Mapping[str, Any]) -> bool:
    """The first value of a name stays. False when the lease is lost."""
    # Writes to the run itself, so that nobody takes it over between the look and the row.
    if (await tx.execute(fenced(runs), {**lease.fence, "worker": lease.worker})).rowcount != 1:
        return False
    row = {"run_id": lease.id, "name": name, "tenant_id": lease.tenant_id, "value": dict(value)}
    await tx.execute(insert_into(tx, run_checkpoints).on_conflict_do_nothing(), row)
    return True


async def drop(tx: AsyncConnection, tenant_id: str, *, run_id: str) -> None:
    """When the run has ended: its result holds all that is worth keeping."""
    await tx.execute(_DROPPED, {"c_tenant_id": tenant_id, "c_run_id": run_id})
