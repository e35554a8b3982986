"""Opens everything once and closes it again: the only place where the rooms are put together."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import httpx2

from addon.house.house import House
from addon.house.upkeep import kept_clean
from addon.house.work import furnished
from addon.i18n.catalog import Texts
from addon.jira.client import Jira
from addon.jira.install_keys import InstallKeys
from addon.jira.users import own_account
from addon.llm.models import Models
from addon.observe.metrics import app_version
from addon.policy.access import Access
from addon.policy.asking import Asks
from addon.policy.lifecycle import Lifecycle
from addon.policy.models import ModelPolicy
from addon.policy.projects import Projects
from addon.policy.prompts import Prompts
from addon.policy.tenants import Tenants
from addon.policy.trouble import Troubles
from addon.queue.broker import Wakes
from addon.queue.worker import Worker
from addon.runs.bus import Bus
from addon.runs.desk import Desk
from addon.settings import Settings
from addon.store.db import Database
from addon.store.keyring import open_seals
from addon.store.leases import Lease
from addon.store.migrate import migrate
from addon.store.reseal import reseal
from addon.store.secrets import Seals

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_house(
    settings: Settings,
    *,
    serve: bool = True,
    jira_transport: httpx2.AsyncBaseTransport | None = None,
    llm_transport: httpx2.AsyncBaseTransport | None = None,
) -> AsyncIterator[House]:
    """serve: migrate, take the SQLite file for ourselves, and work the queues while the house is open.

    Transports replace the network in tests. Raises Misconfigured, DatabaseDown.
    """
    async with AsyncExitStack() as stack:
        seals = open_seals(settings)
        db = Database.open(settings.database_url, exclusive=serve)
        stack.push_async_callback(db.close)
        if serve:
            await migrate(settings.database_url)
            await _resealed(db, seals)
        jira = Jira(oauth_url=settings.oauth_url, user_agent=f"jiravision/{app_version()}", transport=jira_transport)
        stack.push_async_callback(jira.close)
        install_keys = InstallKeys(settings.install_keys_url, jira_transport)
        stack.push_async_callback(install_keys.close)
        models = Models(llm_transport)
        stack.push_async_callback(models.close)
        tenants = Tenants(db, seals, settings=settings)
        model_policy = ModelPolicy(db, seals, settings=settings)
        desk = Desk(
            db=db,
            wakes=Wakes(),
            bus=Bus(),
            tenants=tenants,
            jira=jira,
            projects=Projects(db),
            askers=Asks(models, model_policy),
            prompts=Prompts(db),
            troubles=Troubles(db, tenants, ask=partial(own_account, jira)),
        )
        texts = Texts()
        office = furnished(desk, settings, texts=texts)
        dropped = _dropper(jira, office.worker)
        if serve:
            await stack.enter_async_context(office.at_work())
            await stack.enter_async_context(kept_clean(desk))
        yield House(
            settings=settings,
            db=db,
            seals=seals,
            tenants=desk.tenants,
            lifecycle=Lifecycle(db, seals, settings=settings, tenants=tenants, dropped=dropped),
            jira=jira,
            install_keys=install_keys,
            models=models,
            projects=desk.projects,
            access=Access(jira),
            model_policy=model_policy,
            starts=office.starts,
            runs=office.runs,
            events=office.events,
            publisher=office.publisher,
            worker=office.worker,
            texts=texts,
        )


def _dropper(jira: Jira, worker: Worker[Lease]) -> Callable[[str], None]:
    """Told the client key of a site whose secrets changed or that is gone."""

    def dropped(client_key: str) -> None:
        jira.forget(client_key)
        worker.nudge()

    return dropped


async def _resealed(db: Database, seals: Seals) -> None:
    """So that the operator can drop an older key after one start with a newer one before it. Raises DatabaseDown."""
    stock = await reseal(db, seals)
    if stock.renewed:
        log.info("sealed %d stored secrets anew with the first key of APP_SECRET_KEY", stock.renewed)
    if stock.broken:
        log.error("no key opens %d stored secrets; see jiravision doctor", sum(stock.broken.values()))
