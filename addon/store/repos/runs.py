"""Rows of `runs`: one piece of work each, from the door it came in by to its result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Select, bindparam, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.ids import new_id
from addon.store.inserts import insert_into
from addon.store.leases import Lease, fenced
from addon.store.tables.runs import run_events, runs

ACTIVE = ("queued", "running")
ENDED = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Run:
    """One row. state: queued | running | succeeded | failed | cancelled.

    error: {"error": code, "detail": text}; of a row that is not ended what the last attempt met, and `failures` says
    how many attempts in a row met the like of it. run_at: when a queued row may start.
    """

    id: str
    tenant_id: str
    kind: str
    trigger: str
    account_id: str | None
    project_id: str | None
    issue_id: str | None
    issue_key: str | None
    input_hash: str | None
    params: dict[str, Any]
    facts: dict[str, Any] | None
    result: dict[str, Any] | None
    usage: dict[str, Any] | None
    stage: str | None
    done: int
    total: int
    state: str
    attempts: int
    cancel_requested: bool
    created_at: float
    started_at: float | None
    finished_at: float | None
    error: dict[str, str] | None
    failures: int = 0
    run_at: float = 0.0
    preview: bool = False

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def origin(self) -> str:
        """Id of the run its result was first made for: its own, unless it was answered from an earlier one."""
        return str(self.params.get("origin") or self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What a door knows. queue: "ai" for what comes by itself, "priority" when a person waits.

    preview: tries something out: for whoever asked alone, never written into Jira, never taken for the issue's own.
    """

    kind: str
    trigger: str
    issue_id: str | None
    issue_key: str | None
    project_id: str | None
    account_id: str | None = None
    start_key: str | None = None
    delivery_id: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    queue: str = "ai"
    priority: int = 0
    preview: bool = False


class Page(Protocol):
    """Which of a person's runs. None: all of them. before: a run's id; only older ones."""

    @property
    def kind(self) -> str | None: ...
    @property
    def status(self) -> str | None: ...
    @property
    def before(self) -> str | None: ...
    @property
    def limit(self) -> int: ...


_COLUMNS = tuple(runs.c[name] for name in Run.__dataclass_fields__)
_LAST_SEQ = select(func.max(run_events.c.seq)).where(
    run_events.c.run_id == runs.c.id, run_events.c.tenant_id == runs.c.tenant_id
)
_THIS = (runs.c.tenant_id == bindparam("r_tenant_id"), runs.c.id == bindparam("r_id"))
_TAKEN_UP = select(*_COLUMNS, _LAST_SEQ.scalar_subquery()).where(*_THIS)
_KIND = select(runs.c.kind).where(*_THIS)


async def insert(tx: AsyncConnection, tenant_id: str, *, new: NewRun, now: float) -> str | None:
    """The id of the new run; None when a unique rule knows it: delivery, start key, or an active run of the kind.

    One statement, no look first: of ten equal deliveries in parallel exactly one gets an id.
    """
    values = {
        "id": new_id(),
        "tenant_id": tenant_id,
        **{name: getattr(new, name) for name in NewRun.__dataclass_fields__},
        "params": dict(new.params),
        "stage": "queued",
        "state": "queued",
        "run_at": now,
        "created_at": now,
    }
    # Values apart from the statement: within it, each would be wrapped and looked at anew for every delivery.
    statement = insert_into(tx, runs).on_conflict_do_nothing().returning(runs.c.id)
    found: str | None = (await tx.execute(statement, values)).scalar_one_or_none()
    return found


async def hurry(tx: AsyncConnection, tenant_id: str, *, wanted: NewRun, now: float) -> None:
    """Moves the waiting run of the same kind and issue to the queue and priority of `wanted`, if those are better.

    One that waits for its next try is due at once: whoever asks again may know that the trouble is over.
    """
    waiting = update(runs).where(
        runs.c.tenant_id == tenant_id,
        runs.c.kind == wanted.kind,
        runs.c.issue_id == wanted.issue_id,
        runs.c.state == "queued",
        ~runs.c.preview,
    )
    # Two statements: what waits for its next try may well have the better priority already.
    await tx.execute(waiting.where(runs.c.run_at > now).values(run_at=now))
    await tx.execute(
        waiting.where(runs.c.priority < wanted.priority).values(queue=wanted.queue, priority=wanted.priority)
    )


async def get(tx: AsyncConnection, tenant_id: str, *, run_id: str) -> Run | None:
    return _one((await tx.execute(_mine(tenant_id).where(runs.c.id == run_id))).first())


async def taken_up(tx: AsyncConnection, tenant_id: str, *, run_id: str) -> tuple[Run, int] | None:
    """The run, and the highest number of an event that an earlier attempt has used, 0 for none."""
    row = (await tx.execute(_TAKEN_UP, {"r_tenant_id": tenant_id, "r_id": run_id})).first()
    return (Run(*row[:-1]), row[-1] or 0) if row else None


async def kind(tx: AsyncConnection, tenant_id: str, *, run_id: str) -> str:
    """Of a run that is there."""
    return str((await tx.execute(_KIND, {"r_tenant_id": tenant_id, "r_id": run_id})).scalar_one())


async def active(tx: AsyncConnection, tenant_id: str, *, kind: str, issue_id: str | None) -> Run | None:
    """The run of this kind that waits or works on the issue now; there is at most one."""
    # Previews stand beside it: they are nobody's but their author's.
    mine = _mine(tenant_id).where(runs.c.kind == kind, runs.c.issue_id == issue_id)
    query = mine.where(runs.c.state.in_(ACTIVE), ~runs.c.preview)
    return _one((await tx.execute(query)).first())


