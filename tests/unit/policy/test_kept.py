"""What one process changes, the others do not go on with."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import pytest

from addon.policy.kept import KEPT_S, MOST_KEPT, Kept
from addon.policy.lifecycle import Installation, Lifecycle
from addon.policy.projects import Projects
from addon.policy.prompts import Prompts
from addon.policy.tenants import KNOWN_S, TENANT, UNSURE_S, Tenants
from addon.redis.connection import Redis
from addon.redis.hub import Hub
from addon.settings import Settings
from addon.store.db import Database
from addon.store.repos.prompts import Place
from addon.store.secrets import Seals
from tests.rows import add_tenant
from tests.services import RedisServer
from tests.unit.awake import awake

NOW = 1_795_000_000.0
PROJECT = "10000"


@dataclass
class Process:
    """The part of a process that keeps what it read. moment: the clock of what is kept. heard: words about sites."""

    hub: Hub
    tenants: Tenants
    projects: Projects
    prompts: Prompts
    lifecycle: Lifecycle
    moment: list[float]
    heard: list[str]


@asynccontextmanager
async def process(db: Database, seals: Seals, url: str) -> AsyncIterator[Process]:
    redis, moment, heard = Redis(url, prefix="tests"), [0.0], list[str]()
    hub, settings = Hub(redis), Settings(_env_file=None)
    tenants = Tenants(db, seals, settings=settings, hub=hub, clock=lambda: moment[0])
    projects, prompts = Projects(db, hub, clock=lambda: moment[0]), Prompts(db, hub, clock=lambda: moment[0])
    lifecycle = Lifecycle(db, seals, settings=settings, tenants=tenants, dropped=partial(hub.tell, TENANT))
    hub.on(TENANT, heard.append)
    try:
        async with hub.open():
            yield Process(hub, tenants, projects, prompts, lifecycle, moment, heard)
    finally:
        await redis.close()


@asynccontextmanager
async def two(db: Database, seals: Seals, server: RedisServer) -> AsyncIterator[tuple[Process, Process]]:
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(process(db, seals, server.url)) for _ in range(2)]
        await until(lambda: one.hub.hears and other.hub.hears)
        yield one, other


async def until(condition: Callable[[], object], within_s: float = 60.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in tasks of the code under test
            await asyncio.sleep(0.01)


async def becomes(look: Callable[[], Awaitable[object]], wanted: object) -> None:
    """Once the word of it has come. The clock of what is kept stands still: by itself nothing is read again."""
    async with asyncio.timeout(60):
        while await look() != wanted:  # noqa: ASYNC110 - the word is heard in another task
            await asyncio.sleep(0.01)


def came(secret: str, token: str) -> Installation:
    return Installation("acme", "https://acme.atlassian.net", "https://acme.atlassian.net", secret, None, token)


@asynccontextmanager
async def two_that_know_the_site(
    db: Database, seals: Seals, server: RedisServer
) -> AsyncIterator[tuple[Process, Process]]:
    """The first one has installed it, and the other one has read it."""
    async with two(db, seals, server) as (one, other):
        await one.lifecycle.installed(came("s1", "token:1"), NOW)
        # The word would drop again what is read before it has come.
        await until(lambda: "acme" in other.heard)
        assert await secret_of(other) == "s1"
        yield one, other


async def secret_of(there: Process) -> str | None:
    tenant = await there.tenants.by_client_key("acme")
    return tenant.site.shared_secret if tenant else None


async def test_what_happens_to_a_site_at_one_process_holds_at_the_other_at_once(
    database: Database, seals: Seals, server: RedisServer
) -> None:
    async with two(database, seals, server) as (one, other):
        assert await secret_of(other) is None
        await one.lifecycle.installed(came("s1", "token:1"), NOW)
        await becomes(lambda: secret_of(other), "s1")
        await one.lifecycle.installed(came("s2", "token:2"), NOW)
        await becomes(lambda: secret_of(other), "s2")
        await one.lifecycle.disabled("acme", "token:3", now=NOW)
        await becomes(lambda: secret_of(other), None)
        await one.lifecycle.enabled("acme", "token:4", now=NOW)
        await becomes(lambda: secret_of(other), "s2")
        await one.lifecycle.uninstalled("acme", "token:5", now=NOW)
        await becomes(lambda: secret_of(other), None)


@pytest.mark.parametrize("trouble", ["killed", "frozen"])
async def test_without_redis_a_site_that_left_is_known_within_five_seconds(
    database: Database, seals: Seals, server: RedisServer, trouble: str
) -> None:
    async with two_that_know_the_site(database, seals, server) as (one, other):
        # Read a while ago, when everything said was heard.
        other.moment[0] += UNSURE_S - 1
        server.kill() if trouble == "killed" else server.freeze()
        async with awake() as passed:
            await until(lambda: not other.hub.hears)
            # What is real time here counts as well.
            assert passed() < UNSURE_S
        await one.lifecycle.uninstalled("acme", "token:2", now=NOW)
        assert await secret_of(other) == "s1"
        other.moment[0] += 1
        assert await secret_of(other) is None


async def test_a_site_is_read_anew_as_soon_as_words_may_have_been_missed(
    database: Database, seals: Seals, server: RedisServer
) -> None:
    async with two_that_know_the_site(database, seals, server) as (one, other):
        server.kill()
        await one.lifecycle.uninstalled("acme", "token:2", now=NOW)
        await until(lambda: not other.hub.hears)
        server.start()
        await until(lambda: other.hub.hears)
        assert await secret_of(other) is None


async def test_while_others_are_heard_a_site_is_read_twice_a_minute(
    database: Database, seals: Seals, server: RedisServer
) -> None:
    """A process that was killed between its commit and its word is found out then."""
    async with two_that_know_the_site(database, seals, server) as (_, other):
        unheard = Tenants(database, seals, settings=Settings(_env_file=None))
        silent = Lifecycle(
            database,
            seals,
            settings=Settings(_env_file=None),
            tenants=unheard,
            dropped=lambda _: None,
        )
        await silent.uninstalled("acme", "token:2", now=NOW)
        other.moment[0] += KNOWN_S - 1
        assert await secret_of(other) == "s1"
        other.moment[0] += 1
        assert await secret_of(other) is None


async def test_project_settings_saved_at_one_process_hold_at_the_other_at_once(
    database: Database, seals: Seals, server: RedisServer
) -> None:
    tenant_id = await add_tenant(database)
    async with two(database, seals, server) as (one, other):
        assert (await other.projects.get(tenant_id, PROJECT)).auto_analyze
        await one.projects.save(tenant_id, PROJECT, changes={"auto_analyze": False}, account_id="ann")
        await becomes(partial(is_automatic, other, tenant_id), False)
        assert not (await one.projects.get(tenant_id, PROJECT)).auto_analyze
        server.kill()
        await one.projects.save(tenant_id, PROJECT, changes={"auto_analyze": True}, account_id="ann")
        other.moment[0] += KEPT_S
        assert (await other.projects.get(tenant_id, PROJECT)).auto_analyze


async def test_a_prompt_of_one_process_is_in_force_at_the_other_at_once(
    database: Database, seals: Seals, server: RedisServer
) -> None:
    tenant_id = await add_tenant(database)
    place = Place(tenant_id, PROJECT, "analysis")
    async with two(database, seals, server) as (one, other):
        assert await other.prompts.active(tenant_id, PROJECT, kind="analysis") is None
        await one.prompts.add(place, text="Look at the money.", note="", account_id="ann")
        await becomes(partial(prompt_of, other, tenant_id), "Look at the money.")
        await one.prompts.activate(place, None, account_id="ann")
        await becomes(partial(prompt_of, other, tenant_id), None)


async def is_automatic(there: Process, tenant_id: str) -> bool:
    return (await there.projects.get(tenant_id, PROJECT)).auto_analyze


async def prompt_of(there: Process, tenant_id: str) -> str | None:
    found = await there.prompts.active(tenant_id, PROJECT, kind="analysis")
    return found.text if found else None


class Source:
    """What is read, and how often it was."""

    def __init__(self) -> None:
        self.value, self.reads = "old", 0
        self.go = asyncio.Event()
        self.go.set()

    async def read(self) -> str:
        self.reads += 1
        value = self.value
        await self.go.wait()
        return value


async def test_what_is_kept_is_read_once_until_its_time_is_over() -> None:
    moment, source = [0.0], Source()
    kept = Kept[str](None, "things", clock=lambda: moment[0])
    for _ in range(3):
        assert await kept.get("a", "b", read=source.read) == "old"
    assert source.reads == 1
    moment[0] = KEPT_S
    await kept.get("a", "b", read=source.read)
    await kept.get("a", "c", read=source.read)
    assert source.reads == 3


async def test_what_changes_while_it_is_being_read_is_not_kept_as_it_was() -> None:
    source = Source()
    kept = Kept[str](None, "things")
    source.go.clear()
    reading = asyncio.create_task(kept.get("a", read=source.read))
    await asyncio.sleep(0)
    source.value = "new"
    kept.drop("a")
    source.go.set()
    assert await reading == "old"
    assert await kept.get("a", read=source.read) == "new"


async def test_only_so_much_is_kept() -> None:
    source = Source()
    kept = Kept[str](None, "things")
    for number in range(MOST_KEPT + 10):
        await kept.get(str(number), read=source.read)
    assert len(kept._known) <= MOST_KEPT
