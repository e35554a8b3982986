"""What failed for good on a site, for its administrators, and how it gets another chance."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from addon.runs import remedies
from addon.runs.failures import before, behind, view
from addon.store.repos.failures import Window
from addon.web.api import seen
from addon.web.security import ApiCaller
from addon.web.state import HouseDep

routes = APIRouter(prefix="/api/v1/failures", tags=["site"])

FailureId = Annotated[str, Path(pattern=seen.RUN_PATTERN)]
MARK = r"^\d{1,11}\.\d{1,9}:[0-9a-f-]{36}$"


class OfCode(BaseModel):
    """error: the code of those that are to be run again."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    error: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,64}$")]


@routes.get("")
async def read_failures(
    house: HouseDep,
    caller: ApiCaller,
    *,
    since: AwareDatetime | None = None,
    before_: Annotated[str | None, Query(alias="before", pattern=MARK)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Runs and writes into Jira that failed and were given up, the last ones first; how many of each code there are.

    next: for `before`, to get those behind the last one shown; null at the end.
    """
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    from_s = since.timestamp() if since else 0.0
    window = Window(limit, since=from_s, before=before(before_) if before_ else None)
    found = await house.failures.listed(caller.tenant.id, window=window)
    codes = await house.failures.by_code(caller.tenant.id, since=from_s)
    return {
        "failures": [view(failure) for failure in found],
        "codes": [_code(error, count) for error, count in codes.items()],
        "next": behind(found, limit),
    }


@routes.post("/again", status_code=202)
async def run_all_again(house: HouseDep, caller: ApiCaller, *, which: OfCode) -> dict[str, Any]:
    """Runs those of a code again, a hundred at a time. left: how many of them have still failed."""
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    done = await house.failures.again_all(caller.tenant.id, which.error, account_id=caller.account_id)
    return {"started": done.started, "left": done.left}


@routes.post("/{failure_id}/again", status_code=202)
async def run_again(house: HouseDep, caller: ApiCaller, *, failure_id: FailureId) -> dict[str, Any]:
    """Runs one again; 409 when it has not failed, or when equal work on the issue is under way."""
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    await house.failures.again(caller.tenant.id, failure_id, account_id=caller.account_id)
    return {"started": 1}


def _code(error: str, count: int) -> dict[str, Any]:
    return {"error": error, "count": count, "said": remedies.of({"error": error}).said}
