"""What of a result a person wants written, with what was decided about its items before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from addon.errors import Invalid
from addon.results import edits as shapes
from addon.store.db import Database
from addon.store.repos import verdicts
from addon.store.repos.runs import Run
from addon.store.repos.verdicts import VerdictRow

_OF_PIPELINE = {
    "description": "criteria",
    "field": "criteria",
    "subtasks": "scenarios",
    "xray": "scenarios",
    "zephyr": "scenarios",
}
_OF_ANALYSIS = {"subtasks": "subtasks", "description": "criteria", "field": "criteria"}


@dataclass(frozen=True, slots=True)
class Wish:
    """items: numbers, empty for all. edits: item number as text -> changed fields.

    field: id of the field to write into, None for the project's own. replace: even when it holds something else.
    """

    target: str
    items: Sequence[int] = ()
    edits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    field: str | None = None
    replace: bool = False


def part_of(kind: str, target: str) -> str | None:
    """The part of a result whose items are written there; None when it is written as a whole."""
    if target == "questions":
        return target if target in shapes.PARTS.get(kind, {}) else None
    if kind == "analysis":
        return _OF_ANALYSIS.get(target)
    if kind == "pipeline":
        return _OF_PIPELINE.get(target)
    return kind if kind in shapes.PARTS else None


async def chosen(db: Database, run: Run, *, wish: Wish) -> Wish:
    """The wish with the changes people made to items before, and without what they rejected when all is wanted.

    What the wish says of an item itself counts for more. Raises Invalid for edits no such item has, DatabaseDown.
    """
    part = part_of(run.kind, wish.target)
    own = {number: _checked(run.kind, part, edit=edit) for number, edit in wish.edits.items()}
    if part is None:
        return replace(wish, edits=own)
    async with db.single() as tx:
        found = await verdicts.of_run(tx, run.tenant_id, run_id=run.id)
    known = {item: verdict for (name, item), verdict in found.items() if name == part}
    items = wish.items or _without_rejected(run, part, known=known)
    before = {
        str(item): verdict.edit
        for item, verdict in known.items()
        if verdict.edit is not None and (not items or item in items)
    }
    return replace(wish, items=items, edits={**before, **own})


def _without_rejected(run: Run, part: str, *, known: Mapping[int, VerdictRow]) -> Sequence[int]:
    rejected = {item for item, verdict in known.items() if verdict.verdict == verdicts.REJECTED}
    if not rejected:
        return ()
    kept = [n for n in range(len(shapes.items(run.kind, part, result=run.result or {}))) if n not in rejected]
    if not kept:
        raise Invalid("Everything that could be written there was rejected.")
    return kept


def _checked(kind: str, part: str | None, *, edit: Mapping[str, Any]) -> dict[str, Any]:
    shape = shapes.shape(kind, part) if part else None
    if shape is None:
        raise Invalid("What is written there has no single items to edit.")
    try:
        return shape.model_validate(dict(edit)).changes
    except ValidationError as error:
        # Names and rules only: what was sent may be long, and it is the person's own words.
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))[:64]}: {each['msg']}" for each in error.errors())
        raise Invalid(f"edits: {wrong}"[:500]) from None
