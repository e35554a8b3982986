"""Rows that outlived their use, of every tenant: deleted in small portions, so that nobody waits for them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.ids import id_at
from addon.store.tables.audit import audit
from addon.store.tables.money import budget_alerts, person_minutes, spending
from addon.store.tables.reruns import reruns
from addon.store.tables.runs import run_checkpoints, run_events, runs

DAY_S = 86400.0
MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Many:
    """A table of which one site may have any number of rows.

    key: tells them apart within the site. order: as an index has them. least: what no row comes before.
    """

    key: Column[str]
    order: Column[Any]
    least: float | str

    @property
    def table(self) -> Any:
        return self.key.table


OF_SITE = (
    Many(runs.c.id, runs.c.created_at, 0.0),
    Many(audit.c.id, audit.c.at, 0.0),
    Many(reruns.c.issue_id, reruns.c.issue_id, ""),
)
"""What hangs on a run goes with it; of every other table a site has so few rows that they go with its own."""


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


async def of_site(
    tx: AsyncConnection, many: Many, *, tenant_id: str, since: float | str, limit: int
) -> float | str | None:
    """Up to `limit` rows of one site from `since` on in their order; where it ended, None when there were none."""
    mine = many.table.c.tenant_id == tenant_id
    # Not from the beginning each time: while an old transaction is open, a server reads again what is gone already.
    some = select(many.key, many.order).where(mine, many.order >= since).order_by(many.order).limit(limit)
    found = (await tx.execute(some)).all()
    if not found:
        return None
    await tx.execute(delete(many.table).where(mine, many.key.in_([row[0] for row in found])))
    end: float | str = found[-1][1]
    return end


async def accounts(tx: AsyncConnection, *, before: float) -> int:
    """What models cost and which limits were reached before that time; rows."""
    days = delete(spending).where(spending.c.day < int(before // DAY_S))
    alerts = delete(budget_alerts).where(budget_alerts.c.at < before)
    return (await tx.execute(days)).rowcount + (await tx.execute(alerts)).rowcount


async def minutes(tx: AsyncConnection, *, before: float) -> int:
    """What people used up in minutes before that time; rows."""
    old = delete(person_minutes).where(person_minutes.c.minute < int(before // MINUTE_S))
    return (await tx.execute(old)).rowcount
