"""Rows of `projects`: what a project decided differently from the defaults."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.inserts import insert_into
from addon.store.tables.projects import projects


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """settings: only what differs from the defaults. updated_at: UTC seconds."""

    settings: dict[str, Any]
    updated_by: str | None
    updated_at: float


async def get(tx: AsyncConnection, tenant_id: str, *, project_id: str, lock: bool = False) -> ProjectRow | None:
    query = select(projects.c.settings, projects.c.updated_by, projects.c.updated_at).where(
        projects.c.tenant_id == tenant_id, projects.c.project_id == project_id
    )
    row = (await tx.execute(query.with_for_update() if lock else query)).first()
    return ProjectRow(dict(row.settings), row.updated_by, row.updated_at) if row else None


async def save(tx: AsyncConnection, tenant_id: str, *, project_id: str, row: ProjectRow) -> None:
    values = {"settings": row.settings, "updated_by": row.updated_by, "updated_at": row.updated_at}
    await tx.execute(
        insert_into(tx, projects)
        .values(tenant_id=tenant_id, project_id=project_id, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "project_id"], set_=values)
    )
