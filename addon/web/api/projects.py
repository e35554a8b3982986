"""What a project's administrators decide, and what its people see of its analyses."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query

from addon.jira import fields as jira_fields
from addon.jira import projects as jira_projects
from addon.policy.projects import LANGUAGES, Saved
from addon.runs.moments import iso
from addon.web.api import seen
from addon.web.api.people import person
from addon.web.security import ApiCaller, Caller
from addon.web.state import House, HouseDep

routes = APIRouter(prefix="/api/v1/projects", tags=["projects"])

READ_ONLY = {"updated_by", "updated_at"}
"""What the document shows and nobody sets, so that it can be sent back as it was read."""


@routes.get("/{project}/settings")
async def read_settings(house: HouseDep, caller: ApiCaller, *, project: seen.ProjectIdOrKey) -> dict[str, Any]:
    """The settings in force with who changed them last. For administrators of the project."""
    project_id = await seen.administered(house, caller, id_or_key=project)
    return await _shown(house, caller, saved=await house.projects.saved(caller.tenant.id, project_id))


@routes.put("/{project}/settings")
async def change_settings(
    house: HouseDep, caller: ApiCaller, *, project: seen.ProjectIdOrKey, changes: Annotated[dict[str, Any], Body()]
) -> dict[str, Any]:
    """Takes the whole document or a part of it; an unknown name is refused with 422."""
    project_id = await seen.administered(house, caller, id_or_key=project)
    wanted = {name: value for name, value in changes.items() if name not in READ_ONLY}
    saved = await house.projects.save(caller.tenant.id, project_id, changes=wanted, account_id=caller.account_id)
    return await _shown(house, caller, saved=saved)


@routes.get("/{project}/options")
async def options(house: HouseDep, caller: ApiCaller, *, project: seen.ProjectIdOrKey) -> dict[str, Any]:
    """What the settings can choose from: issue types, text fields for criteria, languages."""
    project_id = await seen.administered(house, caller, id_or_key=project)
    session = house.jira.as_app(caller.tenant.site)
    found = await jira_projects.get(session, project_id)
    fields = [field for field in await jira_fields.all_fields(session) if _takes_criteria(field, project_id)]
    return {
        "issue_types": [{"id": t.id, "name": t.name, "subtask": t.subtask} for t in found.issue_types],
        "fields": [{"id": field.id, "name": field.name} for field in sorted(fields, key=lambda f: f.name.casefold())],
        "languages": list(LANGUAGES),
    }


@routes.get("/{project}/runs")
async def project_runs(
    house: HouseDep,
    caller: ApiCaller,
    *,
    project: seen.ProjectIdOrKey,
    status: Annotated[Literal["queued", "running", "succeeded", "failed", "cancelled"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """The project's latest runs, newest first, without their results; only of issues the caller may see."""
    project_id = await seen.project_id(house, caller, id_or_key=project)
    found = await house.runs.of_project(caller.tenant.id, project_id, state=status, limit=limit)
    issue_ids = [str(run["issue_id"]) for run in found]
    # Security levels hide single issues of a project from people who may browse it.
    visible = await house.access.visible_issues(caller.tenant, caller.account_id, issue_ids=issue_ids)
    return {"runs": [run for run in found if run["issue_id"] in visible]}


async def _shown(house: House, caller: Caller, *, saved: Saved) -> dict[str, Any]:
    by = await person(house.jira, caller.tenant, account_id=saved.updated_by)
    return {**saved.settings.model_dump(), "updated_by": by, "updated_at": iso(saved.updated_at)}


def _takes_criteria(field: jira_fields.Field, project_id: str) -> bool:
    owner = field.scope.get("project")
    # Team-managed projects own fields that no other project can use, often under the same name.
    elsewhere = isinstance(owner, dict) and str(owner.get("id", project_id)) != project_id
    return field.text and field.id.startswith("customfield_") and not elsewhere
