"""What a project's administrators tell the model, in versions, tried out on a real issue before or after."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from addon.errors import NotFound
from addon.policy.projects import storable
from addon.policy.prompts import LONGEST, KindPrompts
from addon.runs.moments import iso
from addon.runs.start import Ask
from addon.store.repos.prompts import Place, PromptRow
from addon.web.api import seen
from addon.web.api.people import named, names_of
from addon.web.security import ApiCaller, Caller
from addon.web.state import House, HouseDep

routes = APIRouter(prefix="/api/v1/projects/{project}/prompts", tags=["prompts"])

Kind = Literal["analysis", "criteria", "scenarios", "summary"]
OfIssues = Literal["analysis", "criteria", "scenarios"]
"""Kinds that concern a single issue, on which a draft can be tried out."""
Number = Annotated[int, Field(ge=1, le=10_000)]
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST), AfterValidator(storable)
]


class NewPrompt(BaseModel):
    """text: what the model is told in this project beside the built-in prompt. note: what is different this time."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    text: Words
    note: Annotated[str, StringConstraints(max_length=200), AfterValidator(storable)] = ""


class Activate(BaseModel):
    """version: null for the built-in prompt alone."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    version: Number | None


class Preview(BaseModel):
    """text: a draft, stored nowhere but with the run. issue: id or key of an issue of the project."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    text: Words
    issue: Annotated[str, StringConstraints(pattern=seen.ISSUE_PATTERN)]


@routes.get("")
async def prompts(house: HouseDep, caller: ApiCaller, *, project: seen.ProjectIdOrKey) -> dict[str, Any]:
    """The prompt in force and all versions, by kind. For administrators of the project."""
    project_id = await seen.administered(house, caller, id_or_key=project)
    return await _shown(house, caller, project_id=project_id)


@routes.post("/{kind}", status_code=201)
async def add(
    house: HouseDep, caller: ApiCaller, *, project: seen.ProjectIdOrKey, kind: Kind, prompt: NewPrompt
) -> dict[str, Any]:
    """A new version, in force from the next run on. Answers like the list."""
    place = await _place(house, caller, project=project, kind=kind)
    await house.prompts.add(place, text=prompt.text, note=prompt.note, account_id=caller.account_id)
    return await _shown(house, caller, project_id=place.project_id)


@routes.get("/{kind}/{version}")
async def version(
    house: HouseDep,
    caller: ApiCaller,
    *,
    project: seen.ProjectIdOrKey,
    kind: Kind,
    version: Annotated[int, Path(ge=1, le=10_000)],
) -> dict[str, Any]:
    """One version with its text."""
    place = await _place(house, caller, project=project, kind=kind)
    row = await house.prompts.version(place, version)
    names = await _names(house, caller, rows=[row])
    return {"kind": kind, "text": row.text, **_version(row, names)}


@routes.post("/{kind}/activate")
async def activate(
    house: HouseDep, caller: ApiCaller, *, project: seen.ProjectIdOrKey, kind: Kind, choice: Activate
) -> dict[str, Any]:
    """Goes back to an older version, or to the built-in prompt alone. Answers like the list."""
    place = await _place(house, caller, project=project, kind=kind)
    await house.prompts.activate(place, choice.version, account_id=caller.account_id)
    return await _shown(house, caller, project_id=place.project_id)


@routes.post("/{kind}/preview", status_code=202)
async def preview(
    house: HouseDep, caller: ApiCaller, *, project: seen.ProjectIdOrKey, kind: OfIssues, draft: Preview
) -> dict[str, Any]:
    """Tries a draft out on an issue: a run that only the caller sees and that is never written into Jira."""
    place = await _place(house, caller, project=project, kind=kind)
    issue = await seen.issue(house, caller, id_or_key=draft.issue)
    if issue.project_id != place.project_id:
        # The right to administer this project says nothing about others.
        raise NotFound("There is no such issue in this project, or you may not see it.")
    ask = Ask(kind, {"prompt": draft.text, "force": True}, preview=True)
    run = await house.starts.asked(caller.tenant, issue, account_id=caller.account_id, ask=ask)
    (shown,) = await named(house.jira, caller.tenant, runs=[await house.runs.shown(run)])
    return {"run": shown}


async def _place(house: House, caller: Caller, *, project: str, kind: str) -> Place:
    return Place(caller.tenant.id, await seen.administered(house, caller, id_or_key=project), kind)


async def _shown(house: House, caller: Caller, *, project_id: str) -> dict[str, Any]:
    kinds = await house.prompts.of_project(caller.tenant.id, project_id)
    names = await _names(house, caller, rows=[row for each in kinds for row in each.versions])
    return {"prompts": [_kind(each, names) for each in kinds]}


async def _names(house: House, caller: Caller, *, rows: list[PromptRow]) -> dict[str, str]:
    people = dict.fromkeys(row.account_id for row in rows if row.account_id)
    return await names_of(house.jira, caller.tenant, account_ids=list(people))


def _kind(found: KindPrompts, names: dict[str, str]) -> dict[str, Any]:
    active = {"text": found.active.text, **_version(found.active, names)} if found.active else None
    return {"kind": found.kind, "active": active, "versions": [_version(row, names) for row in found.versions]}


def _version(row: PromptRow, names: dict[str, str]) -> dict[str, Any]:
    by = {"account_id": row.account_id, "name": names.get(row.account_id, "")} if row.account_id else None
    return {"version": row.version, "note": row.note, "by": by, "at": iso(row.at)}
