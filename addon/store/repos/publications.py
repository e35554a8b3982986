"""Rows of `publications`: one item of a result on its way to one place in Jira, or already there."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Select,
    String,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.fairness import Moment
from addon.store.ids import new_id
from addon.store.inserts import Insert, insert_into
from addon.store.leases import Lease, fenced
from addon.store.repos.runs import Run
from addon.store.tables.runs import publications

SUPERSEDED = {"error": "superseded", "detail": "A newer result took its place before it was written."}


@dataclass(frozen=True, slots=True)
class Publication:
    """One row. marker: stands on what was written in Jira, unique in the tenant. content: what will be written.

    slot: which of several places of its target it takes. kept: what a later attempt and an undo need to know.
    undoing: it is being taken back, or that is asked for.
    """

    id: str
    tenant_id: str
    run_id: str
    issue_id: str
    issue_key: str | None
    project_id: str | None
    target: str
    item: int
    marker: str
    content: dict[str, Any]
    account_id: str | None
    remote_id: str | None
    remote_key: str | None
    url: str | None
    state: str
    attempts: int
    created_at: float
    finished_at: float | None
    error: dict[str, str] | None
    run_at: float = 0.0
    slot: str = ""
    kept: dict[str, Any] | None = None
    undoing: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to write. account_id: the person who asked for it, None when the settings did.

    run_id: of the run it stands under, "" for the one that plans it.
    """

    target: str
    item: int
    marker: str
    content: Mapping[str, Any]
    account_id: str | None = None
    queue: str = "default"
    priority: int = 0
    slot: str = ""
    run_id: str = ""


OF_ITEMS = ("subtasks", "xray", "zephyr")
"""Targets where each item of a result becomes a thing of its own, with a title."""
ONE_AT_A_TIME = {"comment": "kind", "description": "section", "field": "field"}
"""Targets with slots that hold one thing each, and where the content names the slot.

Two writers at once would make two of it; what a person changes afterwards is written over what stands there.
"""
IN_TURN = ("subtasks", "description")
"""Targets that write about one issue one after the other, whoever asked, in all queues.

Two writers of one document would take each other's words away, and Jira shows new issues in the order they were made.
"""
FINAL = ("zephyr",)
"""Targets that take nothing back."""
UNDONE = "undone"
"""A last state of publications alone: what was written has been taken back."""

TICK_S = 0.001
_PLACE = ("tenant_id", "issue_id", "target", "slot")
_newest = publications.alias("newest")
_COLUMNS = tuple(publications.c[name] for name in Publication.__dataclass_fields__)
_FRESH = ("content", "account_id", "queue", "priority", "slot", "created_at", "run_at")
_AGAIN: dict[str, Any] = {
    # By name: `statement.excluded` copies the whole table's definition for every result.
    **{name: literal_column(f"excluded.{name}") for name in _FRESH},
    "state": "queued",
    "error": None,
    "finished_at": None,
    "cancel_requested": False,
    "undoing": False,
    "crashes": 0,
    "failures": 0,
}
"""What becomes of a row that an item meets again."""
_PERSON_WAITS: dict[str, Any] = {
    "state": "queued",
    "queue": "priority",
    "priority": 10,
    "error": None,
    "finished_at": None,
    "cancel_requested": False,
    "crashes": 0,
    "failures": 0,
}
"""What becomes of a row that a person sets going again."""


async def add(
    tx: AsyncConnection, run: Run, *, items: Iterable[Item], now: float, rewrite: Collection[str] = ()
) -> None:
    """New rows, due at once. An item known already stays as it is if it is being written or done.

    If it waits, failed, was set aside or taken back, it takes the new content and starts over; attempts go on counting,
    because an earlier one may have reached Jira. rewrite: markers of done ones that start over as well.
    """
    for item in items:
        statement = _adding(tx.dialect.name, rewrite=item.marker in rewrite)
        values = _values(run, item, now=now)
        # Dated by the statement itself.
        created_at = values.pop("created_at")
        await tx.execute(statement, {**values, **{f"p_{name}": values[name] for name in _PLACE}, "p_now": created_at})


async def leave(tx: AsyncConnection, run: Run, *, item: Item, error: Mapping[str, str], now: float) -> None:
    """A row that says why the item is not written. An item known already stays as it is."""
    ended = {"state": "cancelled", "error": dict(error), "finished_at": now}
    statement = insert_into(tx, publications).on_conflict_do_nothing()
    await tx.execute(statement, {**_values(run, item, now=now), **ended})


