import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import insert, select

from addon.jira.errors import JiraUnauthorized
from addon.jira.site import Site
from addon.policy.lifecycle import OVERLAP_S, Installation, Lifecycle, Replayed
from addon.policy.retention import purge
from addon.policy.tenants import Tenants
from addon.settings import Settings
from addon.store.db import Database
from addon.store.ids import new_id
from addon.store.repos import audit, troubles
from addon.store.repos import tenants as rows
from addon.store.secrets import Seals
from addon.store.tables.projects import projects
from addon.store.tables.runs import publications, runs
from addon.store.tables.tenants import tenant_models
from addon.store.tables.tenants import tenants as table

NOW = 1_795_000_000.0
DAY_S = 86_400.0
SITE = "https://acme.atlassian.net"


class Town:
    """A lifecycle with its database; dropped: client keys whose cached things were thrown away."""

    def __init__(self, database: Database, seals: Seals) -> None:
        self.database = database
        self.seals = seals
        self.dropped: list[str] = []
        settings = Settings(retention_days=30)
        self.tenants = Tenants(database, seals, settings=settings)
        self.lifecycle = Lifecycle(
            database, seals, settings=settings, tenants=self.tenants, dropped=self.dropped.append
        )
        self._tokens = 0

    def token(self) -> str:
        self._tokens += 1
        return f"token:{self._tokens}"

    async def install(self, secret: str = "s1", *, client_key: str = "acme", token: str = "", now: float = NOW) -> str:
        came = Installation(client_key, SITE, SITE, secret, None, token or self.token())
        return await self.lifecycle.installed(came, now)

    async def uninstall(self, *, client_key: str = "acme", token: str = "", now: float = NOW) -> None:
        await self.lifecycle.uninstalled(client_key, token or self.token(), now=now)

    async def enable(self) -> None:
        await self.lifecycle.enabled("acme", self.token(), now=NOW)

    async def disable(self) -> None:
        await self.lifecycle.disabled("acme", self.token(), now=NOW)

    async def row(self, client_key: str = "acme") -> rows.TenantRow:
        async with self.database.begin() as tx:
            found = await rows.by_client_key(tx, client_key)
        assert found is not None
        return found

    async def secrets(self, now: float = NOW, client_key: str = "acme") -> tuple[str, ...]:
        tenant = await self.tenants.by_client_key(client_key)
        return tenant.secrets(now) if tenant else ()

    async def actions(self, client_key: str = "acme") -> list[str]:
        row = await self.row(client_key)
        async with self.database.begin() as tx:
            return sorted(event.action for event in await audit.latest(tx, row.id))


@pytest.fixture
def town(database: Database, seals: Seals) -> Town:
    return Town(database, seals)


async def test_first_install_makes_a_tenant(town: Town) -> None:
    tenant_id = await town.install()
    row = await town.row()
    assert (row.id, row.state, row.base_url, row.installed_at) == (tenant_id, "installed", SITE, NOW)
    assert await town.secrets() == ("s1",)
    assert await town.actions() == ["tenant.installed"]
    assert town.dropped == ["acme"]


async def test_another_install_of_the_same_site_renews_the_tenant(town: Town) -> None:
    assert await town.install("s1") == await town.install("s2", now=NOW + 5)
    assert await town.actions() == ["tenant.installed", "tenant.renewed"]


async def test_previous_secret_is_honoured_for_ten_minutes(town: Town) -> None:
    await town.install("s1")
    await town.install("s2", now=NOW + 100)
    assert await town.secrets(NOW + 100) == ("s2", "s1")
    assert await town.secrets(NOW + 100 + OVERLAP_S - 1) == ("s2", "s1")
    assert await town.secrets(NOW + 100 + OVERLAP_S) == ("s2",)


async def test_install_with_the_same_secret_rotates_nothing(town: Town) -> None:
    await town.install("s1")
    await town.install("s1", now=NOW + 100)
    assert await town.secrets(NOW + 100) == ("s1",)


async def test_the_same_install_twice_is_harmless(town: Town) -> None:
    await town.install("s1", token="token:same")
    await town.install("s1", token="token:same", now=NOW + 100)
    assert (await town.row()).installed_at == NOW
    assert await town.actions() == ["tenant.installed"]


async def test_a_used_token_cannot_bring_another_secret(town: Town) -> None:
    await town.install("s1", token="token:same")
    with pytest.raises(Replayed):
        await town.install("stolen", token="token:same")
    assert await town.secrets() == ("s1",)


