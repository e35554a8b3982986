"""Whether this process lives, may take traffic, and what it has counted."""

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from addon.errors import AddonError
from addon.house.health import Check, Readiness, deployment, verdict, waiting
from addon.observe import metrics
from addon.policy.operators import admit
from addon.web.drain import Drain, DrainDep
from addon.web.security import public
from addon.web.state import HouseDep

NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"description": "Not now: the database is away, not migrated, or we are leaving."}
}


async def operator(request: Request, house: HouseDep) -> None:
    """Raises Unauthenticated or Forbidden."""
    client = request.client.host if request.client else None
    admit(request.headers, client, token=house.settings.operator_token.get_secret_value())


Operator = Annotated[None, Depends(operator)]

routes = APIRouter(tags=["operations"], dependencies=[Depends(public)])
probes = APIRouter(tags=["operations"], dependencies=[Depends(public)])
"""What an orchestrator asks directly, past the proxy that knows the path of BASE_URL."""


@probes.get("/health/live")
async def live() -> dict[str, str]:
    """200 while the event loop turns; asks nothing of anybody."""
    return {"status": "ok"}


@routes.get("/health")
async def health() -> dict[str, str]:
    """As /health/live, with the name of what lives."""
    return {"status": "ok", "name": "jiravision"}


@probes.get("/health/ready", responses=NOT_READY)
async def ready(request: Request, house: HouseDep, *, drain: DrainDep) -> Response:
    """200 when requests may be sent here; models, Jira and Redis being away does not count against us."""
    checks = await _readiness(request).checks(house)
    states = {name: check["status"] for name, check in checks.items()}
    return _answer(drain, checks, report={"checks": states})


@routes.get("/health/detailed", responses={401: {}, 403: {}, 503: {}})
async def detailed(_: Operator, request: Request, *, house: HouseDep, drain: DrainDep) -> Response:
    """Each check with its latency, the queues, the processes of the deployment, and the version, for the operator."""
    checks = await _readiness(request).checks(house)
    report: dict[str, Any] = {"checks": checks, "version": metrics.app_version(), "queues": {}}
    if checks["database"]["status"] == "ok":
        report |= {"queues": await waiting(house.db), **await deployment(house.db)}
    return _answer(drain, checks, report=report)


@probes.get("/metrics", responses={401: {}, 403: {}})
async def counted(_: Operator, house: HouseDep) -> Response:
    """Prometheus' text format, for the operator."""
    # What was counted is worth most when the database is away.
    with suppress(AddonError):
        await waiting(house.db)
    return Response(metrics.exposition(), headers={"Content-Type": metrics.CONTENT_TYPE})


def _readiness(request: Request) -> Readiness:
    readiness: Readiness = request.app.state.readiness
    return readiness


def _answer(drain: Drain, checks: dict[str, Check], *, report: dict[str, Any]) -> Response:
    status = verdict(checks, draining=drain.begun)
    return JSONResponse({"status": status, **report}, 200 if status in ("ok", "degraded") else 503)
