"""What a running run reports: where it stands, and an event for those who watch it, in one go and behind its fence."""

import json
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Float, Insert, Integer, String, bindparam, delete, insert, select

from addon.store.db import Database
from addon.store.leases import Lease, fenced
from addon.store.repos import events
from addon.store.repos.events import PARTIAL, Event
from addon.store.swift import Swift
from addon.store.tables.base import Document
from addon.store.tables.runs import run_events, runs

_NAMES = ("run_id", "tenant_id", "seq", "event", "data", "at")
_SEQ, _EVENT = bindparam("e_seq", type_=Integer), bindparam("e_event", type_=String)
_DATA, _AT = bindparam("e_data", type_=Document), bindparam("e_at", type_=Float)


@dataclass(frozen=True, slots=True)
class Stage:
    """The step a run is at, and how much of it is done."""

    name: str
    done: int = 0
    total: int = 0


async def report(db: Database, lease: Lease, *, stage: Stage, event: Event) -> bool:
    """A partial result takes the place of those before it. False when the lease is lost. Raises DatabaseDown."""
    standing = {**lease.fence, "stage": stage.name, "done": stage.done, "total": stage.total}
    if db.dialect == "postgresql":
        # One round trip, for a model that writes fast has this happen all the time.
        told = {"e_seq": event.seq, "e_event": event.event, "e_data": json.dumps(event.data), "e_at": db.utc()}
        return bool(await db.swift(_reporting(event.event == PARTIAL), {**standing, **told}))
    async with db.begin() as tx:
        # The update comes first: it proves the lease and keeps the row, so that only its holder hands out numbers.
        if (await tx.execute(fenced(runs), standing)).rowcount != 1:
            return False
        if event.event == PARTIAL:
            await events.drop_partials(tx, lease.tenant_id, run_id=lease.id)
        await events.add(tx, lease, event=event, now=db.utc())
        return True


@cache
def _reporting(partial: bool) -> Swift:
    held = (
        fenced(runs)
        .values({name: bindparam(name, type_=runs.c[name].type) for name in ("stage", "done", "total")})
        .returning(runs.c.id, runs.c.tenant_id)
        .cte("held")
    )
    telling: Insert = insert(run_events).from_select(
        _NAMES, select(held.c.id, held.c.tenant_id, _SEQ, _EVENT, _DATA, _AT)
    )
    if partial:
        c = run_events.c
        mine = (c.run_id == held.c.id, c.tenant_id == held.c.tenant_id, c.event == PARTIAL)
        telling = telling.add_cte(delete(run_events).where(*mine).cte("dropped"))
    statement = telling.returning(run_events.c.seq)
    return Swift(statement, statement)