async def test_a_used_token_cannot_bring_an_older_secret_back(town: Town) -> None:
    await town.install("s1", token="token:old")
    await town.install("s2", now=NOW + 1)
    with pytest.raises(Replayed):
        await town.install("s1", token="token:old", now=NOW + 2)
    assert (await town.secrets(NOW + 2))[0] == "s2"


async def test_a_used_token_cannot_uninstall_again(town: Town) -> None:
    await town.install("s1")
    await town.uninstall(token="token:gone")
    await town.uninstall(token="token:gone")
    await town.install("s2", now=NOW + 1)
    with pytest.raises(Replayed):
        await town.uninstall(token="token:gone", now=NOW + 2)
    assert await town.secrets(NOW + 2) == ("s2",)


async def test_uninstall_wipes_secrets_and_sets_the_day_of_deletion(town: Town) -> None:
    await town.install("s1")
    await town.install("s2")
    await town.uninstall(now=NOW + 10)
    row = await town.row()
    assert (row.state, row.shared_secret, row.previous_secret) == ("uninstalled", None, None)
    assert (row.uninstalled_at, row.purge_after) == (NOW + 10, NOW + 10 + 30 * DAY_S)
    assert await town.secrets() == ()
    assert "tenant.uninstalled" in await town.actions()


async def test_uninstall_of_an_unknown_site_changes_nothing(town: Town) -> None:
    await town.uninstall()
    async with town.database.begin() as tx:
        assert (await tx.execute(select(table))).first() is None


@pytest.mark.parametrize("late", ["disable", "enable"])
async def test_a_late_switch_after_uninstall_changes_nothing(town: Town, late: str) -> None:
    await town.install()
    await town.uninstall()
    before = await town.row()
    await getattr(town, late)()
    assert await town.row() == before


async def test_disable_keeps_the_secret_and_enable_brings_the_site_back(town: Town) -> None:
    await town.install()
    await town.disable()
    assert await town.secrets() == ()
    await town.enable()
    assert await town.secrets() == ("s1",)
    assert await town.actions() == ["tenant.disabled", "tenant.enabled", "tenant.installed"]


async def test_a_used_token_switches_nothing(town: Town) -> None:
    await town.install()
    await town.lifecycle.disabled("acme", "token:off", now=NOW)
    await town.enable()
    await town.lifecycle.disabled("acme", "token:off", now=NOW)
    assert await town.secrets() == ("s1",)


async def test_reinstall_keeps_settings_and_cancels_the_deletion(town: Town) -> None:
    tenant_id = await town.install("s1")
    async with town.database.begin() as tx:
        values = {"tenant_id": tenant_id, "project_id": "10000", "settings": {"auto_subtasks": True}, "updated_at": NOW}
        await tx.execute(insert(projects).values(values))
    await town.uninstall()
    assert await town.install("s2", now=NOW + 60) == tenant_id
    row = await town.row()
    assert (row.state, row.uninstalled_at, row.purge_after) == ("installed", None, None)
    assert await town.secrets(NOW + 60) == ("s2",)
    async with town.database.begin() as tx:
        assert (await tx.execute(select(projects.c.settings))).scalar_one() == {"auto_subtasks": True}


async def work(town: Town, tenant_id: str, state: str) -> None:
    lease = {"state": state, "queue": "live", "run_at": NOW, "created_at": NOW, "tenant_id": tenant_id}
    run_id = new_id()
    run = {"id": run_id, "kind": "analysis", "trigger": "webhook", "params": {}, **lease}
    item = {
        "id": new_id(),
        "run_id": run_id,
        "issue_id": "1",
        "target": "comment",
        "marker": f"{state}:{run_id}",
        "content": {},
        **lease,
    }
    async with town.database.begin() as tx:
        await tx.execute(insert(runs).values(run))
        await tx.execute(insert(publications).values(item))


async def states(town: Town, tenant_id: str) -> set[tuple[str, str, bool]]:
    async with town.database.begin() as tx:
        return {
            (kind.name, row.state, bool(row.cancel_requested))
            for kind in (runs, publications)
            for row in await tx.execute(select(kind).where(kind.c.tenant_id == tenant_id))
        }


async def test_disabled_site_keeps_its_work_as_it_is(town: Town) -> None:
    tenant_id = await town.install()
    for state in ("queued", "running", "succeeded"):
        await work(town, tenant_id, state)
    before = await states(town, tenant_id)
    await town.disable()
    await town.lifecycle.enabled("acme", town.token(), now=NOW)
    assert await states(town, tenant_id) == before
    assert not any(cancelling for _, _, cancelling in before)


