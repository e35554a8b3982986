"""Rows of `run_events`: what a run reported on its way, in the order of `seq`, so that a watcher can resume."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.leases import Lease
from addon.store.tables.runs import run_events, runs

PARTIAL = "token"


@dataclass(frozen=True, slots=True)
class Event:
    """event: stage | token | done | failed. data: JSON document."""

    seq: int
    event: str
    data: dict[str, Any]


_DROPPED = delete(run_events).where(
    run_events.c.tenant_id == bindparam("e_tenant_id"),
    run_events.c.run_id == bindparam("e_run_id"),
    run_events.c.event == PARTIAL,
)


async def add(tx: AsyncConnection, lease: Lease, *, event: Event, now: float) -> None:
    """The caller has made sure, in this transaction, that the lease still holds: it alone hands out numbers."""
    row = {"run_id": lease.id, "tenant_id": lease.tenant_id, "at": now}
    await tx.execute(insert(run_events), {**row, "seq": event.seq, "event": event.event, "data": event.data})


async def since(tx: AsyncConnection, tenant_id: str, *, run_id: str, after: int) -> list[Event]:
    """Events with a number above `after`."""
    query = (
        select(run_events.c.seq, run_events.c.event, run_events.c.data)
        .where(run_events.c.tenant_id == tenant_id, run_events.c.run_id == run_id, run_events.c.seq > after)
        .order_by(run_events.c.seq)
    )
    return [Event(*row) for row in (await tx.execute(query)).all()]


async def told(tx: AsyncConnection, tenant_id: str, *, run_id: str, after: int) -> tuple[str, list[Event]] | None:
    """The run's state, and its events with a number above `after`, as one statement sees them; None without a run."""
    mine = and_(run_events.c.run_id == runs.c.id, run_events.c.tenant_id == runs.c.tenant_id, run_events.c.seq > after)
    query = (
        select(runs.c.state, run_events.c.seq, run_events.c.event, run_events.c.data)
        .select_from(runs.outerjoin(run_events, mine))
        .where(runs.c.tenant_id == tenant_id, runs.c.id == run_id)
        .order_by(run_events.c.seq)
    )
    rows = (await tx.execute(query)).all()
    if not rows:
        return None
    return rows[0].state, [Event(row.seq, row.event, row.data) for row in rows if row.seq is not None]


async def standing(tx: AsyncConnection, of: Collection[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, int]]:
    """By (tenant id, run id) the run's state and the highest number it has reported, 0 for none."""
    last = select(func.max(run_events.c.seq)).where(run_events.c.run_id == runs.c.id).scalar_subquery()
    query = select(runs.c.tenant_id, runs.c.id, runs.c.state, last.label("seq"))
    # The ids once more: of pairs alone SQLite does not see that an index will do.
    mine = (runs.c.id.in_([run_id for _, run_id in of]), tuple_(runs.c.tenant_id, runs.c.id).in_(of))
    found = await tx.execute(query.where(*mine))
    return {(row.tenant_id, row.id): (row.state, row.seq or 0) for row in found}


async def last_seq(tx: AsyncConnection, tenant_id: str, *, run_id: str) -> int:
    """0 when the run reported nothing yet."""
    query = select(func.max(run_events.c.seq)).where(run_events.c.tenant_id == tenant_id, run_events.c.run_id == run_id)
    return int(await tx.scalar(query) or 0)


async def drop_partials(tx: AsyncConnection, tenant_id: str, *, run_id: str) -> None:
    """Removes partial results: each one replaces those before it, and the result replaces them all."""
    await tx.execute(_DROPPED, {"e_tenant_id": tenant_id, "e_run_id": run_id})


def stage(seq: int, name: str, *, done: int, total: int, **more: object) -> Event:
    return Event(seq, "stage", {"stage": name, "done": done, "total": total, **more})


def partial(seq: int, data: Mapping[str, Any]) -> Event:
    return Event(seq, PARTIAL, dict(data))
