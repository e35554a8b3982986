"""Why an event is none of our business: our own doing, or nothing that the project wants."""

import re

from addon.connect.payloads import IssueCreated, IssueUpdated, Person
from addon.policy.projects import ProjectSettings
from addon.policy.tenants import Tenant
from addon.reading.issue import is_read
from addon.store.repos import deliveries
from addon.store.repos.reruns import Intake

MAX_RUNS_PER_ISSUE_AND_HOUR = 5
"""A guard against another add-on that recreates what we write: an issue is created once, so even two are odd."""
OUR_LABEL = re.compile(r"jiravision-[0-9a-f]{32}-\d{1,3}")


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


def may_matter(event: IssueUpdated) -> bool:
    """Whether a field changed that some project has us read."""
    items = event.changelog.items if event.changelog else []
    return any(is_read(each.field_id, each.field, criteria_field=each.field_id) for each in items)


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
