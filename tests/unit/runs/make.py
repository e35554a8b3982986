"""A furnished office over a real database, with a feature and a target that do as the test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx2

from addon.errors import Invalid
from addon.jira.client import Jira
from addon.jira.users import own_account
from addon.llm.models import Models
from addon.llm.prices import Prices
from addon.policy.asking import Asks
from addon.policy.budgets import Budgets
from addon.policy.models import ModelPolicy
from addon.policy.projects import Projects
from addon.policy.prompts import Prompts
from addon.policy.tenants import Tenant, Tenants
from addon.policy.trouble import Troubles
from addon.queue.broker import Wakes
from addon.queue.lane import Pace
from addon.runs.bus import Bus
from addon.runs.desk import Desk
from addon.runs.feature import Draft, Outcome, Preview, Shown, Work, Writing, Written
from addon.runs.lanes import Size
from addon.runs.office import Office, furnish
from addon.runs.patience import Patience
from addon.settings import Settings
from addon.store.db import Database
from addon.store.repos.runs import Run
from addon.store.secrets import Seals
from tests.rows import add_tenant

FAST = Size(20, Pace(heartbeat_s=0.1, sweep_s=0.1, soft_s=30.0), lease_s=5.0)
HASTY = Patience(first_s=0.05, longest_s=0.2)
ADDON_KEY = "com.jiravision.addon"


async def answer(work: Work) -> Outcome:
    return Outcome({"overall": 80}, {"input_tokens": 5}, (comment(work.run),))


async def write(writing: Writing) -> Written:
    return Written(f"remote-{writing.publication.marker}", None, "https://acme.atlassian.net/browse/ABC-1")


async def unwrite(writing: Writing) -> None:
    """Nothing stands in the way."""


def comment(run: Run, **content: Any) -> Draft:
    return Draft("comment", 0, f"comment:{run.issue_id}:{run.id}", content)


@dataclass
class FakeFeature:
    """Calls `work` and keeps what it was given."""

    work: Callable[[Work], Awaitable[Outcome]] = answer
    seen: list[Work] = field(default_factory=list)
    kind: str = "analysis"

    async def run(self, work: Work) -> Outcome:
        self.seen.append(work)
        return await self.work(work)

    def drafts(
        self, run: Run, target: str, items: Sequence[int], edits: Mapping[str, Mapping[str, str]]
    ) -> tuple[Draft, ...]:
        if target == "comment":
            return (comment(run),)
        if any(item > 5 for item in items):
            raise Invalid("There is no such item.")
        return tuple(Draft(target, item, f"{target}:{run.id}:{item}", {**edits.get(str(item), {})}) for item in items)


@dataclass
class FakeTarget:
    """Calls `write` and `unwrite`, and keeps what it was given."""

    name: str
    write: Callable[[Writing], Awaitable[Written]] = write
    seen: list[Writing] = field(default_factory=list)
    unwrite: Callable[[Writing], Awaitable[None]] = unwrite
    undone: list[Writing] = field(default_factory=list)

    async def publish(self, writing: Writing) -> Written:
        self.seen.append(writing)
        return await self.write(writing)

    async def preview(self, writings: Sequence[Writing]) -> Preview:
        items = (Shown(w.publication.item, w.publication.marker, "text", str(w.publication.content)) for w in writings)
        return Preview("Somewhere", tuple(items))

    async def undo(self, writing: Writing) -> None:
        self.undone.append(writing)
        await self.unwrite(writing)


@dataclass
class Stage:
    """What a test acts on."""

    office: Office
    tenant: Tenant
    feature: FakeFeature
    comments: FakeTarget
    subtasks: FakeTarget

    @property
    def db(self) -> Database:
        return self.office.desk.db


@asynccontextmanager
async def stage(
    db: Database,
    seals: Seals,
    work: Callable[[Work], Awaitable[Outcome]] = answer,
    *,
    at_work: bool = True,
    size: Size = FAST,
    patience: Patience = HASTY,
    jira: Callable[[httpx2.Request], httpx2.Response] | None = None,
) -> AsyncIterator[Stage]:
    """at_work: the worker runs; else rows only wait."""
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    tenants = Tenants(db, seals, settings=settings)
    wire = httpx2.MockTransport(jira or jira_twin)
    client = Jira(oauth_url=settings.oauth_url, user_agent="tests", transport=wire)
    desk = Desk(
        db=db,
        wakes=Wakes(),
        bus=Bus(),
        tenants=tenants,
        jira=client,
        projects=Projects(db),
        askers=Asks(
            Models(),
            ModelPolicy(db, seals, settings=settings),
            budgets=Budgets(db, settings=settings),
            prices=Prices({}),
        ),
        prompts=Prompts(db),
        troubles=Troubles(db, tenants, ask=partial(own_account, client), probe_every_s=0.3),
        patience=patience,
    )
    feature, comments, subtasks = FakeFeature(work), FakeTarget("comment"), FakeTarget("subtasks")
    office = furnish(
        desk,
        features={"analysis": feature},
        targets={"comment": comments, "subtasks": subtasks},
        addon_key=ADDON_KEY,
        size=size,
    )
    tenant = await tenants.by_id(await add_tenant(db, seals=seals))
    assert tenant is not None
    try:
        if at_work:
            async with office.at_work(stop_wait_s=0.5):
                yield Stage(office, tenant, feature, comments, subtasks)
        else:
            yield Stage(office, tenant, feature, comments, subtasks)
    finally:
        await client.close()


def jira_twin(request: httpx2.Request) -> httpx2.Response:
    """A Jira that only says who the add-on is: reading and writing are the business of features and targets."""
    if request.url.path == "/rest/api/3/myself":
        return httpx2.Response(200, json={"accountId": "the-add-on", "accountType": "app"})
    raise AssertionError(f"nothing here should call {request.url}")


async def ended(office: Office, run: Run) -> Run:
    """The run once it has ended."""
    async with asyncio.timeout(60):
        async for _ in office.events.follow(run.id, run.tenant_id):
            pass
    return await office.runs.get(run.tenant_id, run.id)


async def until(condition: Callable[[], Awaitable[object]], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the condition lives in a database
            await asyncio.sleep(0.02)
