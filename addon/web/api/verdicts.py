"""What people decide about single items of a result, and what comes of it over a project."""

from typing import Annotated, Any, Literal, NamedTuple, Self

from fastapi import APIRouter, Depends, Path
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator

from addon.errors import Invalid, NotFound
from addon.policy.projects import storable
from addon.policy.verdicts import Judgement, suggested
from addon.runs.start import Ask, IssueRef
from addon.runs.view import verdicts_view
from addon.store.repos.runs import Run
from addon.store.repos.verdicts import Acceptance
from addon.web.api import seen
from addon.web.api.people import judged_by_name, named
from addon.web.security import ApiCaller, Caller
from addon.web.state import House, HouseDep

routes = APIRouter(prefix="/api/v1", tags=["people"])

REGENERATED = {
    "analysis": {"subtasks": "analysis", "criteria": "analysis"},
    "criteria": {"criteria": "criteria"},
    "scenarios": {"scenarios": "scenarios"},
    # The halves of a pipeline are written anew by whoever writes them alone.
    "pipeline": {"criteria": "criteria", "scenarios": "scenarios"},
}
"""The kind of the run that writes one item anew, by kind of the run it stands in and by part."""

Part = Annotated[str, Path(pattern=r"^[a-z]{1,16}$")]
Item = Annotated[int, Path(ge=0, le=999)]


class ItemRef(NamedTuple):
    """One item of one run's result, as an address names it."""

    run_id: str
    part: str
    item: int


async def item_ref(run_id: seen.RunId, part: Part, *, item: Item) -> ItemRef:
    return ItemRef(run_id, part, item)


AddressedItem = Annotated[ItemRef, Depends(item_ref)]


class Verdict(BaseModel):
    """verdict: null takes back what was said. edit: the changed fields of the item, with "edited" and only then."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    verdict: Literal["accepted", "edited", "rejected"] | None
    edit: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _an_edit_belongs_to_edited(self) -> Self:
        if (self.verdict == "edited") != (self.edit is not None):
            raise ValueError('an edit belongs to the verdict "edited", and to no other')
        return self


class Regenerate(BaseModel):
    """instruction: what shall be different."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    instruction: Annotated[str, StringConstraints(max_length=1000), AfterValidator(storable)] = ""


@routes.put("/runs/{run_id}/items/{part}/{item}")
async def judge(house: HouseDep, caller: ApiCaller, *, where: AddressedItem, verdict: Verdict) -> dict[str, Any]:
    """Keeps what a person decided about one item. For whoever may take part in the issue."""
    run = await _own(house, caller, run_id=where.run_id)
    judgement = Judgement(where.part, where.item, verdict.verdict, verdict.edit)
    standing = verdicts_view(await house.verdicts.judge(run, judgement, account_id=caller.account_id))
    return {"verdicts": await judged_by_name(house.jira, caller.tenant, verdicts=standing)}


@routes.post("/runs/{run_id}/items/{part}/{item}/regenerate", status_code=202)
async def regenerate(house: HouseDep, caller: ApiCaller, *, where: AddressedItem, wish: Regenerate) -> dict[str, Any]:
    """Starts a run whose result is this one with the item written anew. For whoever may take part in the issue."""
    run = await _own(house, caller, run_id=where.run_id)
    suggested(run, where.part, item=where.item)
    kind = REGENERATED.get(run.kind, {}).get(where.part)
    if kind is None:
        raise Invalid("This cannot be written anew by itself; start a new run instead.")
    what = {"part": where.part, "item": where.item, "instruction": wish.instruction.strip()}
    issue = IssueRef(str(run.issue_id), run.issue_key, run.project_id)
    ask = Ask(kind, {"based_on": run.id, "regenerate": what})
    new = await house.runs.shown(await house.starts.asked(caller.tenant, issue, account_id=caller.account_id, ask=ask))
    (shown,) = await named(house.jira, caller.tenant, runs=[new])
    return {"run": shown}


@routes.get("/projects/{project}/acceptance")
async def acceptance(house: HouseDep, caller: ApiCaller, *, project: seen.ProjectIdOrKey) -> dict[str, Any]:
    """How often suggestions were taken, by kind and prompt version. For administrators of the project."""
    project_id = await seen.administered(house, caller, id_or_key=project)
    return {"prompts": [_rate(row) for row in await house.verdicts.acceptance(caller.tenant.id, project_id)]}


async def _own(house: House, caller: Caller, *, run_id: str) -> Run:
    """The run, for somebody who may take part in its issue."""
    run = await seen.run(house, caller, run_id=run_id)
    if run.issue_id is None or run.preview:
        raise NotFound("This result has no items to decide about.")
    await seen.require_take_part(house, caller, issue_id=run.issue_id)
    return run


def _rate(row: Acceptance) -> dict[str, Any]:
    """rate: the share that was kept, changed or not, 0 to 1. distance: how much of what was kept was changed."""
    kept = row.accepted + row.edited
    return {
        "kind": row.kind,
        "prompt_version": row.prompt_version,
        "accepted": row.accepted,
        "edited": row.edited,
        "rejected": row.rejected,
        "rate": round(kept / (kept + row.rejected), 4),
        "distance": round(row.distance, 4) if row.distance is not None else None,
    }
