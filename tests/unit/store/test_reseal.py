"""After one start with a new key first, the older key can go."""

import pytest
from sqlalchemy import insert, select, update

from addon.store.db import Database
from addon.store.ids import new_id
from addon.store.reseal import BATCH, reseal, take_stock
from addon.store.secrets import SealBroken, Seals
from addon.store.tables.tenants import tenant_models, tenants

pytestmark = pytest.mark.faults

OLD = "the old key of at least thirty-two characters"
NEW = "the new key of at least thirty-two characters"
LOST = "a lost key of at least thirty-two characters"


async def tenant(db: Database, seals: Seals, *, previous: bool = True, model: bool = True) -> str:
    """A site with a secret, and perhaps the one before it and a key of its model."""
    tenant_id = new_id()
    values = {
        "id": tenant_id,
        "client_key": tenant_id,
        "state": "installed",
        "base_url": "https://acme.atlassian.net",
        "display_url": "https://acme.atlassian.net",
        "shared_secret": seals.seal("now", tenant_id),
        "previous_secret": seals.seal("before", tenant_id) if previous else None,
        "installed_at": 1.0,
        "updated_at": 1.0,
    }
    async with db.begin() as tx:
        await tx.execute(insert(tenants).values(values))
        if model:
            key = seals.seal("sk", tenant_id)
            await tx.execute(insert(tenant_models).values(tenant_id=tenant_id, api_key=key, updated_at=1.0))
    return tenant_id


async def opened(db: Database, seals: Seals, tenant_id: str) -> list[str]:
    async with db.begin() as tx:
        row = (await tx.execute(select(tenants).where(tenants.c.id == tenant_id))).one()
        model = (await tx.execute(select(tenant_models).where(tenant_models.c.tenant_id == tenant_id))).one()
    return [seals.open(each, tenant_id) for each in (row.shared_secret, row.previous_secret, model.api_key)]


async def test_the_old_key_can_be_dropped_after_every_secret_was_sealed_anew(database: Database) -> None:
    tenant_id = await tenant(database, Seals([OLD]))
    with pytest.raises(SealBroken):
        await opened(database, Seals([NEW]), tenant_id)
    stock = await reseal(database, Seals([NEW, OLD]))
    assert (stock.renewed, stock.broken, stock.found) == (3, {}, {"tenants": 2, "tenant_models": 1})
    assert await opened(database, Seals([NEW]), tenant_id) == ["now", "before", "sk"]
    assert (await reseal(database, Seals([NEW, OLD]))).renewed == 0


async def test_more_secrets_than_one_batch_are_all_sealed_anew(database: Database) -> None:
    for _ in range(BATCH + 3):
        await tenant(database, Seals([OLD]), previous=False, model=False)
    assert (await reseal(database, Seals([NEW, OLD]))).renewed == BATCH + 3
    assert (await take_stock(database, Seals([NEW]))).broken == {}


async def test_counting_changes_nothing(database: Database) -> None:
    tenant_id = await tenant(database, Seals([OLD]))
    assert (await take_stock(database, Seals([NEW, OLD]))).renewed == 3
    assert await opened(database, Seals([OLD]), tenant_id) == ["now", "before", "sk"]


async def test_what_no_key_opens_is_counted_and_left_for_the_right_key(database: Database) -> None:
    lost = await tenant(database, Seals([LOST]))
    kept = await tenant(database, Seals([OLD]))
    stock = await reseal(database, Seals([NEW, OLD]))
    assert (stock.renewed, stock.broken) == (3, {"tenants": 2, "tenant_models": 1})
    assert await opened(database, Seals([LOST]), lost) == ["now", "before", "sk"]
    assert await opened(database, Seals([NEW]), kept) == ["now", "before", "sk"]


async def test_a_wiped_secret_is_none_to_seal(database: Database) -> None:
    tenant_id = await tenant(database, Seals([OLD]), previous=False, model=False)
    async with database.begin() as tx:
        await tx.execute(update(tenants).where(tenants.c.id == tenant_id).values(shared_secret=None))
    stock = await reseal(database, Seals([NEW, OLD]))
    assert (stock.found, stock.renewed) == ({}, 0)
