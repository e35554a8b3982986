"""Every sealed secret of the database: sealed anew when the operator puts another key first, counted by `doctor`."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sqlalchemy import Column, or_, select, tuple_, update

from addon.store.db import Database
from addon.store.secrets import SealBroken, Seals
from addon.store.tables.money import tenant_keys
from addon.store.tables.places import places
from addon.store.tables.tenants import tenant_models, tenants

BATCH = 200
SEALED: tuple[tuple[Column[str], tuple[Column[bytes], ...]], ...] = (
    (tenants.c.id, (tenants.c.shared_secret, tenants.c.previous_secret)),
    (tenant_models.c.tenant_id, (tenant_models.c.api_key,)),
    (tenant_keys.c.tenant_id, (tenant_keys.c.api_key,)),
    (places.c.tenant_id, (places.c.secret,)),
)
"""The owner's column and those it owns, per table."""


@dataclass(slots=True)
class Stock:
    """How many secrets each table holds by its name, and which of them were not sealed with the first key."""

    found: dict[str, int] = field(default_factory=dict)
    renewed: int = 0
    broken: dict[str, int] = field(default_factory=dict)


async def reseal(db: Database, seals: Seals) -> Stock:
    """Seals with the first key what an older one sealed, so that older keys can be dropped. Raises DatabaseDown.

    What no key opens is left as it is: the right key may come back.
    """
    return await _walk(db, seals, change=True)


async def take_stock(db: Database, seals: Seals) -> Stock:
    """The same without changing anything; renewed is what `reseal` would renew. Raises DatabaseDown."""
    return await _walk(db, seals, change=False)


async def _walk(db: Database, seals: Seals, *, change: bool) -> Stock:
    stock = Stock()
    for owner, columns in SEALED:
        async for batch in _batches(db, owner, columns=columns):
            anew = [
                # Only what was read: a secret that came in the meantime is sealed with the first key already.
                update(owner.table).where(owner == who, column == sealed).values({column.name: renewed})
                for who, values in batch
                for column, sealed in zip(columns, values, strict=True)
                if sealed is not None
                and (renewed := _renewed(seals, stock, table=owner.table.name, owner=who, sealed=sealed))
            ]
            stock.renewed += len(anew)
            if anew and change:
                async with db.begin() as tx:
                    for statement in anew:
                        await tx.execute(statement)
    return stock


def _renewed(seals: Seals, stock: Stock, *, table: str, owner: str, sealed: bytes) -> bytes | None:
    """Counts one secret; None when it needs nothing or no key opens it."""
    stock.found[table] = stock.found.get(table, 0) + 1
    try:
        return None if seals.newest(sealed, owner) else seals.renew(sealed, owner)
    except SealBroken:
        stock.broken[table] = stock.broken.get(table, 0) + 1
        return None


async def _batches(
    db: Database, owner: Column[str], *, columns: tuple[Column[bytes], ...]
) -> AsyncIterator[list[tuple[str, tuple[bytes | None, ...]]]]:
    """Small reads, each over before its rows are worked on: nobody waits long for the one connection of SQLite."""
    # By the whole key: an owner may have several rows, and a batch may end between them.
    key = tuple(owner.table.primary_key.columns)
    held = or_(*(column.is_not(None) for column in columns))
    last: tuple[object, ...] | None = None
    while True:
        wanted = select(*key, owner, *columns).where(held).order_by(*key).limit(BATCH)
        if last is not None:
            wanted = wanted.where(tuple_(*key) > tuple_(*last))
        async with db.single() as tx:
            rows = [tuple(row) for row in await tx.execute(wanted)]
        if not rows:
            return
        yield [(row[len(key)], row[len(key) + 1 :]) for row in rows]
        last = rows[-1][: len(key)]
