"""Where Jira delivers events. Verified, judged by what is at hand, committed, answered: nothing slow happens here.

Answers are 204 (accepted, known already, or none of our business), 401, 413 or 503. Jira repeats after 503 only, so 503
means exactly that nothing was stored; any other 4xx would lose the event for good.
"""

import time
from collections.abc import Awaitable

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from addon.connect.payloads import IssueCreated, IssueUpdated
from addon.observe import logs, metrics
from addon.policy.projects import read
from addon.policy.tenants import Tenant
from addon.runs.reruns import due_at
from addon.runs.start import Delivery
from addon.store.repos.reruns import Rerun
from addon.store.trouble import DatabaseDown
from addon.web.middleware import header, note
from addon.web.security import HookCaller
from addon.web.state import House, HouseDep
from addon.web.unwanted import (
    MAX_RUNS_PER_ISSUE_AND_HOUR,
    may_matter,
    own_echo,
    own_hand,
    unwanted,
    unwanted_by,
    unwanted_change,
)  # fmt: skip

routes = APIRouter(prefix="/webhooks", tags=["webhooks"], default_response_class=Response)

MAX_DELIVERY_ID = 128
TRACE = b"x-atlassian-webhook-trace"
TAKEN = Response(status_code=204)


@routes.post("/issue-created", status_code=204, responses={401: {}, 413: {}, 503: {}})
async def issue_created(request: Request, house: HouseDep, *, caller: HookCaller) -> Response:
    """Starts an analysis of a new issue, unless it is our own doing or the project does not want one."""
    return await _answered(request, _created(request, house, tenant=caller.tenant), tenant=caller.tenant)


@routes.post("/issue-updated", status_code=204, responses={401: {}, 413: {}, 503: {}})
async def issue_updated(request: Request, house: HouseDep, *, caller: HookCaller) -> Response:
    """Notes a new analysis of a changed issue where the project wants one; it starts once the issue rests."""
    return await _answered(request, _updated(request, house, tenant=caller.tenant), tenant=caller.tenant)


async def _answered(request: Request, taking: Awaitable[tuple[str, str]], *, tenant: Tenant) -> Response:
    began = time.perf_counter()
    logs.bind(tenant=logs.tenant_hash(tenant.id))
    try:
        outcome, reason = await taking
    except DatabaseDown:
        metrics.WEBHOOKS.labels("unavailable").inc()
        raise
    metrics.WEBHOOKS.labels(outcome).inc()
    metrics.WEBHOOK_SECONDS.observe(time.perf_counter() - began)
    note(request.scope, outcome=outcome, reason=reason, retry=header(request.scope, b"x-atlassian-webhook-retry") or "")
    return TAKEN


async def _created(request: Request, house: House, *, tenant: Tenant) -> tuple[str, str]:
    """(outcome for the metrics, reason for the log). Raises DatabaseDown."""
    try:
        event = IssueCreated.model_validate_json(await request.body())
    except ValidationError:
        # Signed by Jira and yet not understood: repeating it would not help.
        return "invalid", "payload"
    key = house.settings.addon_key
    reason = own_echo(event, header(request.scope, TRACE) or "", tenant=tenant, addon_key=key)
    if reason:
        return "ignored", reason
    delivery_id = (header(request.scope, b"x-atlassian-webhook-identifier") or "")[:MAX_DELIVERY_ID]
    delivery = Delivery.of(event, delivery_id or None)
    project_id, starts = event.issue.fields.project.id, house.starts
    decided = starts.intakes.decided(tenant, project_id)
    if decided is not None and not unwanted_by(decided.settings, event):
        judged = starts.intakes.judged(decided, most=MAX_RUNS_PER_ISSUE_AND_HOUR)
        if await starts.judged(tenant, delivery, judged=judged):
            return "started", ""
    # Straight from the rows and not from what was known: what somebody switched off a second ago stays off.
    known, now_decided = await starts.intakes.ask(tenant, project_id, issue_id=event.issue.id)
    reason = unwanted(known) or unwanted_by(now_decided.settings, event)
    if reason:
        return "ignored", reason
    return await starts.webhook(tenant, delivery), ""


async def _updated(request: Request, house: House, *, tenant: Tenant) -> tuple[str, str]:
    """As `_created`. Most changes are none of ours, and cost no look into the database."""
    try:
        event = IssueUpdated.model_validate_json(await request.body())
    except ValidationError:
        return "invalid", "payload"
    if not may_matter(event):
        return "ignored", "nothing we read"
    key, trace = house.settings.addon_key, header(request.scope, TRACE) or ""
    reason = own_hand(event.user, trace, tenant=tenant, addon_key=key)
    if reason:
        return "ignored", reason
    issue = event.issue
    known = await house.reruns.intake(tenant, issue.fields.project.id, issue_id=issue.id)
    settings = read(known.settings)
    reason = unwanted_change(event, settings, known=known)
    if reason:
        return "ignored", reason
    due = due_at(
        known,
        now=house.db.now(),
        settle_s=house.settings.rerun_settle_seconds,
        cooldown_s=settings.rerun_cooldown_minutes * 60,
    )
    noted = await house.reruns.note(Rerun(tenant.id, issue.id, issue.key, issue.fields.project.id, due))
    return ("started", "") if noted else ("duplicate", "waits already")
