"""What the doors need, open."""

from dataclasses import dataclass

from addon.house.between import Between
from addon.house.outside import Outside
from addon.i18n.catalog import Texts
from addon.jira.client import Jira
from addon.jira.install_keys import InstallKeys
from addon.llm.asker import Askers
from addon.llm.models import Models
from addon.policy.access import Access
from addon.policy.budgets import Budgets
from addon.policy.lifecycle import Lifecycle
from addon.policy.models import ModelPolicy
from addon.policy.places import Places
from addon.policy.projects import Projects
from addon.policy.prompts import Prompts
from addon.policy.rates import Rates
from addon.policy.tenants import Tenants
from addon.policy.verdicts import Verdicts
from addon.queue.worker import Worker
from addon.runs.events import Events
from addon.runs.failures import Failures
from addon.runs.freshness import Freshness
from addon.runs.load import Loads
from addon.runs.office import Office
from addon.runs.publish import Publisher
from addon.runs.reruns import Reruns
from addon.runs.start import Starts
from addon.runs.view import Runs
from addon.settings import Settings
from addon.similar.finding import Similar
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
    outside: Outside
    between: Between
    rates: Rates
    access: Access
    model_policy: ModelPolicy
    budgets: Budgets
    places: Places
    office: Office
    texts: Texts
    similar: Similar

    def now(self) -> float:
        """UTC seconds for tokens and dates that others see: by the database's clock, with SQLite by this machine's."""
        return self.db.utc()

    @property
    def jira(self) -> Jira:
        return self.outside.jira

    @property
    def install_keys(self) -> InstallKeys:
        return self.outside.install_keys

    @property
    def models(self) -> Models:
        return self.outside.models

    @property
    def projects(self) -> Projects:
        return self.office.desk.projects

    @property
    def prompts(self) -> Prompts:
        return self.office.desk.prompts

    @property
    def reruns(self) -> Reruns:
        return self.office.reruns

    @property
    def freshness(self) -> Freshness:
        return Freshness(self.office.desk)

    @property
    def verdicts(self) -> Verdicts:
        return Verdicts(self.db)

    @property
    def askers(self) -> Askers:
        return self.office.desk.askers

    @property
    def starts(self) -> Starts:
        return self.office.starts

    @property
    def runs(self) -> Runs:
        return self.office.runs

    @property
    def events(self) -> Events:
        return self.office.events

    @property
    def publisher(self) -> Publisher:
        return self.office.publisher

    @property
    def failures(self) -> Failures:
        desk = self.office.desk
        return Failures(desk.db, desk.wakes, desk.bus)

    @property
    def loads(self) -> Loads:
        return Loads(self.db)

    @property
    def worker(self) -> Worker[Lease]:
        return self.office.worker