async def supersede(tx: AsyncConnection, run: Run, *, target: str, slot: str, now: float) -> int:
    """Sets aside what older runs still wanted to write into this slot of the issue."""
    place = {"p_tenant_id": run.tenant_id, "p_issue_id": run.issue_id, "p_target": target, "p_slot": slot}
    return (await tx.execute(_SUPERSEDING, {**place, "p_run_id": run.id, "finished_at": now})).rowcount


async def get(tx: AsyncConnection, tenant_id: str, *, publication_id: str) -> Publication | None:
    return _one((await tx.execute(_mine(tenant_id).where(publications.c.id == publication_id))).first())


async def by_markers(tx: AsyncConnection, tenant_id: str, *, markers: Iterable[str]) -> list[Publication]:
    query = _mine(tenant_id).where(publications.c.marker.in_(list(markers)))
    return [Publication(*row) for row in (await tx.execute(query.order_by(publications.c.item))).all()]


async def of_runs(tx: AsyncConnection, tenant_id: str, *, run_ids: Iterable[str]) -> dict[str, list[Publication]]:
    """Publications by run id, in the order of their items."""
    query = _mine(tenant_id).where(publications.c.run_id.in_(list(run_ids)))
    found: dict[str, list[Publication]] = {}
    for row in (await tx.execute(query.order_by(publications.c.target, publications.c.item))).all():
        found.setdefault(row.run_id, []).append(Publication(*row))
    return found


async def standing(
    tx: AsyncConnection, tenant_id: str, *, issue_id: str, targets: Collection[str]
) -> list[Publication]:
    """What is written for the issue at these targets, or on its way there; oldest first."""
    asked = {"p_tenant_id": tenant_id, "p_issue_id": issue_id, "targets": list(targets)}
    return [Publication(*row) for row in (await tx.execute(_STANDING, asked)).all()]


async def keep(tx: AsyncConnection, lease: Lease, *, kept: Mapping[str, Any]) -> bool:
    """Keeps how far the write has come, with where it stands if it says so; False when the lease was lost."""
    known = {name: kept[name] for name in ("remote_id", "remote_key", "url") if kept.get(name)}
    return (await tx.execute(fenced(publications), {**lease.fence, "kept": dict(kept), **known})).rowcount == 1


async def again(tx: AsyncConnection, tenant_id: str, *, publication_id: str, now: float) -> bool:
    """A failed one starts over with what it was to write; False for any other."""
    mine = publications.alias("mine")
    there = _newest.join(mine, and_(*(mine.c[name] == _newest.c[name] for name in _PLACE)))
    last = _last(there, now=literal(now, Float)).where(mine.c.tenant_id == tenant_id, mine.c.id == publication_id)
    statement = (
        update(publications)
        .where(*_failed(tenant_id, publication_id))
        .values(run_at=now, created_at=last.scalar_subquery(), **_PERSON_WAITS)
    )
    return (await tx.execute(statement)).rowcount == 1


async def take_back(tx: AsyncConnection, tenant_id: str, *, publication_id: str, now: float) -> bool:
    """Puts what is written in line to be undone; False when it is not written, or being undone already."""
    done = and_(publications.c.state == "succeeded", publications.c.undoing.is_(False))
    # A worker that fell silent too often in the middle of an undo leaves the row like this.
    stuck = and_(publications.c.state == "failed", publications.c.undoing.is_(True))
    statement = (
        update(publications)
        .where(publications.c.tenant_id == tenant_id, publications.c.id == publication_id, or_(done, stuck))
        .values(undoing=True, run_at=now, **_PERSON_WAITS)
    )
    return (await tx.execute(statement)).rowcount == 1


async def stays(tx: AsyncConnection, tenant_id: str, *, publication_id: str) -> None:
    """What could not be undone is as written as before; why is in its error. In the transaction that ended it."""
    mine = (publications.c.tenant_id == tenant_id, publications.c.id == publication_id, publications.c.undoing)
    await tx.execute(update(publications).where(*mine).values(state="succeeded", undoing=False))


async def newer_written(tx: AsyncConnection, publication: Publication) -> bool:
    """Whether a later one was written into the same slot, so that what stands there is not this one's any more."""
    found = select(publications.c.id).where(
        *_place(publication.tenant_id, publication.issue_id, target=publication.target),
        publications.c.slot == publication.slot,
        publications.c.state == "succeeded",
        publications.c.id != publication.id,
        _newer_than(publication),
    )
    return (await tx.execute(found.limit(1))).first() is not None


