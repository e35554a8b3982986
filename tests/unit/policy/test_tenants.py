import pytest

from addon.errors import NotFound
from addon.jira.site import Site
from addon.policy.lifecycle import Installation, Lifecycle
from addon.policy.tenants import KNOWN_S, Tenants
from addon.settings import Settings
from addon.store.db import Database
from addon.store.repos import tenants as rows
from addon.store.secrets import Seals

NOW = 1_795_000_000.0

SECRET = "what acme and the add-on share"
"""Longer than what a sealed text may hold by chance."""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tenants(database: Database, seals: Seals, clock: Clock) -> Tenants:
    return Tenants(database, seals, settings=Settings(), clock=clock)


@pytest.fixture
async def installed(database: Database, seals: Seals, tenants: Tenants) -> str:
    lifecycle = Lifecycle(database, seals, settings=Settings(), tenants=tenants, dropped=lambda _: None)
    came = Installation("acme", "https://acme.atlassian.net", "https://issues.acme.example", SECRET, "oauth", "token:1")
    return await lifecycle.installed(came, NOW)


async def test_installed_site_is_found_by_issuer_and_by_id(tenants: Tenants, installed: str) -> None:
    tenant = await tenants.by_client_key("acme")
    assert tenant == await tenants.by_id(installed)
    assert tenant is not None
    assert (tenant.id, tenant.site.shared_secret, tenant.site.oauth_client_id) == (installed, SECRET, "oauth")
    assert (tenant.site.base_url, tenant.display_url) == ("https://acme.atlassian.net", "https://issues.acme.example")
    assert tenant.site.app_key == Settings().addon_key


@pytest.mark.parametrize("client_key", ["", "other", "ACME", "acme'--", "x" * 300])
async def test_any_other_issuer_is_unknown(tenants: Tenants, installed: str, client_key: str) -> None:
    assert await tenants.by_client_key(client_key) is None


async def test_secret_is_sealed_in_the_row_and_absent_from_what_is_printed(
    tenants: Tenants, database: Database, installed: str
) -> None:
    async with database.begin() as tx:
        row = await rows.by_id(tx, installed)
    assert row is not None
    assert SECRET.encode() not in (row.shared_secret or SECRET.encode())
    assert SECRET not in repr(await tenants.by_id(installed)) + repr(row)


async def change(database: Database, tenant_id: str, **values: object) -> None:
    async with database.begin() as tx:
        await rows.change(tx, tenant_id, values=values)


async def test_what_was_found_is_kept_for_half_a_minute(
    tenants: Tenants, database: Database, installed: str, clock: Clock
) -> None:
    assert await tenants.by_client_key("acme")
    await change(database, installed, state="uninstalled")
    clock.now = KNOWN_S - 1
    assert await tenants.by_client_key("acme")
    clock.now = KNOWN_S + 1
    assert await tenants.by_client_key("acme") is None


async def test_forgetting_a_site_reads_it_again_at_once(tenants: Tenants, database: Database, installed: str) -> None:
    assert await tenants.by_client_key("acme")
    assert await tenants.by_id(installed)
    await change(database, installed, state="uninstalled")
    tenants.forget("acme")
    assert await tenants.by_client_key("acme") is None
    assert await tenants.by_id(installed) is None


@pytest.mark.parametrize("state", ["uninstalled", "superseded"])
async def test_a_site_that_left_is_nobody_even_with_a_secret(
    tenants: Tenants, database: Database, installed: str, state: str
) -> None:
    await change(database, installed, state=state)
    assert await tenants.registered("acme") is None


async def test_a_disabled_site_is_known_to_its_lifecycle_only(
    tenants: Tenants, database: Database, installed: str
) -> None:
    await change(database, installed, state="disabled")
    assert await tenants.registered("acme")
    assert await tenants.by_client_key("acme") is None
    assert await tenants.by_id(installed) is None


async def test_unknown_issuer_that_installs_is_known_at_once(
    tenants: Tenants, database: Database, seals: Seals
) -> None:
    assert await tenants.by_client_key("late") is None
    lifecycle = Lifecycle(database, seals, settings=Settings(), tenants=tenants, dropped=lambda _: None)
    await lifecycle.installed(Installation("late", "https://a.jira.com", "https://a.jira.com", "s", None, "t"), NOW)
    assert await tenants.by_client_key("late")


async def test_own_account_is_asked_for_until_the_site_tells_it(tenants: Tenants, installed: str) -> None:
    answers = ["", "557058:ours"]

    async def ask(site: Site) -> str:
        assert site.client_key == "acme"
        answer = answers.pop(0)
        if not answer:
            raise NotFound("no such account")
        return answer

    unknown = await tenants.acquainted(installed, ask)
    known = await tenants.acquainted(installed, ask)
    again = await tenants.acquainted(installed, ask)
    assert [tenant and tenant.app_account_id for tenant in (unknown, known, again)] == [None, *["557058:ours"] * 2]
    assert answers == []


async def test_account_of_the_add_on_is_remembered(tenants: Tenants, installed: str) -> None:
    tenant = await tenants.by_id(installed)
    assert tenant is not None
    assert tenant.app_account_id is None
    await tenants.proven(tenant, "the-app")
    again = await tenants.by_client_key("acme")
    assert again is not None
    assert again.app_account_id == "the-app"
