"""Every sealed secret of the database: sealed anew when the operator puts another key first, counted by `doctor`."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sqlalchemy import Column, or_, select, update

from addon.store.db import Database
from addon.store.secrets import SealBroken, Seals
from addon.store.tables.tenants import tenant_models, tenants

BATCH = 200
SEALED: tuple[tuple[Column[str], tuple[Column[bytes], ...]], ...] = (
    (tenants.c.id, (tenants.c.shared_secret, tenants.c.previous_secret)),
    (tenant_models.c.tenant_id, (tenant_models.c.api_key,)),
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
    last = ""
    while True:
        wanted = select(owner, *columns).where(owner > last, or_(*(column.is_not(None) for column in columns)))
        async with db.single() as tx:
            rows = [(row[0], tuple(row[1:])) for row in await tx.execute(wanted.order_by(owner).limit(BATCH))]
        if not rows:
            return
        yield rows
        last = rows[-1][0]
