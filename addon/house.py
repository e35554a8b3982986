"""Opens everything once and closes it again: the only place where the rooms are put together."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx2

from addon.analysis.drafts import Drafts
from addon.analysis.run import AnalysisFeature
from addon.errors import AddonError
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
from addon.policy.retention import purge
from addon.policy.tenants import Tenants
from addon.policy.trouble import Troubles
from addon.queue.broker import QUEUES, Wakes
from addon.queue.worker import Worker
from addon.runs.bus import Bus
from addon.runs.desk import Desk
from addon.runs.events import Events
from addon.runs.lanes import Size
from addon.runs.office import Office, furnish
from addon.runs.publish import Publisher
from addon.runs.start import Starts
from addon.runs.view import Runs
from addon.settings import Settings
from addon.store.db import Database
from addon.store.keyring import open_seals
from addon.store.leases import Lease
from addon.store.migrate import migrate
from addon.store.reseal import reseal
from addon.store.secrets import Seals
from addon.targets.comment import CommentTarget
from addon.targets.field import FieldTarget
from addon.targets.subtasks import SubtasksTarget

log = logging.getLogger(__name__)

PURGE_EVERY_S = 3600.0
PROBE_LOOK_S = 10.0


@dataclass(frozen=True, slots=True)
class House:
    """What the doors need, open."""

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
            asks=Asks(models, model_policy),
            prompts=Prompts(db),
            troubles=Troubles(db, tenants, ask=partial(own_account, jira)),
        )
        texts = Texts()
        office = _office(desk, settings, texts=texts)
        dropped = _dropper(jira, office.worker)
        if serve:
            await stack.enter_async_context(office.at_work())
            await stack.enter_async_context(_kept_clean(desk))
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


def _office(desk: Desk, settings: Settings, *, texts: Texts) -> Office:
    analysis = AnalysisFeature(Drafts(texts, settings.addon_key))
    targets = (CommentTarget(), SubtasksTarget(desk.projects, texts), FieldTarget())
    return furnish(
        desk,
        features={"analysis": analysis},
        targets={target.name: target for target in targets},
        addon_key=settings.addon_key,
        size=Size(settings.ai_slots),
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


@asynccontextmanager
async def _kept_clean(desk: Desk) -> AsyncIterator[None]:
    """Deletes, once an hour, what is past its retention, and finds out who was superseded.

    Asks sites that refused the add-on, when they are due, whether they still do.
    """

    async def hourly() -> None:
        while True:
            try:
                gone = await purge(desk.db, time.time())
                if gone:
                    log.info("deleted %d tenants past their retention", gone)
                await desk.tenants.settle(partial(own_account, desk.jira))
            except AddonError as error:
                log.warning("the hourly housekeeping was cut short: %s", error.code)
            await asyncio.sleep(PURGE_EVERY_S)

    async def probing() -> None:
        while True:
            try:
                if await desk.troubles.probe():
                    for queue in QUEUES:
                        await desk.wakes.wake(queue)
            except AddonError as error:
                log.warning("paused sites were not asked: %s", error.code)
            await asyncio.sleep(PROBE_LOOK_S)

    tasks = [asyncio.create_task(hourly(), name="retention"), asyncio.create_task(probing(), name="probing")]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