async def active_of_person(tx: AsyncConnection, tenant_id: str, *, kind: str, account_id: str) -> list[Run]:
    """What waits or works for this person on no single issue, newest first; without facts and results."""
    mine = _light(tenant_id).where(runs.c.kind == kind, runs.c.account_id == account_id, runs.c.issue_id.is_(None))
    return await _list(tx, mine.where(runs.c.state.in_(ACTIVE)), limit=20)


async def of_person(tx: AsyncConnection, tenant_id: str, *, kind: str, project_id: str, account_id: str) -> list[Run]:
    """The person's latest runs of this kind in the project, newest first; without facts and results."""
    mine = _light(tenant_id).where(runs.c.kind == kind, runs.c.project_id == project_id)
    return await _list(tx, mine.where(runs.c.account_id == account_id, ~runs.c.preview), limit=50)


async def started_by(tx: AsyncConnection, tenant_id: str, *, start_key: str) -> Run | None:
    """The run a client key started before."""
    return _one((await tx.execute(_mine(tenant_id).where(runs.c.start_key == start_key))).first())


async def of_issue(tx: AsyncConnection, tenant_id: str, *, issue_id: str, limit: int = 20) -> list[Run]:
    """Newest first."""
    return await _list(tx, _mine(tenant_id).where(runs.c.issue_id == issue_id, ~runs.c.preview), limit=limit)


async def latest(tx: AsyncConnection, tenant_id: str, *, issue_id: str, kinds: Sequence[str]) -> str | None:
    """Id of the newest run of these kinds on the issue that has a result."""
    mine = select(runs.c.id).where(runs.c.tenant_id == tenant_id, runs.c.issue_id == issue_id, runs.c.kind.in_(kinds))
    found = mine.where(runs.c.state == "succeeded", ~runs.c.preview).order_by(runs.c.created_at.desc()).limit(1)
    return (await tx.execute(found)).scalar_one_or_none()


async def of_project(
    tx: AsyncConnection, tenant_id: str, *, project_id: str, state: str | None = None, limit: int = 50
) -> list[Run]:
    """Runs on single issues, newest first. state: only runs in it."""
    of_issues = _mine(tenant_id).where(runs.c.project_id == project_id, runs.c.issue_id.is_not(None))
    query = of_issues.where(~runs.c.preview)
    return await _list(tx, query.where(runs.c.state == state) if state else query, limit=limit)


async def asked_by(tx: AsyncConnection, tenant_id: str, *, account_id: str, page: Page) -> list[Run]:
    """What one person asked for, newest first. Ids are ordered in time, so that a page can begin after one."""
    query = _mine(tenant_id).where(runs.c.account_id == account_id, ~runs.c.preview)
    wanted = {runs.c.kind: page.kind, runs.c.state: page.status}
    # Without a condition for what was not asked: "all of them" is no value a column has.
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    if page.before is not None:
        query = query.where(runs.c.id < page.before)
    return [Run(*row) for row in (await tx.execute(query.order_by(runs.c.id.desc()).limit(page.limit))).all()]


async def newest(
    tx: AsyncConnection, tenant_id: str, *, kind: str, issue_id: str | None, before: float | None = None
) -> Run | None:
    """The issue's newest result of a kind. before: only older ones (UTC seconds).

    A run that wrote a single item anew is a proposal and no result of the issue's own.
    """
    query = _mine(tenant_id).where(
        runs.c.kind == kind, runs.c.issue_id == issue_id, runs.c.state == "succeeded", ~runs.c.preview
    )
    if before is not None:
        query = query.where(runs.c.created_at < before)
    # More than one: proposals for single items may be newer.
    found = await _list(tx, query, limit=20)
    return next((run for run in found if not run.params.get("regenerate")), None)


async def earlier(tx: AsyncConnection, run: Run, *, input_hash: str) -> Run | None:
    """The newest other run of the same issue that succeeded on the very same input."""
    query = _mine(run.tenant_id).where(
        runs.c.kind == run.kind,
        runs.c.issue_id == run.issue_id,
        runs.c.input_hash == input_hash,
        runs.c.state == "succeeded",
        # A second attempt has kept the hash of its first one.
        runs.c.id != run.id,
        ~runs.c.preview,
    )
    return _one((await tx.execute(query.order_by(runs.c.created_at.desc()).limit(1))).first())


async def save_facts(tx: AsyncConnection, lease: Lease, *, facts: Mapping[str, Any], input_hash: str) -> bool:
    """False when the lease is lost."""
    read = {"facts": dict(facts), "input_hash": input_hash}
    return (await tx.execute(fenced(runs), {**lease.fence, **read})).rowcount == 1


async def back_to_start(tx: AsyncConnection, tenant_id: str, *, run_id: str) -> None:
    """What a queued run shows until its next try begins."""
    statement = update(runs).where(runs.c.tenant_id == tenant_id, runs.c.id == run_id, runs.c.state == "queued")
    await tx.execute(statement.values(stage="queued", done=0, total=0))


def _mine(tenant_id: str) -> Select[Any]:
    return select(*_COLUMNS).where(runs.c.tenant_id == tenant_id)


def _light(tenant_id: str) -> Select[Any]:
    """What was read and found may be hundreds of issues: a list of runs does without."""
    heavy = ("facts", "result")
    columns = [null().label(name) if name in heavy else runs.c[name] for name in Run.__dataclass_fields__]
    return select(*columns).where(runs.c.tenant_id == tenant_id)


async def _list(tx: AsyncConnection, query: Select[Any], *, limit: int) -> list[Run]:
    rows = await tx.execute(query.order_by(runs.c.created_at.desc(), runs.c.id.desc()).limit(limit))
    return [Run(*row) for row in rows.all()]


def _one(row: Any) -> Run | None:
    return Run(*row) if row else None
