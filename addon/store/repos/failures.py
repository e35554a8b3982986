"""Dead letters: runs and publications that ended `failed` although nobody called them off, and their second life."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.repos.runs import ACTIVE
from addon.store.tables.runs import publications, run_checkpoints, runs
from addon.store.tables.tenants import tenants

What = Literal["run", "publication"]
TABLES: Mapping[str, Any] = {"run": runs, "publication": publications}
SERVED = ("installed", "disabled")
"""States of sites whose work may go on some day."""
_AGAIN: dict[str, Any] = {
    "state": "queued",
    "error": None,
    "finished_at": None,
    "worker": None,
    "lease_until": None,
    "crashes": 0,
    "failures": 0,
}
"""Not the attempts: they are the fencing token, and say that an effect may exist already."""
_AFRESH: dict[str, Any] = {
    "stage": "queued",
    "done": 0,
    "total": 0,
    "started_at": None,
    # Read anew: the issue may have changed since, and that may be what mends it.
    "facts": None,
    "input_hash": None,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One row. kind: of a run its kind, of a publication its target. Times are UTC seconds.

    base_url: of its site. undoing: what was written was to be taken back.
    """

    what: What
    id: str
    tenant_id: str
    base_url: str
    kind: str
    issue_id: str | None
    issue_key: str | None
    project_id: str | None
    created_at: float
    failed_at: float
    attempts: int
    error: dict[str, str]
    undoing: bool

    @property
    def code(self) -> str:
        return self.error.get("error", "internal")


@dataclass(frozen=True, slots=True)
class Window:
    """Which failures. since: UTC seconds. before: (failed_at, id) of one; only those behind it. code: "" for all.

    startable: without those whose equal is under way.
    """

    limit: int
    since: float = 0.0
    before: tuple[float, str] | None = None
    code: str = ""
    startable: bool = False


@dataclass(frozen=True, slots=True)
class Revived:
    """A row that is queued again. run_id: whose watchers care."""

    id: str
    queue: str
    run_id: str


async def listed(tx: AsyncConnection, tenant_id: str | None, *, window: Window) -> list[Failure]:
    """The last ones first. tenant_id: None for all sites that may still be worked for, the operator's view."""
    rows = union_all(*(_rows(what, tenant_id, window=window) for what in ("run", "publication"))).subquery()
    query = select(rows).order_by(rows.c.failed_at.desc(), rows.c.id.desc()).limit(window.limit)
    return [_failure(row) for row in (await tx.execute(query)).all()]


async def by_code(tx: AsyncConnection, tenant_id: str | None, *, since: float = 0.0) -> dict[str, int]:
    """How many there are of each code, the most first."""
    window = Window(0, since)
    codes = {what: _code(table).label("code") for what, table in TABLES.items()}
    parts = (
        select(code, func.count().label("number")).where(*_which(what, tenant_id, window=window)).group_by(code)
        for what, code in codes.items()
    )
    both = union_all(*parts).subquery()
    total = func.sum(both.c.number).label("total")
    query = select(both.c.code, total).group_by(both.c.code).order_by(total.desc(), both.c.code)
    return {str(row.code or "internal"): int(row.total) for row in (await tx.execute(query)).all()}


async def find(tx: AsyncConnection, tenant_id: str | None, *, failure_id: str) -> tuple[What, str, str] | None:
    """(what, tenant id, state) of a run or publication, whatever became of it; None when the site has none such."""
    parts = [
        select(literal(what).label("what"), table.c.tenant_id, table.c.state).where(
            table.c.id == failure_id,
            table.c.tenant_id == tenant_id if tenant_id is not None else table.c.tenant_id.in_(_served()),
            *((~runs.c.preview,) if what == "run" else ()),
        )
        for what, table in TABLES.items()
    ]
    row = (await tx.execute(union_all(*parts))).first()
    return (row.what, row.tenant_id, row.state) if row else None


async def again(tx: AsyncConnection, tenant_id: str, *, what: What, row_id: str, now: float) -> Revived | None:
    """Queues a failed row again, due at once; None when it has not failed, or an equal run is under way.

    Raises IntegrityError when an equal run begins in the very same moment.
    """
    table = TABLES[what]
    values = {**_AGAIN, **(_AFRESH if what == "run" else {}), "run_at": now}
    returned = (table.c.queue, (runs.c.id if what == "run" else publications.c.run_id).label("run_id"))
    statement = (
        update(table)
        .where(table.c.id == row_id, *_which(what, tenant_id, window=Window(1, startable=True)))
        .values(values)
        .returning(*returned)
    )
    row = (await tx.execute(statement)).first()
    if row is None:
        return None
    if what == "run":
        # Pieces made from what was read the last time do not fit what will be read now.
        kept = run_checkpoints.c
        await tx.execute(run_checkpoints.delete().where(kept.tenant_id == tenant_id, kept.run_id == row_id))
    return Revived(row_id, row.queue, row.run_id)


def _rows(what: str, tenant_id: str | None, *, window: Window) -> Select[Any]:
    table, is_run = TABLES[what], what == "run"
    columns = (
        literal(what).label("what"),
        table.c.id,
        table.c.tenant_id,
        tenants.c.base_url,
        (runs.c.kind if is_run else publications.c.target).label("kind"),
        *(table.c[name] for name in ("issue_id", "issue_key", "project_id", "created_at")),
        table.c.finished_at.label("failed_at"),
        table.c.attempts,
        table.c.error,
        (false() if is_run else publications.c.undoing).label("undoing"),
    )
    # Limited in each table as well, so that neither is read further than what can be shown.
    part = (
        select(*columns)
        .join(tenants, tenants.c.id == table.c.tenant_id)
        .where(*_which(what, tenant_id, window=window))
        .order_by(table.c.finished_at.desc(), table.c.id.desc())
        .limit(window.limit)
        .subquery()
    )
    return select(part)


def _which(what: str, tenant_id: str | None, *, window: Window) -> tuple[ColumnElement[bool], ...]:
    c = TABLES[what].c
    found = [
        # As it is and no parameter: only so does a database know that the index of what failed will do.
        c.state == literal_column("'failed'"),
        ~c.cancel_requested,
        c.tenant_id == tenant_id if tenant_id is not None else c.tenant_id.in_(_served()),
    ]
    if what == "run":
        found.append(~c.preview)
    if window.since:
        found.append(c.finished_at >= window.since)
    if window.before is not None:
        at, row_id = window.before
        found.append(or_(c.finished_at < at, and_(c.finished_at == at, c.id < row_id)))
    if window.code:
        found.append(_code(TABLES[what]) == window.code)
    if window.startable:
        found.append(_alone(what))
    return tuple(found)


def _alone(what: str) -> ColumnElement[bool]:
    """No other run of the kind waits or works on the issue."""
    if what != "run":
        return ~false()
    other = runs.alias("other")
    return ~exists(
        select(null()).where(
            other.c.tenant_id == runs.c.tenant_id,
            other.c.kind == runs.c.kind,
            other.c.issue_id == runs.c.issue_id,
            other.c.state.in_(ACTIVE),
            ~other.c.preview,
        )
    )


def _served() -> Select[tuple[str]]:
    return select(tenants.c.id).where(tenants.c.state.in_(SERVED))


def _code(table: Any) -> ColumnElement[str]:
    found: ColumnElement[str] = table.c.error["error"].as_string()
    return found


def _failure(row: Any) -> Failure:
    values = {**row._mapping, "error": dict(row.error or {}), "undoing": bool(row.undoing)}
    return Failure(**values)
