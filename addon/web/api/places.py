"""Where a project's tests are kept: what its administrators connect, and whether that works."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from addon.jira import projects as jira_projects
from addon.policy.places import XrayChange, ZephyrChange
from addon.runs.moments import iso
from addon.store.repos.places import PlaceRow
from addon.web.api import seen
from addon.web.api.people import person
from addon.web.security import ApiCaller, Caller
from addon.web.state import House, HouseDep

routes = APIRouter(prefix="/api/v1/projects", tags=["projects"])

ToolName = Annotated[Literal["xray", "zephyr"], Path()]


class PlacesChange(BaseModel):
    """A tool that is absent stays as it is; null disconnects it. Secrets are taken and never shown again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    xray: XrayChange | None = None
    zephyr: ZephyrChange | None = None

    @property
    def changes(self) -> Mapping[str, XrayChange | ZephyrChange | None]:
        return {name: getattr(self, name) for name in ("xray", "zephyr") if name in self.model_fields_set}


@routes.get("/{project}/places")
async def read_places(house: HouseDep, caller: ApiCaller, *, project: seen.ProjectIdOrKey) -> dict[str, Any]:
    """What is connected and whether there is a secret, never the secret. For administrators of the project."""
    project_id = await seen.administered(house, caller, id_or_key=project)
    return await _shown(house, caller, saved=await house.places.saved(caller.tenant.id, project_id))


@routes.put("/{project}/places")
async def change_places(
    house: HouseDep, caller: ApiCaller, *, project: seen.ProjectIdOrKey, wanted: PlacesChange
) -> dict[str, Any]:
    """Connects or disconnects tools. A secret that is left out stays, as long as its account and region do."""
    project_id = await seen.administered(house, caller, id_or_key=project)
    saved = await house.places.save(caller.tenant.id, project_id, changes=wanted.changes, account_id=caller.account_id)
    return await _shown(house, caller, saved=saved)


@routes.post("/{project}/places/{tool}/test")
async def test_place(
    house: HouseDep, caller: ApiCaller, *, project: seen.ProjectIdOrKey, tool: ToolName
) -> dict[str, Any]:
    """Signs in to the tool with what is stored. {"ok", "detail": what is wrong, "" when nothing is}"""
    project_id = await seen.administered(house, caller, id_or_key=project)
    found = await jira_projects.get(house.jira.as_app(caller.tenant.site), project_id)
    wrong = await house.places.test(caller.tenant.id, project_id, project_key=found.key, tool=tool)
    return {"ok": not wrong, "detail": wrong}


async def _shown(house: House, caller: Caller, *, saved: Mapping[str, PlaceRow]) -> dict[str, Any]:
    latest = max(saved.values(), key=lambda row: row.updated_at, default=None)
    xray, zephyr = saved.get("xray"), saved.get("zephyr")
    return {
        "xray": {
            "region": xray.region,
            "client_id": xray.client_id,
            "has_secret": xray.secret is not None,
            "project_key": xray.project_key,
        }
        if xray
        else None,
        "zephyr": {"region": zephyr.region, "has_token": zephyr.secret is not None, "project_key": zephyr.project_key}
        if zephyr
        else None,
        "updated_by": await person(house.jira, caller.tenant, account_id=latest.updated_by if latest else None),
        "updated_at": iso(latest.updated_at if latest else None),
    }
