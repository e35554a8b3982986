"""The end of what is kept: tenants whose retention is over, and rows that have outlived their use."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.observe import logs
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
"""Runs, or other rows, of one transaction: a few milliseconds, in which nobody waits for them."""

log = logging.getLogger(__name__)

T = TypeVar("T")


async def purge(db: Database, now: float) -> int:
    """Deletes tenants past their purge_after with all that belongs to them; returns how many.

    May be cut off at any time, and goes on there the next time; so does one that could not be deleted. Raises
    DatabaseDown.
    """
    async with db.begin() as tx:
        due = await rows.due_for_purge(tx, now)
    deleted = 0
    for tenant_id in due:
        try:
            deleted += await _purged(db, tenant_id, now=now)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one must not keep the others
            # Unless the database is away altogether: this then fails as well.
            await _once(db, lambda tx: rows.due_for_purge(tx, now))
            _report(tenant_id, error)
    return deleted


async def _purged(db: Database, tenant_id: str, *, now: float) -> bool:
    """False when it was installed again in the meantime: then what is still there stays."""
    for many in remains.OF_SITE:
        since: float | str | None = many.least
        while since is not None:
            async with db.begin() as tx:
                if not await rows.stays_purgeable(tx, tenant_id, now=now):
                    return False
                since = await remains.of_site(tx, many, tenant_id=tenant_id, since=since, limit=AT_ONCE)
    # Its own row last, and with it the little that is left: until then the rest is found again.
    return await _once(db, lambda tx: rows.delete_purgeable(tx, tenant_id, now=now))


def _report(tenant_id: str, error: Exception) -> None:
    whose = {"tenant": logs.tenant_hash(tenant_id)}
    log.error("a site past its retention could not be deleted", exc_info=error, extra=whose)


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


async def _once(db: Database, portion: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    async with db.begin() as tx:
        return await portion(tx)
