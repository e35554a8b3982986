"""How a tenant ends: its work stops and its secrets go at once, its data stays for the retention."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.repos import audit
from addon.store.repos import tenants as rows
from addon.store.repos.tenants import SUPERSEDED, TenantRow


async def retire(tx: AsyncConnection, row: TenantRow, state: str, *, now: float, retention_s: float) -> None:
    """state: uninstalled or superseded. A retention that runs already is not prolonged."""
    changes: dict[str, object] = {
        "state": state,
        "shared_secret": None,
        "previous_secret": None,
        "previous_secret_until": None,
        "uninstalled_at": row.uninstalled_at or now,
        "purge_after": row.purge_after or now + retention_s,
        "updated_at": now,
    }
    await rows.change(tx, row.id, changes)
    # A key of the customer's own is a secret as well; the choice of provider and model may come back with them.
    await rows.forget_model_key(tx, row.id)
    await rows.stop_work(tx, row.id, now)


async def supersede_others(tx: AsyncConnection, row: TenantRow, *, now: float, retention_s: float) -> Sequence[str]:
    """Retires the tenants that were at the address of `row` before it; returns their client keys.

    Only for a tenant whose secret the site itself has accepted: the body of an install is not signed, and anybody who
    may install somewhere can write the address of somebody else into it.
    """
    gone = await rows.others_at(tx, row.base_url, row.client_key, until=row.installed_at)
    for other in gone:
        await retire(tx, other, SUPERSEDED, now=now, retention_s=retention_s)
        await audit.record(tx, other.id, action="tenant.superseded")
    return [other.client_key for other in gone]
