"""How much of a site's work waits and is at work, for its administrators."""

from typing import Any

from fastapi import APIRouter

from addon.web.security import ApiCaller
from addon.web.state import HouseDep

routes = APIRouter(prefix="/api/v1", tags=["site"])


@routes.get("/load")
async def read_load(house: HouseDep, caller: ApiCaller) -> dict[str, Any]:
    """The site's own work by queue, how long the longest has waited (s), and how many processes work at all."""
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    return await house.loads.of_site(caller.tenant.id)
