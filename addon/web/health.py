"""Whether this process lives, may take traffic, and what it has counted."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from hmac import compare_digest
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text

from addon.errors import AddonError, Forbidden, Misconfigured, Unauthenticated
from addon.observe import metrics
from addon.settings import is_loopback
from addon.store.migrate import at_head
from addon.store.repos import usage
from addon.web.drain import Drain, DrainDep
from addon.web.security import public
from addon.web.state import House, HouseDep

CHECK_S = 2.0
CACHE_S = 1.0
NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"description": "Not now: the database is away, not migrated, or we are leaving."}
}


class NotReady(Misconfigured):
    """A check that answered, and answered no."""

    code = "not_ready"


class Readiness:
    """The last answer, kept for a second: a flood of probes is no load on the database."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        self._checks: dict[str, dict[str, Any]] = {}
        self._migrated = False
        self._lock = asyncio.Lock()

    async def checks(self, house: House) -> dict[str, dict[str, Any]]:
        """name -> {"status": "ok" | "failed", "latency_ms", "last_error"?}"""
        # Ten probes at once wait for one answer instead of asking ten times.
        async with self._lock:
            if self._until <= self._clock():
                database, migrations = await asyncio.gather(
                    _timed(lambda: _select_one(house)), _timed(lambda: self._migrations(house))
                )
                self._checks = {"database": database, "migrations": migrations}
                self._until = self._clock() + CACHE_S
        return self._checks

    async def _migrations(self, house: House) -> None:
        # Once it is so it stays so: asking needs the migration scripts and is not free.
        self._migrated = self._migrated or await at_head(house.db)
        if not self._migrated:
            raise NotReady("The database is not migrated to this release.")


async def _select_one(house: House) -> None:
    async with house.db.single() as tx:
        await tx.execute(text("select 1"))


async def _timed(check: Callable[[], Awaitable[None]]) -> dict[str, Any]:
    started = time.perf_counter()
    failed: str | None = None
    try:
        # Probes give up after three seconds or so, and a late answer is none.
        async with asyncio.timeout(CHECK_S):
            await check()
    except AddonError as error:
        failed = error.code
    except TimeoutError:
        failed = "timeout"
    found: dict[str, Any] = {
        "status": "failed" if failed else "ok",
        "latency_ms": round((time.perf_counter() - started) * 1000, 1),
    }
    return {**found, "last_error": failed} if failed else found


async def operator(request: Request, house: HouseDep) -> None:
    """Lets the operator in: by the configured token or, without one, from this machine and not through a proxy.

    Raises Unauthenticated or Forbidden.
    """
    token = house.settings.operator_token.get_secret_value()
    if token:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not compare_digest(given.strip().encode(), token.encode()):
            raise Unauthenticated("Send the operator's token as Authorization: Bearer.")
        return
    # A proxy on this machine makes the whole world look like loopback.
    proxied = any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip", "via"))
    if proxied or request.client is None or not is_loopback(request.client.host):
        raise Forbidden("Only callers on this machine; set OPERATOR_TOKEN to ask from elsewhere.")


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
    """200 when requests may be sent here; models and Jira being away does not count against us."""
    checks = await _readiness(request).checks(house)
    states = {name: check["status"] for name, check in checks.items()}
    return _verdict(drain, {"checks": states})


@routes.get("/health/detailed", responses={401: {}, 403: {}, 503: {}})
async def detailed(_: Operator, request: Request, *, house: HouseDep, drain: DrainDep) -> Response:
    """Each check with its latency, the queues and the version, for the operator."""
    checks = await _readiness(request).checks(house)
    report: dict[str, Any] = {"checks": checks, "version": metrics.app_version(), "queues": {}}
    if checks["database"]["status"] == "ok":
        report["queues"] = await _queues(house)
    return _verdict(drain, report)


@probes.get("/metrics", responses={401: {}, 403: {}})
async def counted(_: Operator, house: HouseDep) -> Response:
    """Prometheus' text format, for the operator."""
    # What was counted is worth most when the database is away.
    with suppress(AddonError):
        await _queues(house)
    return Response(metrics.exposition(), headers={"Content-Type": metrics.CONTENT_TYPE})


async def _queues(house: House) -> dict[str, dict[str, float]]:
    async with house.db.single() as tx:
        rows = await usage.waiting(tx)
    now = time.time()
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        age_s = max(0.0, now - row.oldest) if row.oldest is not None else 0.0
        metrics.QUEUE_DEPTH.labels(row.table).set(row.rows)
        metrics.QUEUE_OLDEST.labels(row.table).set(age_s)
        found[row.table] = {"waiting": row.rows, "oldest_age_s": round(age_s, 1)}
    return found


def _readiness(request: Request) -> Readiness:
    readiness: Readiness = request.app.state.readiness
    return readiness


def _verdict(drain: Drain, report: dict[str, Any]) -> Response:
    failed = any((check if isinstance(check, str) else check["status"]) != "ok" for check in report["checks"].values())
    status = "draining" if drain.begun else "failed" if failed else "ok"
    return JSONResponse({"status": status, **report}, 200 if status == "ok" else 503)
