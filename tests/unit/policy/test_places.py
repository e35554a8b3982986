"""Credentials of test management tools: sealed, write-only, bound to the account and region they were entered for."""

from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from addon.errors import Invalid
from addon.policy.places import NotConnected, Places, XrayChange, ZephyrChange
from addon.settings import Settings
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.reseal import reseal, take_stock
from addon.store.secrets import Seals
from addon.store.tables.places import places as table
from addon.testmgmt import xray, zephyr
from addon.testmgmt.xray import XrayAccess
from tests.rows import add_tenant
from tests.unit.testmgmt.pretend import ROOT, Bench
from tests.unit.testmgmt.pretend import bench as opened

SECRET = "the-secret-of-an-xray-key-0123456789"
TOKEN = "eyJ0.the-token-of-zephyr"
PROJECT = "10010"
SEALS = Seals(["a key of the tests that is long enough to be one"])


def places(db: Database, bench: Any = None, **settings: Any) -> Places:
    made = Settings(_env_file=None, **settings)  # type: ignore[call-arg]
    return Places(db, SEALS, settings=made, tools=bench.tools if bench else None)  # type: ignore[arg-type]


async def connected(kept: Places, tenant: str, **changes: Any) -> Any:
    made = {"client_id": "ABC", "client_secret": SECRET, **changes}
    change = {"xray": XrayChange.model_validate(made), "zephyr": ZephyrChange.model_validate({"token": TOKEN})}
    return await kept.save(tenant, PROJECT, changes=change, account_id="ann")


async def test_secrets_are_sealed_and_told_to_nobody(database: Database) -> None:
    tenant, kept = await add_tenant(database), places(database)
    saved = await connected(kept, tenant)
    assert SECRET not in repr(saved)
    async with database.begin() as tx:
        raw = str((await tx.execute(select(table))).all())
        told = str(await audit.latest(tx, tenant))
    assert SECRET not in raw + told
    assert TOKEN not in raw + told
    assert "'key_changed': True" in told
    assert SEALS.open(saved["xray"].secret, tenant) == SECRET


async def test_a_secret_left_out_stays_with_its_account_and_region(database: Database) -> None:
    tenant, kept = await add_tenant(database), places(database)
    await connected(kept, tenant)

    async def change(**values: Any) -> Any:
        wanted = {"xray": XrayChange.model_validate(values)}
        return await kept.save(tenant, PROJECT, changes=wanted, account_id="bob")

    saved = await change(client_id="ABC", project_key="TEST")
    assert (saved["xray"].project_key, saved["xray"].updated_by) == ("TEST", "bob")
    assert SEALS.open(saved["xray"].secret, tenant) == SECRET
    for other in ({"client_id": "OTHER"}, {"client_id": "ABC", "region": "eu"}):
        with pytest.raises(Invalid, match="Enter the key"):
            await change(**other)
    with pytest.raises(Invalid, match="no key has"):
        await change(client_id="ABC", client_secret="two words")
    assert SEALS.open((await kept.saved(tenant, PROJECT))["zephyr"].secret or b"", tenant) == TOKEN


async def test_a_project_and_a_site_have_only_their_own(database: Database) -> None:
    tenant, other, kept = await add_tenant(database), await add_tenant(database), places(database)
    await connected(kept, tenant)
    for who, project in ((other, PROJECT), (tenant, "10022")):
        assert await kept.saved(who, project) == {}
        assert not await kept.connected(who, project, tool="xray")
        with pytest.raises(NotConnected):
            await kept.xray(who, project)
    await kept.save(tenant, PROJECT, changes={"xray": None}, account_id="ann")
    assert set(await kept.saved(tenant, PROJECT)) == {"zephyr"}


async def test_only_the_operator_names_hosts(database: Database) -> None:
    async with opened() as bench:
        tenant = await add_tenant(database)
        await connected(places(database, bench), tenant, region="eu")
        client, _ = await places(database, bench).xray(tenant, PROJECT)
        assert client._access == XrayAccess(xray.REGIONS["eu"], "ABC", SECRET)
        own = places(database, bench, xray_base_url="http://127.0.0.1:9/xray/", zephyr_base_url="https://z.test/v2")
        assert (await own.xray(tenant, PROJECT))[0]._access.base_url == "http://127.0.0.1:9/xray"
        assert (await own.zephyr(tenant, PROJECT))[0]._access.base_url == "https://z.test/v2"
        assert (await places(database, bench).zephyr(tenant, PROJECT))[0]._access.base_url == zephyr.REGIONS["global"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"region": "evil.example"},
        {"client_id": ""},
        {"client_id": "a b"},
        {"client_id": "A", "project_key": "no-key"},
        {"client_id": "A", "base_url": "https://evil.example"},
    ],
)
def test_nothing_else_can_be_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        XrayChange.model_validate(wrong)


async def test_the_button_really_signs_in(database: Database) -> None:
    async with opened() as bench:
        kept = places(database, bench, xray_base_url=f"{ROOT}/xray", zephyr_base_url=f"{ROOT}/zephyr/v2")
        tenant = await add_tenant(database)
        await keyed(kept, tenant, bench)

        async def told(tool: str, key: str = "SHOP") -> str:
            return await kept.test(tenant, PROJECT, project_key=key, tool=tool)

        assert (await told("xray"), await told("zephyr")) == ("", "")
        assert "does not know the project NOSUB" in await told("zephyr", "NOSUB")
        assert "refused" in await told("xray", "NOPE")
        await connected(kept, tenant)
        assert "does not accept this client id" in await told("xray")
        assert "does not accept this token" in await told("zephyr")
        with pytest.raises(NotConnected):
            await kept.test(tenant, "10022", project_key="MOBI", tool="xray")


async def keyed(kept: Places, tenant: str, bench: Bench) -> None:
    site = bench.site
    changes = {
        "xray": XrayChange.model_validate({"client_id": site.xray_client_id, "client_secret": site.xray_secret}),
        "zephyr": ZephyrChange.model_validate({"token": site.zephyr_token}),
    }
    await kept.save(tenant, PROJECT, changes=changes, account_id="ann")


async def test_a_new_first_key_seals_them_anew(database: Database) -> None:
    tenant, kept = await add_tenant(database), places(database)
    await connected(kept, tenant)
    rotated = Seals(
        ["another key of the tests, just as long as needed", "a key of the tests that is long enough to be one"]
    )
    assert (await take_stock(database, rotated)).found["places"] == 2
    assert (await reseal(database, rotated)).renewed == 2
    row = (await kept.saved(tenant, PROJECT))["xray"]
    assert rotated.newest(row.secret or b"", tenant)
