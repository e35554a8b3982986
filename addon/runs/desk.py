"""What the work on runs and on publications has in common."""

from dataclasses import dataclass, field
from functools import partial

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
from addon.store.db import Database
from addon.store.ids import own_name


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
