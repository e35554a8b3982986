"""The end of a tenant: deletion once its retention is over."""

from addon.store.db import Database
from addon.store.repos import tenants as rows


async def purge(db: Database, now: float) -> int:
    """Deletes tenants past their purge_after with all that belongs to them; returns how many. Raises DatabaseDown."""
    async with db.begin() as tx:
        due = await rows.due_for_purge(tx, now)
    deleted = 0
    for tenant_id in due:
        # One transaction each: a large tenant must not hold up the others, nor one failure undo them all.
        async with db.begin() as tx:
            deleted += await rows.delete_purgeable(tx, tenant_id, now=now)
    return deleted
