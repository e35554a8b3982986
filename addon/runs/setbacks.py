"""What becomes of a row whose attempt did not succeed: back into the queue, or an end in words.

And of an outcome that cannot be saved at once.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import AddonError, NothingToDo
from addon.jira.errors import JiraForbidden, JiraNotFound, JiraUnauthorized
from addon.policy.tenants import Tenant
from addon.policy.trouble import Troubles
from addon.runs.feature import NotYet
from addon.runs.patience import Patience, failures_with
from addon.store import clock, leases
from addon.store.db import Database
from addon.store.leases import Again, Ending, Lease
from addon.store.repos import tenants as tenant_rows
from addon.store.trouble import DatabaseDown

PERSIST_S = 60.0
"""How long an outcome is held in memory while the database is away; long after its lease it is worth nothing."""

T = TypeVar("T")

TENANT_GONE = Ending("cancelled", {"error": "tenant_gone", "detail": "The add-on was removed from this site."})
ISSUE_DELETED = Ending(
    "cancelled", {"error": "issue_deleted", "detail": "The issue no longer exists, or the add-on may not see it."}
)


class SitePaused(AddonError):
    """Nothing of this site can be worked now, and that says nothing about the row: it waits, and counts nothing.

    said: why, for who looks at the row; None leaves what it says.
    """

    code = "site_paused"

    def __init__(self, said: Mapping[str, str] | None = None) -> None:
        super().__init__("The work of this site waits.", retry_after_s=1.0)
        self.said = said


async def missing(db: Database, tenant_id: str) -> Ending:
    """What becomes of a row whose tenant may not be worked for. Raises SitePaused for one that may come back."""
    async with db.single() as tx:
        row = await tenant_rows.by_id(tx, tenant_id)
    if row is not None and row.state in (tenant_rows.INSTALLED, tenant_rows.DISABLED):
        raise SitePaused
    return TENANT_GONE


@asynccontextmanager
async def site_in_sight(troubles: Troubles, tenant: Tenant) -> AsyncIterator[None]:
    """Work at a site. Raises SitePaused in place of an error by which Jira refuses the add-on as a whole there."""
    try:
        yield
    except (JiraUnauthorized, JiraForbidden) as error:
        if await troubles.noticed(tenant, error):
            raise SitePaused({"error": error.code, "detail": error.detail}) from error
        raise


async def failed(
    tx: AsyncConnection, table: Table, *, lease: Lease, error: AddonError, patience: Patience
) -> str | None:
    """Records a failure: back into the queue while another try may help, else the end.

    Returns the row's new state, None when the lease was lost.
    """
    now = clock.now(tx)
    said = {"error": error.code, "detail": error.detail}
    if isinstance(error, SitePaused):
        return await leases.retry(tx, table, lease=lease, again=Again(now + 1.0, error.said), now=now)
    if isinstance(error, NotYet):
        return await leases.retry(tx, table, lease=lease, again=Again(now + error.wait_s, said), now=now)
    if isinstance(error, JiraNotFound):
        ending = ISSUE_DELETED
    elif isinstance(error, NothingToDo):
        ending = Ending("cancelled", said)
    elif error.retry_after_s is None:
        ending = Ending("failed", said)
    else:
        failures = failures_with(lease, error.code)
        if not patience.over(table.name, lease, failures=failures, now=now):
            run_at = now + patience.wait_s(error.retry_after_s, failures, code=error.code)
            return await leases.retry(tx, table, lease=lease, again=Again(run_at, said, failures), now=now)
        ending = Ending("failed", gave_up(error, failures))
    return ending.state if await leases.finish(tx, table, lease=lease, ending=ending, now=now) else None


def gave_up(error: AddonError, failures: int) -> Mapping[str, str]:
    """cause: the code of the last error. failures: in a row; a row's age is no measure, it may have been run again."""
    return {
        "error": "gave_up",
        "cause": error.code,
        "detail": f"Given up after {failures} tries in a row. The last time: {error.detail}",
    }


async def persist(db: Database, write: Callable[[AsyncConnection], Awaitable[T]], *, single: bool = False) -> T:
    """Runs `write` in a transaction, again and again while the database is away. Raises DatabaseDown in the end.

    `write` must be fenced: a commit whose reply was lost makes the next try find nothing to change. single: it is one
    statement, which needs no BEGIN and COMMIT around it.
    """
    deadline = time.monotonic() + PERSIST_S
    pause_s = 0.1
    while True:
        try:
            async with db.single() if single else db.begin() as tx:
                return await write(tx)
        except DatabaseDown:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, 5.0)
