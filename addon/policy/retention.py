"""The end of what is kept: tenants whose retention is over, and rows that have outlived their use."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.db import Database
from addon.store.repos import processes, remains
from addon.store.repos import tenants as rows

DAY_S = 86400.0
TRACES_S = 30 * DAY_S
"""How long the events and unfinished pieces of a run outlive its end; its result stays."""
ACCOUNTS_S = 400 * DAY_S
"""Thirteen months: a month can be compared with the same one of the year before."""
MINUTES_S = DAY_S
SILENT_S = DAY_S
"""How long a process that died without a word is remembered."""
AT_ONCE = 200
"""Runs of one transaction: a few milliseconds, in which nobody waits for them."""


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


async def tidy(db: Database, now: float) -> dict[str, int]:
    """Deletes what outlived its use; how much by kind. May be cut off and done again at any time. Raises DatabaseDown.

    Results, what was read for them, and the audit stay as long as their tenant does.
    """

    async def traces(tx: AsyncConnection) -> int:
        return await remains.traces(tx, before=now - TRACES_S, limit=AT_ONCE)

    return {
        "runs": await _all_of(db, traces),
        "accounts": await _once(db, lambda tx: remains.accounts(tx, before=now - ACCOUNTS_S)),
        "minutes": await _once(db, lambda tx: remains.minutes(tx, before=now - MINUTES_S)),
        "processes": await _once(db, lambda tx: processes.forget(tx, silent_s=SILENT_S)),
    }


async def _all_of(db: Database, portion: Callable[[AsyncConnection], Awaitable[int]]) -> int:
    """Portion by portion, until there is nothing more."""
    total = 0
    while gone := await _once(db, portion):
        total += gone
    return total


async def _once(db: Database, portion: Callable[[AsyncConnection], Awaitable[int]]) -> int:
    async with db.begin() as tx:
        return await portion(tx)
