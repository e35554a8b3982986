"""The trouble of whole sites: Jira refuses the add-on itself there, so their work waits until a probe goes well."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.tables.tenants import tenants

CLEARED: Mapping[str, Any] = {"paused_until": None, "trouble": None}


@dataclass(frozen=True, slots=True)
class Trouble:
    """code: of the error Jira answered with. Times are UTC seconds; probe_at: when Jira is asked again."""

    code: str
    since: float
    probe_at: float


async def begin(tx: AsyncConnection, tenant_id: str, *, code: str, now: float, probe_at: float) -> bool:
    """Pauses the tenant; False when it was paused already, and then nothing is changed."""
    free = update(tenants).where(tenants.c.id == tenant_id, tenants.c.paused_until.is_(None))
    values = {"paused_until": probe_at, "trouble": {"code": code, "since": now}}
    return (await tx.execute(free.values(values))).rowcount == 1


async def end(tx: AsyncConnection, tenant_id: str, *, probe_at: float) -> bool:
    """probe_at: when the next probe was to be. False when that has changed: the trouble is over, or another one."""
    same = update(tenants).where(tenants.c.id == tenant_id, tenants.c.paused_until == probe_at)
    return (await tx.execute(same.values(dict(CLEARED)))).rowcount == 1


async def to_probe(tx: AsyncConnection, *, now: float, next_at: float) -> list[str]:
    """Ids of tenants whose probe is due. The next one is set at once, so that no other process makes the same."""
    due = update(tenants).where(tenants.c.paused_until <= now, tenants.c.state == "installed")
    return [row.id for row in await tx.execute(due.values(paused_until=next_at).returning(tenants.c.id))]


async def of(tx: AsyncConnection, tenant_id: str) -> Trouble | None:
    """None while all is well."""
    query = select(tenants.c.trouble, tenants.c.paused_until).where(tenants.c.id == tenant_id)
    row = (await tx.execute(query)).first()
    if row is None or row.trouble is None or row.paused_until is None:
        return None
    return Trouble(str(row.trouble["code"]), float(row.trouble["since"]), row.paused_until)
