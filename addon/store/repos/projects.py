"""Rows of `projects`: what a project decided differently from the defaults, and what a delivery has to know."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.db import insert_into
from addon.store.tables.projects import projects
from addon.store.tables.runs import publications, runs


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """settings: only what differs from the defaults. updated_at: UTC seconds."""

    settings: dict[str, Any]
    updated_by: str | None
    updated_at: float


@dataclass(frozen=True, slots=True)
class Intake:
    """What decides on one delivery. written_by_us: we created the issue. recent_runs: automatic ones of late."""

    settings: dict[str, Any] | None
    written_by_us: bool
    recent_runs: int


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


async def intake(tx: AsyncConnection, tenant_id: str, *, project_id: str, issue_id: str, since: float) -> Intake:
    """Settings, ledger and rate of one issue in one statement: a delivery may cost two round trips in all."""
    values = {"tenant": tenant_id, "project": project_id, "issue": issue_id, "since": since}
    row = (await tx.execute(_INTAKE, values)).one()
    return Intake(row.settings, bool(row.ours), int(row.recent))


def _intake() -> Select[Any]:
    tenant: BindParameter[str] = bindparam("tenant")
    issue: BindParameter[str] = bindparam("issue")
    settings = (
        select(projects.c.settings)
        .where(projects.c.tenant_id == tenant, projects.c.project_id == bindparam("project"))
        .scalar_subquery()
    )
    ledger = exists().where(
        publications.c.tenant_id == tenant,
        publications.c.remote_id == issue,
        publications.c.target.in_(("subtasks", "xray")),
    )
    recent = (
        select(func.count())
        .select_from(runs)
        .where(
            runs.c.tenant_id == tenant,
            runs.c.issue_id == issue,
            runs.c.created_at > bindparam("since"),
            runs.c.trigger == "webhook",
        )
        .scalar_subquery()
    )
    return select(settings.label("settings"), ledger.label("ours"), recent.label("recent"))


_INTAKE = _intake()
"""Built once: every delivery asks it, and building costs more than sending."""
