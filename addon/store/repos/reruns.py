"""Rows of `reruns`: issues that were changed and wait for a new analysis, at most one row each."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, case, cast, delete, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.inserts import insert_into
from addon.store.tables.projects import projects
from addon.store.tables.reruns import reruns
from addon.store.tables.runs import runs
from addon.store.tables.tenants import tenants

KIND = "analysis"
BY_ITSELF = ("webhook", "update")
"""Triggers of runs that nobody asked for."""


@dataclass(frozen=True, slots=True)
class Rerun:
    """due_at: UTC seconds."""

    tenant_id: str
    issue_id: str
    issue_key: str
    project_id: str
    due_at: float


@dataclass(frozen=True, slots=True)
class Intake:
    """What decides on one change. last_at: UTC seconds of the issue's last analysis, None when it never had one.

    recent_runs: those of late that nobody asked for.
    """

    settings: dict[str, Any] | None
    last_at: float | None
    recent_runs: int


_COLUMNS = tuple(reruns.c[name] for name in Rerun.__dataclass_fields__)


async def put(tx: AsyncConnection, rerun: Rerun) -> bool:
    """False when the issue waits already: then it stays due when it was."""
    values = {name: getattr(rerun, name) for name in Rerun.__dataclass_fields__}
    # Values apart from the statement: see runs.insert.
    return (await tx.execute(insert_into(tx, reruns).on_conflict_do_nothing(), values)).rowcount == 1


async def fronts(tx: AsyncConnection) -> dict[str, float]:
    """By installed site when the first of its changes is due, the longest due first; at the cost of a row each."""
    return {row.tenant_id: row.due_at for row in (await tx.execute(_FRONTS)).all()}


async def soonest(tx: AsyncConnection, tenant_id: str, *, limit: int) -> list[Rerun]:
    """Of one site the longest due first, then those that will be."""
    query = select(*_COLUMNS).where(reruns.c.tenant_id == tenant_id).order_by(reruns.c.due_at).limit(limit)
    return [Rerun(*row) for row in (await tx.execute(query)).all()]


async def take(tx: AsyncConnection, rerun: Rerun) -> bool:
    """Removes the row; False when somebody else did."""
    mine = (reruns.c.tenant_id == rerun.tenant_id, reruns.c.issue_id == rerun.issue_id)
    return (await tx.execute(delete(reruns).where(*mine, reruns.c.due_at == rerun.due_at))).rowcount == 1


async def intake(tx: AsyncConnection, tenant_id: str, *, project_id: str, issue_id: str, since: float) -> Intake:
    """Settings and history of one issue in one statement: a delivery may cost two round trips in all."""
    values = {"tenant": tenant_id, "project": project_id, "issue": issue_id, "since": since}
    row = (await tx.execute(_INTAKE, values)).one()
    return Intake(row.settings, row.last_at, int(row.recent or 0))


def _intake() -> Select[Any]:
    tenant: BindParameter[str] = bindparam("tenant")
    settings = (
        select(projects.c.settings)
        .where(projects.c.tenant_id == tenant, projects.c.project_id == bindparam("project"))
        .scalar_subquery()
    )
    # No GROUP BY: an issue without a run is one row of nothing, and not no row.
    of_late = (runs.c.created_at > bindparam("since")) & runs.c.trigger.in_(BY_ITSELF)
    history = select(
        func.max(runs.c.created_at).label("last_at"), func.sum(case((of_late, 1), else_=0)).label("recent")
    )
    mine = (runs.c.tenant_id == tenant, runs.c.issue_id == bindparam("issue"), runs.c.kind == KIND, ~runs.c.preview)
    return history.add_columns(settings.label("settings")).where(*mine)


def _fronts() -> Select[str, float]:
    """Leaps from site to site in the index: one of them may have a hundred thousand rows, which nobody wants to see."""
    sites = select(cast(literal_column("''"), reruns.c.tenant_id.type).label("tenant_id")).cte("sites", recursive=True)
    behind = select(reruns.c.tenant_id).where(reruns.c.tenant_id > sites.c.tenant_id)
    following = behind.order_by(reruns.c.tenant_id).limit(1).correlate(sites).scalar_subquery()
    sites = sites.union_all(select(following).where(sites.c.tenant_id.is_not(None)))
    # Not min(): statistics older than a flood make a planner believe that it may as well read all rows of a site.
    first = select(reruns.c.due_at).where(reruns.c.tenant_id == sites.c.tenant_id).order_by(reruns.c.due_at).limit(1)
    due_at = first.correlate(sites).scalar_subquery().label("due_at")
    query = select(sites.c.tenant_id, due_at).join(tenants, tenants.c.id == sites.c.tenant_id)
    return query.where(tenants.c.state == "installed").order_by(due_at)


_INTAKE, _FRONTS = _intake(), _fronts()
"""Built once: every delivery asks the one and every look the other, and building costs more than sending."""