@pytest.mark.parametrize("word", ["install", "enable"])
async def test_trouble_of_a_site_is_forgotten_when_it_says_something_new(town: Town, word: str) -> None:
    tenant_id = await town.install()
    async with town.database.begin() as tx:
        assert await troubles.begin(tx, tenant_id, code="jira_unauthorized", now=NOW, probe_at=NOW + 300)
    if word == "install":
        await town.install()
    else:
        await town.disable()
        await town.lifecycle.enabled("acme", town.token(), now=NOW)
    async with town.database.begin() as tx:
        assert await troubles.of(tx, tenant_id) is None


async def test_leaving_stops_waiting_and_running_work_of_that_site_alone(town: Town) -> None:
    mine = await town.install()
    other = await town.lifecycle.installed(
        Installation("b", "https://b.jira.com", "https://b.jira.com", "s", None, "t"), NOW
    )
    for tenant_id in (mine, other):
        for state in ("queued", "running", "succeeded"):
            await work(town, tenant_id, state)
    await town.uninstall()
    assert await states(town, mine) == {
        (kind, *state)
        for kind in ("runs", "publications")
        for state in (("cancelled", False), ("running", True), ("succeeded", False))
    }
    assert ("runs", "queued", False) in await states(town, other)


@pytest.mark.parametrize("state", ["uninstalled", "superseded"])
async def test_reinstall_revives_nothing_that_was_put_in_line_after_the_site_had_left(town: Town, state: str) -> None:
    tenant_id = await town.install()
    await town.uninstall()
    async with town.database.begin() as tx:
        await rows.change(tx, tenant_id, values={"state": state})
    for each in ("queued", "running"):
        await work(town, tenant_id, each)
    await town.install("s2", now=NOW + 5)
    found = await states(town, tenant_id)
    assert {(state, cancel) for _, state, cancel in found} == {("cancelled", False), ("running", True)}
    await work(town, tenant_id, "queued")
    await town.install("s3", now=NOW + 9)
    assert "queued" in {state for _, state, _ in await states(town, tenant_id)}, "it never left"


async def test_uninstall_forgets_the_key_of_the_model(town: Town) -> None:
    tenant_id = await town.install()
    values: dict[str, Any] = {"provider": "openai", "model": "m", "api_key": b"sealed", "updated_at": NOW}
    async with town.database.begin() as tx:
        await tx.execute(insert(tenant_models).values(tenant_id=tenant_id, **values))
    await town.uninstall()
    async with town.database.begin() as tx:
        row = (await tx.execute(select(tenant_models))).one()
    assert (row.provider, row.model, row.api_key) == ("openai", "m", None)


async def accepted(_: Site) -> str:
    return "557058:ours"


async def refused(_: Site) -> str:
    raise JiraUnauthorized("Jira refused our signature.")


async def test_an_import_under_a_new_key_supersedes_the_old_tenant_and_inherits_nothing(town: Town) -> None:
    old = await town.install("s1", client_key="before", now=time.time() - 60)
    async with town.database.begin() as tx:
        values = {"tenant_id": old, "project_id": "1", "settings": {"auto_analyze": False}, "updated_at": NOW}
        await tx.execute(insert(projects).values(values))
    await work(town, old, "queued")
    new = await town.install("s2", client_key="after", now=time.time())
    assert await town.secrets(client_key="before") == ("s1",), "an unsigned body proves nothing"
    tenant = await town.tenants.acquainted(new, accepted)
    assert tenant is not None
    assert tenant.app_account_id == "557058:ours"
    row = await town.row("before")
    assert (row.state, row.shared_secret) == ("superseded", None)
    assert row.purge_after is not None
    assert 29 * DAY_S < row.purge_after - time.time() <= 30 * DAY_S
    assert await states(town, old) == {("runs", "cancelled", False), ("publications", "cancelled", False)}
    assert await town.secrets(client_key="before") == ()
    assert await town.secrets(client_key="after") == ("s2",)
    assert "tenant.superseded" in await town.actions("before")
    async with town.database.begin() as tx:
        assert (await tx.execute(select(projects).where(projects.c.tenant_id == new))).first() is None


async def test_an_install_at_the_address_of_another_site_that_refuses_it_takes_nothing_from_it(town: Town) -> None:
    victim = await town.install("s1", client_key="victim")
    await work(town, victim, "queued")
    before = await town.row("victim")
    thief = await town.install("stolen", client_key="thief", now=NOW + 1)
    tenant = await town.tenants.acquainted(thief, refused)
    assert tenant is not None
    assert tenant.app_account_id is None
    await town.tenants.settle(refused)
    assert await town.row("victim") == before
    assert await states(town, victim) == {("runs", "queued", False), ("publications", "queued", False)}


