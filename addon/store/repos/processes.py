"""Rows of `processes`: who is at work in this deployment, by their own word of a few seconds ago."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.inserts import insert_into
from addon.store.instant import instant
from addon.store.tables.clockwork import processes

ALIVE_S = 20.0
"""Whoever said nothing for so long is taken for dead: some signs of life in a row were lost."""


@dataclass(frozen=True, slots=True)
class Identity:
    """name: one that no other process ever had. kind: serve, worker or scheduler."""

    name: str
    kind: str
    host: str
    pid: int
    version: str


@dataclass(frozen=True, slots=True)
class Load:
    """By queue: rows a process works at a time, and rows it works now. draining: it takes no more."""

    slots: Mapping[str, int]
    busy: Mapping[str, int]
    draining: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """age_s: since it started. silent_s: since its last sign of life."""

    identity: Identity
    load: Load
    age_s: float
    silent_s: float

    @property
    def alive(self) -> bool:
        return self.silent_s <= ALIVE_S


async def report(tx: AsyncConnection, identity: Identity, *, load: Load) -> None:
    """A sign of life, in one statement; the first one makes the row."""
    now = instant(tx)
    said = {"slots": dict(load.slots), "busy": dict(load.busy), "draining": load.draining}
    about = {name: getattr(identity, name) for name in Identity.__dataclass_fields__}
    new = insert_into(tx, processes).values(**about, **said, started_at=now, seen_at=now)
    changed = {name: new.excluded[name] for name in (*said, "seen_at")}
    await tx.execute(new.on_conflict_do_update(index_elements=["name"], set_=changed))


async def remove(tx: AsyncConnection, name: str) -> None:
    await tx.execute(delete(processes).where(processes.c.name == name))


async def forget(tx: AsyncConnection, *, silent_s: float) -> int:
    """Deletes the rows of processes that said nothing for so long; how many."""
    return (await tx.execute(delete(processes).where(processes.c.seen_at < instant(tx) - silent_s))).rowcount


async def known(tx: AsyncConnection) -> list[Process]:
    """Every process that has a row, the silent ones too: by kind, the longest at work first."""
    c, now = processes.c, instant(tx).label("now")
    rows = await tx.execute(select(processes, now).order_by(c.kind, c.started_at, c.name))
    return [
        Process(
            Identity(row.name, row.kind, row.host, row.pid, row.version),
            Load(row.slots, row.busy, row.draining),
            max(0.0, row.now - row.started_at),
            max(0.0, row.now - row.seen_at),
        )
        for row in rows
    ]
