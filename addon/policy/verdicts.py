"""What people think of the items of a result: accepted, edited or rejected, and how much they changed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from rapidfuzz.distance import Levenshtein
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import Conflict, Invalid, NotFound
from addon.results import edits
from addon.store import clock
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.repos import verdicts as rows
from addon.store.repos.runs import Run
from addon.store.repos.verdicts import Acceptance, NewVerdict, Standing

BY_RULES = "rules"
"""Stands for the prompt version of what no model wrote."""
_PUBLISHED = {
    "analysis": {"subtasks": "subtasks", "questions": "questions", "field": "criteria", "description": "criteria"},
    "criteria": dict.fromkeys(("description", "field", "subtasks", "xray", "zephyr"), "criteria"),
    "scenarios": dict.fromkeys(("description", "field", "subtasks", "xray", "zephyr"), "scenarios"),
    "pipeline": {
        **dict.fromkeys(("description", "field"), "criteria"),
        **dict.fromkeys(("subtasks", "xray", "zephyr"), "scenarios"),
    },
}
"""Which part of a result a target writes, by kind of run. A comment tells everything, so it says nothing of an item."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """verdict: accepted | edited | rejected, None takes it back. edit: the changed fields, with "edited" only."""

    part: str
    item: int
    verdict: str | None
    edit: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """What a person had written. items: empty for all of them. edits: item number as text -> changed fields."""

    target: str
    items: Iterable[int] = ()
    edits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Verdicts:
    """Stores them, and counts what came of each prompt."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def acceptance(self, tenant_id: str, project_id: str) -> list[Acceptance]:
        """By kind and prompt version. Raises DatabaseDown."""
        async with self._db.single() as tx:
            return await rows.acceptance(tx, tenant_id, project_id=project_id)

    async def judge(self, run: Run, judgement: Judgement, *, account_id: str) -> Standing:
        """All verdicts of the run as they stand then.

        Raises NotFound for an item there is not, Invalid for an edit that does not fit, Conflict without a result.
        """
        original = suggested(run, judgement.part, item=judgement.item)
        new = _new(run, judgement, original=original, account_id=account_id) if judgement.verdict else None
        async with self._db.begin() as tx:
            if new is None:
                await rows.remove(tx, run, part=judgement.part, item=judgement.item)
            else:
                await rows.put(tx, run, new=new, now=clock.utc(tx))
            verdict = new.verdict if new else None
            await _noted(tx, run, judgement=judgement, verdict=verdict, account_id=account_id)
            return await rows.of_run(tx, run.tenant_id, run_id=run.id)


def suggested(run: Run, part: str, *, item: int) -> dict[str, Any]:
    """The item in the fields a person may edit. Raises NotFound where there is none, Conflict without a result."""
    if run.state != "succeeded" or run.result is None:
        raise Conflict("This run has no result to decide about.")
    found = edits.items(run.kind, part, result=run.result)
    if not 0 <= item < len(found):
        raise NotFound("This result has no such item.")
    return found[item]


async def note_published(tx: AsyncConnection, run: Run, *, published: Published, account_id: str) -> None:
    """Writing an item is accepting it, or its edit; a verdict that stands already stays.

    In the transaction that puts the publications in line.
    """
    part = _PUBLISHED.get(run.kind, {}).get(published.target)
    if part is None or run.result is None:
        return
    found = edits.items(run.kind, part, result=run.result)
    # A second publication, or one after a verdict, says nothing new about the suggestion.
    standing = await rows.of_run(tx, run.tenant_id, run_id=run.id)
    now = clock.utc(tx)
    for item in list(published.items) or range(len(found)):
        if (part, item) in standing or not 0 <= item < len(found):
            continue
        edit = published.edits.get(str(item))
        judgement = Judgement(part, item, rows.EDITED if edit else rows.ACCEPTED, edit or None)
        new = _new(run, judgement, original=found[item], account_id=account_id)
        await rows.put(tx, run, new=new, now=now, unless_known=True)


def distance(original: Mapping[str, Any], edit: Mapping[str, Any]) -> float:
    """How much of the text was changed: 0 nothing, 1 all of it."""
    # Words alone: how a shape is built must not count, and a moved line counts as what it costs to write.
    before = "\n".join(_words(original))
    after = "\n".join(_words({**original, **edit}))
    return round(Levenshtein.normalized_distance(before, after), 4)


def _new(run: Run, judgement: Judgement, *, original: dict[str, Any], account_id: str) -> NewVerdict:
    if (judgement.verdict == rows.EDITED) != (judgement.edit is not None):
        raise Invalid("An edit belongs to the verdict “edited”, and to no other.")
    edit = _changed(run.kind, judgement, original=original)
    # What was opened for editing and left as it was is accepted.
    verdict = rows.ACCEPTED if judgement.verdict == rows.EDITED and not edit else str(judgement.verdict)
    return NewVerdict(
        part=judgement.part,
        item=judgement.item,
        verdict=verdict,
        original=original,
        edit=edit or None,
        distance=None if verdict == rows.REJECTED else distance(original, edit),
        prompt_version=_prompt_version(run, judgement.part),
        account_id=account_id,
    )


def _changed(kind: str, judgement: Judgement, *, original: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that really differ. Raises Invalid for what the part's shape does not allow."""
    shape = edits.shape(kind, judgement.part)
    if judgement.edit is None or shape is None:
        return {}
    try:
        changes = shape.model_validate(dict(judgement.edit)).changes
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise Invalid(f"{'.'.join(map(str, first['loc']))[:80] or 'edit'}: {first['msg']}"[:500]) from None
    return {name: value for name, value in changes.items() if value != original.get(name)}


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name in sorted(value):
            yield from _words(value[name])
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)
    else:
        yield str(value)


def _prompt_version(run: Run, part: str) -> str:
    result = run.result or {}
    # A pipeline has an author for each of its halves. Rules that stood in for a model have usage, but are no prompt.
    author = result.get("author") or (result.get(part) or {}).get("author")
    return str((run.usage or {}).get("prompt_version") or BY_RULES)[:64] if author == "model" else BY_RULES


async def _noted(tx: AsyncConnection, run: Run, *, judgement: Judgement, verdict: str | None, account_id: str) -> None:
    await audit.record(
        tx,
        run.tenant_id,
        action="item.verdict",
        account_id=account_id,
        subject=run.issue_key or run.issue_id,
        detail={"run": run.id, "part": judgement.part, "item": judgement.item, "verdict": verdict},
    )
