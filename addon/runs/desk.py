"""What the work on runs and on publications has in common."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.jira.client import Jira
from addon.jira.users import own_account
from addon.llm.asker import Askers
from addon.policy.projects import Projects
from addon.policy.prompts import Prompts
from addon.policy.tenants import Tenant, Tenants
from addon.policy.trouble import Troubles
from addon.queue.broker import Wakes
from addon.runs.bus import Bus
from addon.runs.patience import Patience
from addon.store.db import Database, DatabaseDown
from addon.store.ids import own_name

PERSIST_S = 60.0
"""How long an outcome is held in memory while the database is away; long after its lease it is worth nothing."""

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
    askers: Askers
    prompts: Prompts
    troubles: Troubles
    patience: Patience = field(default_factory=Patience)
    me: str = field(default_factory=own_name)
    """By this name other processes know who holds what."""

    async def acquainted(self, tenant_id: str) -> Tenant | None:
        """The tenant with the add-on's own account on it, while it is installed. Raises DatabaseDown."""
        return await self.tenants.acquainted(tenant_id, partial(own_account, self.jira))


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
