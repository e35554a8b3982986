"""Where Jira delivers events. Verified, judged by what is at hand, committed, answered: nothing slow happens here.

Answers are 204 (accepted, known already, or none of our business), 401, 413 or 503. Jira repeats after 503 only, so 503
means exactly that nothing was stored; any other 4xx would lose the event for good.
"""

import time

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from addon.connect.payloads import IssueCreated
from addon.observe import logs, metrics
from addon.policy.projects import read
from addon.policy.tenants import Tenant
from addon.runs.start import Delivery
from addon.store.db import DatabaseDown
from addon.store.repos import projects as rows
from addon.web.security import HookCaller
from addon.web.state import HouseDep

routes = APIRouter(prefix="/webhooks", tags=["webhooks"], default_response_class=Response)

HOUR_S = 3600.0
MAX_RUNS_PER_ISSUE_AND_HOUR = 5
"""Guards against another add-on that recreates what we write: an issue is created once, so even two are odd."""
MAX_DELIVERY_ID = 128

log = logs.logger("addon.web")


@routes.post("/issue-created", status_code=204, responses={401: {}, 413: {}, 503: {}})
async def issue_created(request: Request, house: HouseDep, *, caller: HookCaller) -> Response:
    """Starts an analysis of a new issue, unless it is our own doing or the project does not want one."""
    began = time.perf_counter()
    logs.bind(tenant=logs.tenant_hash(caller.tenant.id))
    try:
        outcome, reason = await _take(request, house, tenant=caller.tenant)
    except DatabaseDown:
        metrics.WEBHOOKS.labels("unavailable").inc()
        raise
    metrics.WEBHOOKS.labels(outcome).inc()
    metrics.WEBHOOK_SECONDS.observe(time.perf_counter() - began)
    log.info("webhook", outcome=outcome, reason=reason, retry=request.headers.get("x-atlassian-webhook-retry", ""))
    return Response(status_code=204)


async def _take(request: Request, house: HouseDep, *, tenant: Tenant) -> tuple[str, str]:
    """(outcome for the metrics, reason for the log). Raises DatabaseDown."""
    try:
        event = IssueCreated.model_validate_json(await request.body())
    except ValidationError:
        # Signed by Jira and yet not understood: repeating it would not help.
        return "invalid", "payload"
    key = house.settings.addon_key
    reason = own_echo(event, request.headers.get("x-atlassian-webhook-trace", ""), tenant=tenant, addon_key=key)
    if reason:
        return "ignored", reason
    issue = event.issue
    # Straight from the rows and not from a cache: what somebody switched off a second ago stays off.
    async with house.db.single() as tx:
        known = await rows.intake(
            tx, tenant.id, project_id=issue.fields.project.id, issue_id=issue.id, since=time.time() - HOUR_S
        )
    reason = unwanted(event, known)
    if reason:
        return "ignored", reason
    delivery_id = request.headers.get("x-atlassian-webhook-identifier", "")[:MAX_DELIVERY_ID]
    return await house.starts.webhook(tenant, Delivery.of(event, delivery_id or None)), ""


def own_echo(event: IssueCreated, trace: str, *, tenant: Tenant, addon_key: str) -> str:
    """Why the event is the echo of a write of ours, as far as the event itself tells; "" when it is not."""
    # Some deliveries name nobody; the creator of a new issue is the same person.
    by = event.user or event.issue.fields.creator
    if by and by.account_id and by.account_id == tenant.app_account_id:
        return "own account"
    # The only mark that also tells writes made in a person's name.
    if trace.startswith(f"{addon_key}/"):
        return "own trace"
    if addon_key in (event.issue.properties or {}):
        return "own marker"
    return ""


def unwanted(event: IssueCreated, known: rows.Intake) -> str:
    """Why the issue is left alone, by what we remember and what the project decided; "" when it is not."""
    if known.written_by_us:
        return "own ledger"
    if known.recent_runs >= MAX_RUNS_PER_ISSUE_AND_HOUR:
        return "too often"
    settings = read(known.settings)
    if not settings.auto_analyze:
        return "switched off"
    by = event.user or event.issue.fields.creator
    if settings.ignore_apps and by and by.account_type == "app":
        return "made by an app"
    kind = event.issue.fields.issue_type
    return "" if settings.wants(kind.id, kind.name) else "issue type"
