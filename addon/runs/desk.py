"""What the work on runs and on publications has in common."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import AddonError, NothingToDo
from addon.jira.client import Jira
from addon.jira.errors import JiraNotFound
from addon.policy.models import ModelPolicy
from addon.policy.projects import Projects
from addon.policy.tenants import Tenants
from addon.queue.broker import Wakes
from addon.queue.lane import End
from addon.runs.bus import Bus
from addon.store import leases
from addon.store.db import Database, DatabaseDown
from addon.store.leases import Ending, Lease

LONGEST_WAIT_S = 900.0
"""Cap of what a provider may tell us to wait."""
PERSIST_S = 60.0
"""How long an outcome is held in memory while the database is away; long after its lease it is worth nothing."""

TENANT_GONE = Ending(
    "cancelled", {"error": "tenant_gone", "detail": "The add-on was removed or disabled on this site."}
)
ISSUE_DELETED = Ending(
    "cancelled", {"error": "issue_deleted", "detail": "The issue no longer exists, or the add-on may not see it."}
)

ENDINGS: Mapping[End, Ending] = {
    "cancelled": Ending("cancelled"),
    "timed_out": Ending("failed", {"error": "timed_out", "detail": "The work took too long and was stopped."}),
    "crashed": Ending(
        "failed",
        {"error": "internal", "detail": "Something broke on our side; the operator finds it in the log."},
    ),
}
"""What the worker ends by itself, in words."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The rooms below, as the jobs need them."""

    db: Database
    wakes: Wakes
    bus: Bus
    tenants: Tenants
    jira: Jira
    projects: Projects
    model_policy: ModelPolicy


async def persist(db: Database, write: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """Runs `write` in a transaction, again and again while the database is away. Raises DatabaseDown in the end.

    `write` must be fenced: a commit whose reply was lost makes the next try find nothing to change.
    """
    deadline = time.monotonic() + PERSIST_S
    pause_s = 0.1
    while True:
        try:
            async with db.begin() as tx:
                return await write(tx)
        except DatabaseDown:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, 5.0)


async def failed(tx: AsyncConnection, table: Table, lease: Lease, error: AddonError) -> str | None:
    """Records a failure: back into the queue when another try may help and is left, else the end.

    Returns the row's new state, None when the lease was lost.
    """
    now = time.time()
    said = {"error": error.code, "detail": error.detail}
    if isinstance(error, JiraNotFound):
        ending = ISSUE_DELETED
    elif isinstance(error, NothingToDo):
        ending = Ending("cancelled", said)
    elif error.retry_after_s is not None and not lease.last:
        run_at = now + delay_s(error.retry_after_s, lease.attempts)
        return "queued" if await leases.retry(tx, table, lease, run_at=run_at, error=said) else None
    else:
        ending = Ending("failed", said)
    return ending.state if await leases.finish(tx, table, lease, ending, now=now) else None


def delay_s(retry_after_s: float, attempt: int) -> float:
    """Seconds until the next try: what the other side asked for, longer each time, never all at the same moment."""
    wanted = min(max(retry_after_s, 2.0 ** (attempt - 1)), LONGEST_WAIT_S)
    return wanted * random.uniform(1.0, 1.1)  # noqa: S311 - spreads load, guards nothing
