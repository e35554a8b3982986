"""A site that refuses the add-on, installs it anew, or leaves, while work for it is under way."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import case, insert, select, text, update

from addon.jira.errors import JiraUnauthorized
from addon.jira.site import Site
from addon.policy.lifecycle import Installation, Lifecycle
from addon.policy.tenants import Tenant, Tenants
from addon.policy.trouble import FIRST_PROBE_S, Troubles
from addon.settings import Settings
from addon.store.db import Database
from addon.store.ids import new_id
from addon.store.repos import troubles as trouble_rows
from addon.store.secrets import Seals
from addon.store.tables.runs import publications, runs
from tests.unit.policy.test_lifecycle import NOW, SITE, Town, states, work

pytestmark = pytest.mark.faults

REFUSED = JiraUnauthorized("no")


class SlowLifecycle(Lifecycle):
    """Its calls hold the tenant's row until they are let go."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.held, self.go = asyncio.Event(), asyncio.Event()

    async def _used(self, *given: Any, **named: Any) -> bool:
        self.held.set()
        await self.go.wait()
        return await super()._used(*given, **named)


@pytest.fixture
def town(database: Database, seals: Seals) -> Town:
    return Town(database, seals)


async def never(_: Site) -> str:
    raise AssertionError("a 401 needs no second question")


def noticing(town: Town) -> Troubles:
    return Troubles(town.database, Tenants(town.database, town.seals, settings=Settings()), ask=never)


async def known(town: Town) -> Tenant:
    tenant = await town.tenants.by_client_key("acme")
    assert tenant is not None
    return tenant


async def trouble(town: Town, tenant_id: str) -> trouble_rows.Trouble | None:
    async with town.database.begin() as tx:
        return await trouble_rows.of(tx, tenant_id)


async def somebody_waits(town: Town) -> None:
    """Returns when a statement waits for a lock; on SQLite whole transactions wait, which nobody can see."""
    if town.database.dialect == "sqlite":
        await asyncio.sleep(0.1)
        return
    async with asyncio.timeout(60), town.database.engine.connect() as watching:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        asked = text(waiting)
        while not (await watching.execute(asked)).scalar_one():
            await watching.rollback()
            await asyncio.sleep(0.02)


async def test_refusal_of_the_secret_in_force_pauses_the_site_and_is_looked_at_again_soon(town: Town) -> None:
    tenant_id = await town.install("s1")
    assert await noticing(town).noticed(await known(town), REFUSED)
    found = await trouble(town, tenant_id)
    assert found is not None
    assert found.probe_at == pytest.approx(town.database.now() + FIRST_PROBE_S, abs=5)


async def test_refusal_of_a_secret_that_was_replaced_meanwhile_pauses_nothing(town: Town) -> None:
    tenant_id = await town.install("s1")
    old = await known(town)
    await town.install("s2", now=NOW + 1)
    # It is true that the attempt has to be made again.
    assert await noticing(town).noticed(old, REFUSED)
    assert await trouble(town, tenant_id) is None


async def test_refusal_that_comes_while_the_install_is_being_written_pauses_nothing(town: Town) -> None:
    tenant_id = await town.install("s1")
    old = await known(town)
    slow = SlowLifecycle(
        town.database, town.seals, settings=Settings(), tenants=town.tenants, dropped=town.dropped.append
    )
    came = Installation("acme", SITE, SITE, "s2", None, town.token())
    async with asyncio.TaskGroup() as group:
        group.create_task(slow.installed(came, NOW + 1))
        await slow.held.wait()
        group.create_task(noticing(town).noticed(old, REFUSED))
        await somebody_waits(town)
        slow.go.set()
    assert await town.secrets(NOW + 2) == ("s2", "s1")
    assert await trouble(town, tenant_id) is None


async def test_site_that_has_left_has_no_trouble(town: Town) -> None:
    tenant_id = await town.install("s1")
    old = await known(town)
    await town.disable()
    assert await noticing(town).noticed(old, REFUSED)
    await town.uninstall()
    assert await noticing(town).noticed(old, REFUSED)
    assert await trouble(town, tenant_id) is None


async def test_enabling_that_follows_an_install_ends_the_trouble_once(town: Town) -> None:
    """Jira may take the new secret a moment after it has given it to us."""
    tenant_id = await town.install("s1")
    assert await noticing(town).noticed(await known(town), REFUSED)
    await town.lifecycle.enabled("acme", "token:enabled", now=NOW + 1)
    assert await trouble(town, tenant_id) is None
    assert await noticing(town).noticed(await known(town), REFUSED)
    await town.lifecycle.enabled("acme", "token:enabled", now=NOW + 2)
    assert await trouble(town, tenant_id) is not None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_site_leaves_beside_a_worker_that_writes_a_new_row_for_it(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("addon.policy.lifecycle.TRIES", 1)
    tenant_id = await town.install()
    await work(town, tenant_id, "running")
    async with town.database.begin() as tx:
        await tx.execute(update(runs).values(stage="saving"))
        leaving = asyncio.create_task(town.uninstall())
        await somebody_waits(town)
        # What names the tenant looks at its row, which the leaving holds.
        run_id = (await tx.execute(select(runs.c.id))).scalar_one()
        item = {"run_id": run_id, "tenant_id": tenant_id, "issue_id": "1", "target": "comment", "marker": "new"}
        times = {"state": "queued", "queue": "live", "run_at": NOW, "created_at": NOW}
        await tx.execute(insert(publications).values(id=new_id(), content={}, **item, **times))
    await leaving
    assert (await town.row()).state == "uninstalled"
    assert all(stopped or state != "running" for _, state, stopped in await states(town, tenant_id))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_is_given_back_while_the_site_leaves_is_stopped_as_well(town: Town) -> None:
    tenant_id = await town.install()
    for state in ("running", "queued"):
        await work(town, tenant_id, state)
    async with town.database.begin() as tx:
        # One of the two changes places with the other.
        swapped = case((runs.c.state == "running", "queued"), else_="running")
        await tx.execute(update(runs).values(state=swapped))
        leaving = asyncio.create_task(town.uninstall())
        await somebody_waits(town)
    await leaving
    assert {(state, stopped) for kind, state, stopped in await states(town, tenant_id) if kind == "runs"} == {
        ("cancelled", False),
        ("running", True),
    }


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_site_leaves_although_its_leaving_was_given_up_for_a_worker(town: Town) -> None:
    """Jira tells it once: what the database gives up for the sake of somebody else is done again."""
    tenant_id = await town.install()
    await work(town, tenant_id, "running")
    async with town.database.begin() as tx:
        await tx.execute(update(publications).values(undoing=False))
        leaving = asyncio.create_task(town.uninstall())
        await somebody_waits(town)
        # Each now waits for the other; the one that has waited for longer looks first, and gives up.
        await tx.execute(update(runs).values(stage="saving"))
    await leaving
    assert (await town.row()).state == "uninstalled"
    assert {stopped for _, _, stopped in await states(town, tenant_id)} == {True}
