"""What the doors need, open."""

from dataclasses import dataclass

from addon.i18n.catalog import Texts
from addon.jira.client import Jira
from addon.jira.install_keys import InstallKeys
from addon.llm.models import Models
from addon.policy.access import Access
from addon.policy.lifecycle import Lifecycle
from addon.policy.models import ModelPolicy
from addon.policy.projects import Projects
from addon.policy.tenants import Tenants
from addon.queue.worker import Worker
from addon.runs.events import Events
from addon.runs.publish import Publisher
from addon.runs.start import Starts
from addon.runs.view import Runs
from addon.settings import Settings
from addon.store.db import Database
from addon.store.leases import Lease
from addon.store.secrets import Seals


@dataclass(frozen=True, slots=True)
class House:
    """One per process, made by `opening.open_house`."""

    settings: Settings
    db: Database
    seals: Seals
    tenants: Tenants
    lifecycle: Lifecycle
    jira: Jira
    install_keys: InstallKeys
    models: Models
    projects: Projects
    access: Access
    model_policy: ModelPolicy
    starts: Starts
    runs: Runs
    events: Events
    publisher: Publisher
    worker: Worker[Lease]
    texts: Texts
