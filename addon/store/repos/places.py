"""Rows of `places`: which test management tools a project is connected to."""

from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.ids import new_id
from addon.store.inserts import insert_into
from addon.store.tables.places import places


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """tool: xray | zephyr. secret: sealed. project_key: where the tests belong, None for the project itself."""

    tool: str
    region: str
    client_id: str | None
    secret: bytes | None = field(repr=False)
    project_key: str | None
    updated_by: str | None
    updated_at: float


_COLUMNS = tuple(places.c[name] for name in PlaceRow.__dataclass_fields__)


async def of_project(
    tx: AsyncConnection, tenant_id: str, *, project_id: str, lock: bool = False
) -> dict[str, PlaceRow]:
    """By tool."""
    query = select(*_COLUMNS).where(places.c.tenant_id == tenant_id, places.c.project_id == project_id)
    return {row.tool: PlaceRow(*row) for row in (await tx.execute(query.with_for_update() if lock else query)).all()}


async def save(tx: AsyncConnection, tenant_id: str, *, project_id: str, row: PlaceRow) -> None:
    values = {name: getattr(row, name) for name in PlaceRow.__dataclass_fields__ if name != "tool"}
    await tx.execute(
        insert_into(tx, places)
        .values(id=new_id(), tenant_id=tenant_id, project_id=project_id, tool=row.tool, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "project_id", "tool"], set_=values)
    )


async def remove(tx: AsyncConnection, tenant_id: str, *, project_id: str, tool: str) -> None:
    mine = (places.c.tenant_id == tenant_id, places.c.project_id == project_id, places.c.tool == tool)
    await tx.execute(delete(places).where(*mine))


async def forget(tx: AsyncConnection, tenant_id: str) -> None:
    """Drops all of a site: what is left of a connection without its secret is worth nothing."""
    await tx.execute(delete(places).where(places.c.tenant_id == tenant_id))
