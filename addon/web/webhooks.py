"""Where Jira delivers events. Verified, judged by what is at hand, committed, answered: nothing slow happens here.

Answers are 204 (accepted, known already, or none of our business), 401, 413 or 503. Jira repeats after 503 only, so 503
means exactly that nothing was stored; any other 4xx would lose the event for good.
"""

import re
import time
from collections.abc import Awaitable

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from addon.connect.payloads import IssueCreated, IssueUpdated, Person
from addon.observe import logs, metrics
from addon.policy.projects import ProjectSettings, read
from addon.policy.tenants import Tenant
from addon.reading.issue import is_read
from addon.runs.intake import HOUR_S
from addon.runs.reruns import due_at
from addon.runs.start import Delivery
from addon.store.db import DatabaseDown
from addon.store.repos import deliveries
from addon.store.repos.deliveries import Judged
from addon.store.repos.reruns import Intake, Rerun
from addon.web.middleware import header, note
from addon.web.security import HookCaller
from addon.web.state import House, HouseDep

routes = APIRouter(prefix="/webhooks", tags=["webhooks"], default_response_class=Response)

MAX_RUNS_PER_ISSUE_AND_HOUR = 5
"""Guards against another add-on that recreates what we write: an issue is created once, so even two are odd."""
MAX_DELIVERY_ID = 128
TRACE = b"x-atlassian-webhook-trace"
TAKEN = Response(status_code=204)
OUR_LABEL = re.compile(r"jiravision-[0-9a-f]{32}-\d{1,3}")


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
        judged = Judged(decided.changed_at, house.db.now() - HOUR_S, MAX_RUNS_PER_ISSUE_AND_HOUR)
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
    items = event.changelog.items if event.changelog else []
    if not any(is_read(each.field_id, each.field, criteria_field=each.field_id) for each in items):
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


def own_hand(by: Person | None, trace: str, *, tenant: Tenant, addon_key: str) -> str:
    """Why what happened is our own doing, as far as its author and trace tell; "" when they do not."""
    if by and by.account_id and by.account_id == tenant.app_account_id:
        return "own account"
    # The only mark that also tells writes made in a person's name.
    return "own trace" if trace.startswith(f"{addon_key}/") else ""


def own_echo(event: IssueCreated, trace: str, *, tenant: Tenant, addon_key: str) -> str:
    """Why the event is the echo of a write of ours, as far as the event itself tells; "" when it is not."""
    # Some deliveries name nobody; the creator of a new issue is the same person.
    by = event.user or event.issue.fields.creator
    reason = own_hand(by, trace, tenant=tenant, addon_key=addon_key)
    if reason:
        return reason
    if addon_key in (event.issue.properties or {}):
        return "own marker"
    # Xray makes our tests under the name of the key's owner; by its label a test is known before its address is.
    labels = event.issue.fields.labels
    ours = isinstance(labels, list) and any(OUR_LABEL.fullmatch(str(label)) for label in labels)
    return "own label" if ours else ""


def unwanted(known: deliveries.Intake) -> str:
    """Why the issue is left alone, by what we remember; "" when it is not."""
    if known.written_by_us:
        return "own ledger"
    return "too often" if known.recent_runs >= MAX_RUNS_PER_ISSUE_AND_HOUR else ""


def unwanted_by(settings: ProjectSettings, event: IssueCreated) -> str:
    """Why the issue is left alone, by what the project decided; "" when it is not."""
    if not settings.auto_analyze:
        return "switched off"
    by = event.user or event.issue.fields.creator
    if settings.ignore_apps and by and by.account_type == "app":
        return "made by an app"
    kind = event.issue.fields.issue_type
    return "" if settings.wants(kind.id, kind.name) else "issue type"


def unwanted_change(event: IssueUpdated, settings: ProjectSettings, *, known: Intake) -> str:
    """Why a changed issue is left alone, by what the project decided and what we remember; "" when it is not."""
    if not settings.reruns:
        return "switched off"
    # Nothing is analysed for the first time because of a change: sub-tasks we made, for example, never were.
    if known.last_at is None:
        return "never analysed"
    if settings.ignore_apps and event.user and event.user.account_type == "app":
        return "made by an app"
    items = event.changelog.items if event.changelog else []
    if not any(is_read(each.field_id, each.field, criteria_field=settings.criteria_field) for each in items):
        return "nothing we read"
    kind = event.issue.fields.issue_type
    return "" if settings.wants(kind.id, kind.name) else "issue type"
