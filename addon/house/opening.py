"""Opens everything once and closes it again: the only place where the rooms are put together."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import httpx2

from addon.house.between import Between, open_between
from addon.house.duties import Duties, Role
from addon.house.house import House
from addon.house.outside import Outside, Wires, open_outside
from addon.house.present import present
from addon.house.upkeep import Upkeep
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
from addon.policy.rates import Rates
from addon.policy.tenants import TENANT, Tenants
from addon.policy.trouble import Troubles
from addon.queue.worker import Worker
from addon.redis.hub import Hub
from addon.runs.desk import Desk
from addon.settings import Settings
from addon.similar.finding import Similar
from addon.store.db import Database
from addon.store.keyring import open_seals
from addon.store.leases import Lease
from addon.store.migrate import migrate, migrated
from addon.store.reseal import reseal
from addon.store.resumed import resumed
from addon.store.secrets import Seals

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_house(
    settings: Settings,
    *,
    role: Role = "serve",
    jira_transport: httpx2.AsyncBaseTransport | None = None,
    llm_transport: httpx2.AsyncBaseTransport | None = None,
    tool_transport: httpx2.AsyncBaseTransport | None = None,
) -> AsyncIterator[House]:
    """role: what this process is for; its duties begin and end with the block.

    Transports replace the network in tests. Raises Misconfigured, DatabaseDown.
    """
    duties = Duties.of(role, scaled_out=settings.scaled_out)
    async with AsyncExitStack() as stack:
        seals = open_seals(settings)
        db = Database.open(settings.database_url, exclusive=duties.alone, pool=settings.database_pool)
        stack.push_async_callback(db.close)
        await _prepared(db, seals, settings=settings, duties=duties)
        between = await stack.enter_async_context(open_between(settings, duties))
        wires = Wires(jira_transport, llm_transport, tool_transport)
        outside = await stack.enter_async_context(
            open_outside(settings, between.shared, hub=between.hub, wires=wires, clock=db.utc)
        )
        house = _furnished(settings, db, seals=seals, between=between, outside=outside)
        # Only now is it known who listens to what.
        await stack.enter_async_context(between.hub.open())
        await stack.enter_async_context(_on_duty(house, role, duties=duties))
        yield house


def _furnished(settings: Settings, db: Database, *, seals: Seals, between: Between, outside: Outside) -> House:
    """All rooms, in each the clients it needs; nothing works yet."""
    model_policy = ModelPolicy(db, seals, settings=settings, hub=between.hub)
    budgets = Budgets(db, settings=settings)
    askers = _askers(outside, model_policy, budgets=budgets, settings=settings)
    tenants = Tenants(db, seals, settings=settings, hub=between.hub)
    desk = _desk(db, tenants, outside=outside, askers=askers, between=between)
    texts = Texts()
    places = Places(db, seals, settings=settings, tools=outside.tools)
    office = furnished(desk, settings, texts=texts, places=places)
    dropped = _dropper(between.hub, jira=outside.jira, worker=office.worker)
    return House(
        settings=settings,
        db=db,
        seals=seals,
        tenants=tenants,
        lifecycle=Lifecycle(db, seals, settings=settings, tenants=tenants, dropped=dropped),
        outside=outside,
        between=between,
        rates=Rates(between.windows, settings),
        access=Access(outside.jira),
        model_policy=model_policy,
        budgets=budgets,
        places=places,
        office=office,
        texts=texts,
        similar=Similar(),
    )


@asynccontextmanager
async def _on_duty(house: House, role: Role, *, duties: Duties) -> AsyncIterator[None]:
    """What the process is for is done inside the block."""
    office = house.office
    async with AsyncExitStack() as stack:
        if duties.serves:
            presence = await stack.enter_async_context(present(office, role))
        if duties.work:
            await stack.enter_async_context(office.at_work())
        if duties.upkeep:
            upkeep = Upkeep(office.desk, office.reruns, house.settings, office.worker.pulse)
            await stack.enter_async_context(upkeep.kept())
        # Pushed last and so called first: the row says that we leave before anything is closed.
        if duties.serves:
            stack.push_async_callback(presence.drain)
        yield


async def _prepared(db: Database, seals: Seals, *, settings: Settings, duties: Duties) -> None:
    """The schema this release needs, made or waited for. Raises DatabaseDown, Misconfigured."""
    if duties.migrate:
        await migrate(settings.database_url)
        await resumed(db)
    elif duties.serves:
        await migrated(db)
    if duties.upkeep:
        await _resealed(db, seals)


def _desk(db: Database, tenants: Tenants, *, outside: Outside, askers: Asks, between: Between) -> Desk:
    return Desk(
        db=db,
        wakes=between.wakes,
        bus=between.bus,
        tenants=tenants,
        jira=outside.jira,
        projects=Projects(db, between.hub),
        askers=askers,
        prompts=Prompts(db, between.hub),
        troubles=Troubles(db, tenants, ask=partial(own_account, outside.jira)),
    )


def _askers(outside: Outside, policy: ModelPolicy, *, budgets: Budgets, settings: Settings) -> Asks:
    """Who finds the models of a tenant; with an AI service, that asks them for its share of the tenants."""
    moving = None
    if outside.service is not None:
        moving = Moving(outside.service, settings.ai_service_percent, settings.ai_service_fallback)
    return Asks(outside.models, policy, budgets=budgets, prices=Prices(settings.llm_prices), elsewhere=moving)


def _dropper(hub: Hub, *, jira: Jira, worker: Worker[Lease]) -> Callable[[str], None]:
    """Told the client key of a site whose secrets changed or that is gone; every process hears of it."""

    def heard(client_key: str) -> None:
        # Without a name nothing is dropped: tokens of people end within minutes by themselves.
        if client_key:
            jira.forget(client_key)
        worker.nudge()

    hub.on(TENANT, heard)
    return partial(hub.tell, TENANT)


async def _resealed(db: Database, seals: Seals) -> None:
    """So that the operator can drop an older key after one start with a newer one before it. Raises DatabaseDown."""
    stock = await reseal(db, seals)
    if stock.renewed:
        log.info("sealed %d stored secrets anew with the first key of APP_SECRET_KEY", stock.renewed)
    if stock.broken:
        log.error("no key opens %d stored secrets; see jiravision doctor", sum(stock.broken.values()))
