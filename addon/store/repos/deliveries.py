"""What a delivery of a new issue asks and writes: one statement, when what it was judged by still holds."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Float, Integer, ScalarSelect, Table, bindparam, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ClauseElement

from addon.store.db import Database
from addon.store.ids import new_id
from addon.store.inserts import Insert
from addon.store.repos.runs import NewRun
from addon.store.swift import Swift
from addon.store.tables.projects import projects
from addon.store.tables.runs import publications, runs


@dataclass(frozen=True, slots=True)
class Intake:
    """What decides on one delivery. written_by_us: we created the issue. recent_runs: automatic ones of late.

    changed_at: when the project's settings were saved (UTC seconds), 0 when they never were.
    """

    settings: dict[str, Any] | None
    changed_at: float
    written_by_us: bool
    recent_runs: int


@dataclass(frozen=True, slots=True)
class Judged:
    """By what a delivery was found worth a run: settings saved then, fewer than `most` automatic runs since."""

    changed_at: float
    since: float
    most: int


async def intake(tx: AsyncConnection, tenant_id: str, *, project_id: str, issue_id: str, since: float) -> Intake:
    """Settings, ledger and rate of one issue in one statement."""
    values = {"tenant_id": tenant_id, "project_id": project_id, "issue_id": issue_id, "since": since}
    row = (await tx.execute(_INTAKE, values)).one()
    return Intake(row.settings, float(row.changed_at), bool(row.ours), int(row.recent))


async def insert(db: Database, tenant_id: str, *, new: NewRun, judged: Judged) -> bool:
    """Whether there is a new run now. If not, a unique rule knows it (see `runs.insert`) or the judgement is outdated.

    One statement which commits itself: it asks again for all that the delivery was judged by. Raises DatabaseDown.
    """
    values = {
        "id": new_id(),
        "tenant_id": tenant_id,
        **{name: getattr(new, name) for name in NewRun.__dataclass_fields__},
        "params": json.dumps(dict(new.params)),
        "stage": "queued",
        "state": "queued",
        "now": db.now(),
        "changed_at": judged.changed_at,
        "since": judged.since,
        "most": judged.most,
    }
    return bool(await db.swift(_INSERT, values))


def _given(column: Column[Any], name: str | None = None) -> Any:
    return bindparam(name or column.name, type_=column.type)


def _decided(column: Column[Any]) -> ScalarSelect[Any]:
    mine = (projects.c.tenant_id == _given(runs.c.tenant_id), projects.c.project_id == _given(runs.c.project_id))
    return select(column).where(*mine).scalar_subquery()


_CHANGED_AT = func.coalesce(_decided(projects.c.updated_at), 0.0)
_OURS = exists().where(
    publications.c.tenant_id == _given(runs.c.tenant_id),
    publications.c.remote_id == _given(runs.c.issue_id),
    or_(publications.c.target == "subtasks", publications.c.target == "xray"),
)
_RECENT = (
    select(func.count())
    .select_from(runs)
    .where(
        runs.c.tenant_id == _given(runs.c.tenant_id),
        runs.c.issue_id == _given(runs.c.issue_id),
        runs.c.created_at > bindparam("since", type_=Float),
        runs.c.trigger == "webhook",
    )
    .scalar_subquery()
)
_INTAKE = select(
    _decided(projects.c.settings).label("settings"),
    _CHANGED_AT.label("changed_at"),
    _OURS.label("ours"),
    _RECENT.label("recent"),
)
"""Built once: building it costs more than sending it."""


def _insert(into: Callable[[Table], Insert]) -> ClauseElement:
    given = {name: name for name in ("id", "tenant_id", *NewRun.__dataclass_fields__, "stage", "state")}
    given |= {"run_at": "now", "created_at": "now"}
    as_judged = select(*(_given(runs.c[column], name) for column, name in given.items())).where(
        bindparam("changed_at", type_=Float) == _CHANGED_AT,
        ~_OURS,
        bindparam("most", type_=Integer) > _RECENT,
    )
    new = into(runs).from_select(list(given), as_judged, include_defaults=False)
    return new.on_conflict_do_nothing().returning(runs.c.id)


_INSERT = Swift(_insert(sqlite.insert), _insert(postgresql.insert))