def turn(now: Moment) -> ColumnElement[bool]:
    """False while one that belongs before this one is being written or could be, or any other of the same issue is.

    One that failed, or waits for its next try, holds nobody up.
    """
    first = publications.alias("first")
    # By what all of them agree on, whatever their queues and their runs: else three could wait for each other.
    order = ("created_at", "item", "id")
    earlier = tuple_(*(first.c[name] for name in order)) < tuple_(*(publications.c[name] for name in order))
    ahead = exists().where(
        first.c.tenant_id == publications.c.tenant_id,
        first.c.issue_id == publications.c.issue_id,
        first.c.target == publications.c.target,
        first.c.id != publications.c.id,
        or_(first.c.state == "running", and_(first.c.state == "queued", first.c.run_at <= now, earlier)),
    )
    return or_(publications.c.target.not_in(IN_TURN), ~ahead)


def _newer_than(publication: Publication) -> ColumnElement[bool]:
    """Asked for later. Not by when it was finished: that moment moves when an undo is refused."""
    return or_(
        publications.c.created_at > publication.created_at,
        and_(publications.c.created_at == publication.created_at, publications.c.id > publication.id),
    )


def _failed(tenant_id: str, publication_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        publications.c.tenant_id == tenant_id,
        publications.c.id == publication_id,
        publications.c.state == "failed",
    )


def _values(run: Run, item: Item, *, now: float) -> dict[str, Any]:
    return {
        "id": new_id(),
        "tenant_id": run.tenant_id,
        "issue_id": run.issue_id,
        "issue_key": run.issue_key,
        "project_id": run.project_id,
        **{name: getattr(item, name) for name in Item.__dataclass_fields__},
        "run_id": item.run_id or run.id,
        "content": dict(item.content),
        "state": "queued",
        "run_at": now,
        "created_at": now,
    }


def _place(tenant_id: str, issue_id: str | None, *, target: str) -> tuple[ColumnElement[bool], ...]:
    return (
        publications.c.tenant_id == tenant_id,
        publications.c.issue_id == issue_id,
        publications.c.target == target,
    )


def _mine(tenant_id: str) -> Select[Any]:
    return select(*_COLUMNS).where(publications.c.tenant_id == tenant_id)


def _one(row: Any) -> Publication | None:
    return Publication(*row) if row else None


# What follows is built once: to put it together takes longer than to run it.
@cache
def _adding(dialect: str, *, rewrite: bool) -> Insert:
    state = publications.c.state
    states = ("queued", "failed", "cancelled", UNDONE, *(("succeeded",) if rewrite else ()))
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(publications)
    there = (_newest.c[name] == bindparam(f"p_{name}", type_=String) for name in _PLACE)
    last = _last(_newest, now=bindparam("p_now", type_=Float)).where(*there)
    return new.values(created_at=last.scalar_subquery()).on_conflict_do_update(
        index_elements=["tenant_id", "marker"], set_=_AGAIN, where=or_(*(state == each for each in states))
    )


def _last(there: FromClause, *, now: ColumnElement[float]) -> Select[float]:
    """A moment after all that was asked for at the place: the clock by which some of it was dated may have been ahead.

    Else a result of then would stand above every newer one.
    """
    newest = func.max(_newest.c.created_at)
    return select(case((newest > now, newest + TICK_S), else_=now)).select_from(there)


def _superseding() -> Update:
    c = publications.c
    return (
        update(publications)
        .where(
            *(c[name] == bindparam(f"p_{name}", type_=String) for name in ("tenant_id", "issue_id", "target", "slot")),
            c.run_id != bindparam("p_run_id", type_=String),
            c.state == "queued",
            c.undoing.is_(False),
        )
        .values(state="cancelled", error=SUPERSEDED, finished_at=bindparam("finished_at", type_=Float))
    )


def _standing() -> Select[Any]:
    c = publications.c
    there = or_(
        c.state == "succeeded",
        and_(or_(c.state == "queued", c.state == "running"), ~c.undoing),
        # An undo that was given up leaves what was written where it is.
        and_(c.state == "failed", c.undoing),
    )
    mine = (c[name] == bindparam(f"p_{name}", type_=String) for name in ("tenant_id", "issue_id"))
    at = c.target.in_(bindparam("targets", expanding=True))
    return select(*_COLUMNS).where(*mine, at, there).order_by(c.created_at)


_SUPERSEDING, _STANDING = _superseding(), _standing()