async def test_a_known_site_that_moves_to_the_address_of_another_proves_itself_anew(town: Town) -> None:
    await town.install("s1", client_key="victim")
    home = "https://thief.atlassian.net"
    thief = await town.lifecycle.installed(Installation("thief", home, home, "s2", None, town.token()), NOW)
    known = await town.tenants.acquainted(thief, accepted)
    assert known is not None
    await town.install("s2", client_key="thief", now=NOW + 1)
    assert (await town.row("thief")).app_account_id is None
    await town.tenants.acquainted(thief, refused)
    assert await town.secrets(client_key="victim") == ("s1",)


async def test_who_proves_an_address_supersedes_only_who_was_there_before(town: Town) -> None:
    real = await town.install("s1", client_key="real")
    await town.install("s2", client_key="later", now=NOW + 1)
    await town.tenants.acquainted(real, accepted)
    assert await town.secrets(client_key="later") == ("s2",)
    await town.install("s3", client_key="real", now=NOW + 2)
    await town.tenants.acquainted(real, accepted)
    assert (await town.row("later")).state == "superseded"
    assert await town.secrets(NOW + 2, client_key="real") == ("s3", "s1")


async def test_a_proof_for_a_secret_that_was_replaced_meanwhile_counts_for_nothing(town: Town) -> None:
    await town.install("s1", client_key="before")
    new = await town.install("s2", client_key="after", now=NOW + 1)

    async def overtaken(_: Site) -> str:
        await town.install("s3", client_key="after", now=NOW + 2)
        return "557058:ours"

    await town.tenants.acquainted(new, overtaken)
    assert (await town.row("after")).app_account_id is None
    assert await town.secrets(client_key="before") == ("s1",)


async def test_a_site_without_any_work_is_settled_all_the_same(town: Town) -> None:
    await town.install("s1", client_key="before")
    await town.install("s2", client_key="after", now=NOW + 1)
    asked: list[str] = []

    async def ask(site: Site) -> str:
        asked.append(site.client_key)
        return "557058:ours"

    await town.tenants.settle(ask)
    await town.tenants.settle(ask)
    assert asked == ["after"]
    assert (await town.row("before")).state == "superseded"


async def test_superseding_does_not_prolong_a_retention_that_already_runs(town: Town) -> None:
    await town.install(client_key="before")
    await town.uninstall(client_key="before", now=NOW)
    new = await town.install("s2", client_key="after", now=NOW + 5 * DAY_S)
    await town.tenants.acquainted(new, accepted)
    row = await town.row("before")
    assert (row.state, row.purge_after) == ("superseded", NOW + 30 * DAY_S)


@pytest.mark.parametrize("reverse", [False, True])
async def test_disable_and_uninstall_at_once_end_uninstalled(town: Town, reverse: bool) -> None:
    await town.install()
    calls: list[Callable[[], Awaitable[None]]] = [town.disable, town.uninstall]
    await asyncio.gather(*(call() for call in (reversed(calls) if reverse else calls)))
    row = await town.row()
    assert (row.state, row.shared_secret) == ("uninstalled", None)


async def test_many_first_installs_at_once_make_one_tenant(town: Town) -> None:
    ids = await asyncio.gather(*(town.install(f"s{n}") for n in range(8)))
    assert len(set(ids)) == 1
    assert len(await town.secrets(NOW)) == 2


async def test_install_replaces_a_secret_that_cannot_be_read_any_more(town: Town) -> None:
    tenant_id = await town.install("s1")
    async with town.database.begin() as tx:
        await rows.change(tx, tenant_id, values={"shared_secret": Seals(["x" * 40]).seal("s1", tenant_id)})
    await town.install("s2")
    assert await town.secrets() == ("s2",)


async def test_purge_deletes_only_what_is_due_and_everything_of_it(town: Town) -> None:
    due = await town.install(client_key="due")
    await work(town, due, "succeeded")
    await town.uninstall(client_key="due", now=NOW)
    kept = await town.lifecycle.installed(
        Installation("b", "https://b.jira.com", "https://b.jira.com", "s", None, "t"), NOW
    )
    assert await purge(town.database, NOW + 30 * DAY_S - 1) == 0
    assert await purge(town.database, NOW + 30 * DAY_S) == 1
    assert await states(town, due) == set()
    async with town.database.begin() as tx:
        assert [row.id for row in await tx.execute(select(table.c.id))] == [kept]


async def test_purge_spares_a_tenant_that_came_back(town: Town) -> None:
    await town.install("s1")
    await town.uninstall()
    await town.install("s2", now=NOW + 1)
    assert await purge(town.database, NOW + 1000 * DAY_S) == 0
