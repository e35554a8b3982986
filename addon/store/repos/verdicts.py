"""Rows of `item_verdicts`: what a person decided about one item of a result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, cast, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.inserts import insert_into
from addon.store.repos.runs import Run
from addon.store.tables.people import item_verdicts

ACCEPTED, EDITED, REJECTED = "accepted", "edited", "rejected"


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """verdict: accepted | edited | rejected. edit: the item's fields as the person left them, None unless edited."""

    part: str
    item: int
    verdict: str
    edit: dict[str, Any] | None
    account_id: str | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVerdict:
    """original: what was suggested, in the fields a person may edit. distance: 0 to 1, None when rejected."""

    part: str
    item: int
    verdict: str
    original: Mapping[str, Any]
    edit: Mapping[str, Any] | None
    distance: float | None
    prompt_version: str
    account_id: str | None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """distance: the mean over what was kept, changed or not; None when nothing was."""

    kind: str
    prompt_version: str
    accepted: int
    edited: int
    rejected: int
    distance: float | None


Standing = dict[tuple[str, int], VerdictRow]
"""By (part, item)."""
_COLUMNS = tuple(item_verdicts.c[name] for name in VerdictRow.__dataclass_fields__)
_NEW = tuple(NewVerdict.__dataclass_fields__)
_KEY = ("run_id", "part", "item")


async def of_run(tx: AsyncConnection, tenant_id: str, *, run_id: str) -> Standing:
    """What stands about the items of one run."""
    return (await of_runs(tx, tenant_id, run_ids=[run_id])).get(run_id, {})


async def of_runs(tx: AsyncConnection, tenant_id: str, *, run_ids: Sequence[str]) -> dict[str, Standing]:
    """By run id; only runs about which something stands."""
    found: dict[str, Standing] = {}
    mine = (item_verdicts.c.tenant_id == tenant_id, item_verdicts.c.run_id.in_(run_ids))
    if run_ids:
        for run_id, *row in (await tx.execute(select(item_verdicts.c.run_id, *_COLUMNS).where(*mine))).all():
            verdict = VerdictRow(*row)
            found.setdefault(run_id, {})[verdict.part, verdict.item] = verdict
    return found


async def put(tx: AsyncConnection, run: Run, *, new: NewVerdict, now: float, unless_known: bool = False) -> bool:
    """Stores the verdict over the one there was. unless_known: one that stands already stays. False when it stayed."""
    values = {name: getattr(new, name) for name in _NEW}
    values |= {"original": dict(new.original), "edit": dict(new.edit) if new.edit is not None else None, "at": now}
    key = {"tenant_id": run.tenant_id, "run_id": run.id, "kind": run.kind, "project_id": run.project_id}
    insert = insert_into(tx, item_verdicts).values(**key, **values)
    if unless_known:
        statement = insert.on_conflict_do_nothing()
    else:
        fresh = {name: value for name, value in values.items() if name not in _KEY}
        statement = insert.on_conflict_do_update(index_elements=list(_KEY), set_=fresh)
    return (await tx.execute(statement)).rowcount == 1


async def remove(tx: AsyncConnection, run: Run, *, part: str, item: int) -> bool:
    """False when there was none."""
    mine = (item_verdicts.c.tenant_id == run.tenant_id, item_verdicts.c.run_id == run.id)
    statement = delete(item_verdicts).where(*mine, item_verdicts.c.part == part, item_verdicts.c.item == item)
    return (await tx.execute(statement)).rowcount == 1


async def acceptance(tx: AsyncConnection, tenant_id: str, *, project_id: str) -> list[Acceptance]:
    """Counts by kind and prompt version, in their order."""
    row = item_verdicts.c
    counts = [func.sum(cast(row.verdict == word, Integer)) for word in (ACCEPTED, EDITED, REJECTED)]
    query = (
        select(row.kind, row.prompt_version, *counts, func.avg(row.distance))
        .where(row.tenant_id == tenant_id, row.project_id == project_id)
        .group_by(row.kind, row.prompt_version)
        .order_by(row.kind, row.prompt_version)
    )
    return [
        Acceptance(kind, version, int(kept), int(edited), int(rejected), distance)
        for kind, version, kept, edited, rejected, distance in (await tx.execute(query)).all()
    ]
