"""Rows that still wait for a site which has left: nobody works them, and runs among them keep others from their issues.

Leaving ends what waits. What was under way at that moment may put more in line: a result its publications, a delivery
its run, an attempt that failed itself.
"""

from functools import cache

from sqlalchemy import Float, String, Table, Update, bindparam, exists, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.fairness import QUEUED, has_left
from addon.store.repos.tenants import STOPPED
from addon.store.tables.tenants import tenants

AT_ONCE = 100
"""Rows of one statement: what is found of a site that left are a few, and to look up more of them by id is dear."""


async def call_off(tx: AsyncConnection, table: Table, *, tenant_id: str, queue: str, now: float) -> int:
    """Ends what waits in the queue, up to AT_ONCE rows; returns how many.

    Nothing when the site is back: then what waits may be new.
    """
    asked = {"p_tenant_id": tenant_id, "p_queue": queue, "p_now": now}
    return (await tx.execute(_calling_off(table), asked)).rowcount


@cache
def _calling_off(table: Table) -> Update:
    c, row = table.c, table.alias("row")
    tenant_id = bindparam("p_tenant_id", type_=String)
    # In the order of the index of waiting rows, which so finds these alone.
    order = (row.c.queue, row.c.tenant_id, row.c.priority, row.c.run_at, row.c.id)
    theirs = (
        select(row.c.id)
        .where(row.c.state == QUEUED, row.c.queue == bindparam("p_queue", type_=String), row.c.tenant_id == tenant_id)
        .order_by(*order)
        .limit(literal_column(str(AT_ONCE)))
    )
    return (
        update(table)
        .where(c.id.in_(theirs), c.state == QUEUED)
        .where(exists().where(tenants.c.id == tenant_id, has_left(tenants)))
        .values(state="cancelled", error=STOPPED, finished_at=bindparam("p_now", type_=Float))
    )
