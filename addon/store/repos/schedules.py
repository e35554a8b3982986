"""Rows of `schedules`: what is due when, of the deployment and of sites. A slot is a time that a schedule names."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.inserts import insert_into
from addon.store.repos.leaders import holds
from addon.store.tables.clockwork import schedules
from addon.store.tables.tenants import tenants


@dataclass(frozen=True, slots=True)
class Schedule:
    """cron: five fields, meant in `zone`. next_at, last_at: UTC seconds of the slot to come and of the last one taken.

    tenant_id: None for what belongs to the deployment. payload: what its kind needs to know.
    """

    name: str
    kind: str
    cron: str
    zone: str
    next_at: float
    last_at: float | None
    tenant_id: str | None
    payload: Mapping[str, Any]


_COLUMNS = tuple(schedules.c[name] for name in Schedule.__dataclass_fields__)


async def put(tx: AsyncConnection, schedule: Schedule) -> bool:
    """Makes or changes a schedule. One whose times stay as they were keeps its slot, also one that is due.

    False when the name belongs to another tenant: then nothing was changed.
    """
    values = {name: getattr(schedule, name) for name in Schedule.__dataclass_fields__}
    new = insert_into(tx, schedules).values(**values | {"payload": dict(schedule.payload)})
    c, given = schedules.c, new.excluded
    same_times = (c.cron == given.cron) & (c.zone == given.zone)
    changed: dict[str, Any] = {name: given[name] for name in ("kind", "cron", "zone", "payload")}
    changed["next_at"] = case((same_times, c.next_at), else_=given.next_at)
    statement = new.on_conflict_do_update(
        index_elements=["name"], set_=changed, where=c.tenant_id.is_not_distinct_from(given.tenant_id)
    )
    return (await tx.execute(statement.returning(c.name))).first() is not None


async def remove(tx: AsyncConnection, name: str, *, tenant_id: str | None) -> bool:
    """False when there is no such schedule of that tenant."""
    return (await tx.execute(delete(schedules).where(*_one(name, tenant_id)))).rowcount == 1


async def of(tx: AsyncConnection, tenant_id: str | None) -> list[Schedule]:
    """The schedules of a tenant, or those of the deployment, by name."""
    query = select(*_COLUMNS).where(schedules.c.tenant_id.is_not_distinct_from(tenant_id))
    return [Schedule(*row) for row in (await tx.execute(query.order_by(schedules.c.name))).all()]


async def due(tx: AsyncConnection, *, kinds: Collection[str], before: float, limit: int) -> list[Schedule]:
    """Those of the named kinds whose slot has come, the longest due first; of sites only while they are served."""
    c = schedules.c
    served = select(tenants.c.id).where(tenants.c.state == "installed")
    query = (
        select(*_COLUMNS)
        .where(c.next_at <= before, c.kind.in_(list(kinds)), or_(c.tenant_id.is_(None), c.tenant_id.in_(served)))
        .order_by(c.next_at, c.name)
        .limit(limit)
    )
    return [Schedule(*row) for row in (await tx.execute(query)).all()]


async def take(tx: AsyncConnection, schedule: Schedule, *, next_at: float, office: str, holder: str) -> bool:
    """Moves a schedule from the slot that was read to the next one.

    False when the slot was taken, the schedule changed, or the holder no longer leads: then nothing was changed.
    Whoever asks at the same time waits for this transaction and then finds the slot taken.
    """
    statement = (
        update(schedules)
        .where(*_one(schedule.name, schedule.tenant_id), schedules.c.next_at == schedule.next_at)
        .where(schedules.c.cron == schedule.cron, schedules.c.zone == schedule.zone)
        .where(holds(tx, office, holder=holder))
        .values(next_at=next_at, last_at=schedule.next_at)
    )
    return (await tx.execute(statement)).rowcount == 1


async def coming(tx: AsyncConnection, *, after: float, limit: int) -> list[Schedule]:
    """Schedules whose next slot is later than `after`, the latest first."""
    query = select(*_COLUMNS).where(schedules.c.next_at > after).order_by(schedules.c.next_at.desc()).limit(limit)
    return [Schedule(*row) for row in (await tx.execute(query)).all()]


async def move(tx: AsyncConnection, schedule: Schedule, *, next_at: float) -> None:
    """Another next slot, unless somebody has moved it since it was read."""
    mine = (*_one(schedule.name, schedule.tenant_id), schedules.c.next_at == schedule.next_at)
    await tx.execute(update(schedules).where(*mine).values(next_at=next_at))


def _one(name: str, tenant_id: str | None) -> tuple[ColumnElement[bool], ...]:
    return schedules.c.name == name, schedules.c.tenant_id.is_not_distinct_from(tenant_id)
