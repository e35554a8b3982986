"""Rows that outlived their use, of every tenant: deleted in small portions, so that nobody waits for them."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.ids import id_at
from addon.store.tables.money import budget_alerts, person_minutes, spending
from addon.store.tables.runs import run_checkpoints, run_events, runs

DAY_S = 86400.0
MINUTE_S = 60.0


async def traces(tx: AsyncConnection, *, before: float, limit: int) -> int:
    """What runs that ended before that time reported and kept on their way: of up to `limit` runs; of how many."""
    gone: set[str] = set()
    for table in (run_events, run_checkpoints):
        its_run = (runs.c.id == table.c.run_id, runs.c.tenant_id == table.c.tenant_id)
        # No join: where a night has much to delete, a planner would read all runs there ever were for each portion.
        ended_at = select(runs.c.finished_at).where(*its_run).correlate(table).scalar_subquery()
        # Ids sort by time, so this looks at the oldest rows alone, and those are gone afterwards.
        old = (
            select(table.c.run_id)
            .where(table.c.run_id < id_at(before), ended_at < before)
            .distinct()
            .order_by(table.c.run_id)
            .limit(limit)
        )
        ids = list((await tx.execute(old)).scalars())
        if ids:
            await tx.execute(delete(table).where(table.c.run_id.in_(ids)))
        gone.update(ids)
    return len(gone)


async def accounts(tx: AsyncConnection, *, before: float) -> int:
    """What models cost and which limits were reached before that time; rows."""
    days = delete(spending).where(spending.c.day < int(before // DAY_S))
    alerts = delete(budget_alerts).where(budget_alerts.c.at < before)
    return (await tx.execute(days)).rowcount + (await tx.execute(alerts)).rowcount


async def minutes(tx: AsyncConnection, *, before: float) -> int:
    """What people used up in minutes before that time; rows."""
    old = delete(person_minutes).where(person_minutes.c.minute < int(before // MINUTE_S))
    return (await tx.execute(old)).rowcount
