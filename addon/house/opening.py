"""Opens everything once and closes it again: the only place where the rooms are put together."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import httpx2

from addon.house.house import House
from addon.house.outside import Outside, open_outside
from addon.house.upkeep import kept_clean
from addon.house.work import furnished
from addon.i18n.catalog import Texts
from addon.jira.client import Jira
from addon.jira.users import own_account
from addon.llm.moving import Moving
from addon.llm.prices import Prices
from addon.policy.access import Access
from addon.policy.asking import Asks
from addon.policy.budgets import Budgets
from addon.policy.lifecycle import Lifecycle
from addon.policy.models import ModelPolicy
from addon.policy.places import Places
from addon.policy.projects import Projects
from addon.policy.prompts import Prompts
from addon.policy.tenants import Tenants
from addon.policy.trouble import Troubles
from addon.queue.broker import Wakes
from addon.queue.worker import Worker
from addon.runs.bus import Bus
from addon.runs.desk import Desk
from addon.settings import Settings
from addon.similar.finding import Similar
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
    tool_transport: httpx2.AsyncBaseTransport | None = None,
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
        outside = await stack.enter_async_context(
            open_outside(settings, jira_transport, llm_transport=llm_transport, tool_transport=tool_transport)
        )
        model_policy = ModelPolicy(db, seals, settings=settings)
        budgets = Budgets(db, settings=settings)
        askers = _askers(outside, model_policy, budgets=budgets, settings=settings)
        tenants = Tenants(db, seals, settings=settings)
        desk = _desk(db, tenants, outside=outside, askers=askers)
        texts = Texts()
        places = Places(db, seals, settings=settings, tools=outside.tools)
        office = furnished(desk, settings, texts=texts, places=places)
        dropped = _dropper(outside.jira, office.worker)
        if serve:
            await stack.enter_async_context(office.at_work())
            await stack.enter_async_context(kept_clean(desk, office.reruns))
        yield House(
            settings=settings,
            db=db,
            seals=seals,
            tenants=tenants,
            lifecycle=Lifecycle(db, seals, settings=settings, tenants=tenants, dropped=dropped),
            outside=outside,
            access=Access(outside.jira),
            model_policy=model_policy,
            budgets=budgets,
            places=places,
            office=office,
            texts=texts,
            similar=Similar(),
        )


def _desk(db: Database, tenants: Tenants, *, outside: Outside, askers: Asks) -> Desk:
    return Desk(
        db=db,
        wakes=Wakes(),
        bus=Bus(),
        tenants=tenants,
        jira=outside.jira,
        projects=Projects(db),
        askers=askers,
        prompts=Prompts(db),
        troubles=Troubles(db, tenants, ask=partial(own_account, outside.jira)),
    )


def _askers(outside: Outside, policy: ModelPolicy, *, budgets: Budgets, settings: Settings) -> Asks:
    """Who finds the models of a tenant; with an AI service, that asks them for its share of the tenants."""
    moving = None
    if outside.service is not None:
        moving = Moving(outside.service, settings.ai_service_percent, settings.ai_service_fallback)
    return Asks(outside.models, policy, budgets=budgets, prices=Prices(settings.llm_prices), elsewhere=moving)


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
