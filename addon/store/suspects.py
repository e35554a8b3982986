"""Rows that were at work whenever a worker died: one of them may be what kills it, the others were only near.

Whoever is on the last chance is worked with no other such row of either table in the same process, so that the next
death has one name.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Table, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.fairness import RUNNING

LAST_CHANCE = 2
"""Deaths a row was near to; with the next one it is given up."""
APART_S = 0.5
"""How long a suspect waits before it looks again whether the one before it is over."""


async def apart(
    tx: AsyncConnection, table: Table, *, worker: str, claimed: Sequence[Any], now: float
) -> tuple[list[Any], bool]:
    """What the worker keeps of the rows it has just claimed, and whether others had to go back for a while."""
    suspects = [row.id for row in claimed if row.crashes >= LAST_CHANCE]
    if not suspects:
        return list(claimed), False
    # Of either table: a death does not tell whether a run or a publication was its cause.
    both = (table.metadata.tables[name] for name in ("runs", "publications"))
    held = union_all(*(_at_work(each, worker, but=suspects) for each in both))
    others = (await tx.execute(held.limit(1))).first()
    later = suspects[0 if others else 1 :]
    c = table.c
    if later:
        back = {"state": "queued", "worker": None, "lease_until": None, "run_at": now + APART_S}
        await tx.execute(update(table).where(c.id.in_(later), c.worker == worker).values(back))
    return [row for row in claimed if row.id not in later], bool(later)


def _at_work(table: Table, worker: str, *, but: Sequence[str]) -> Select[str]:
    """Ids of the suspects in the worker's hands."""
    c = table.c
    mine = (c.worker == worker, c.state == RUNNING, c.crashes >= LAST_CHANCE)
    return select(c.id).where(*mine, c.id.not_in(but))
