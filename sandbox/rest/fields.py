"""What may stand in the fields of a create or an edit, refused with the words Jira uses."""

from collections.abc import Callable
from typing import Any

from sandbox.adf import problems
from sandbox.catalog import FIELDS, PRIORITIES, Field, IssueType, Project
from sandbox.rest.call import Call, RefusedError
from sandbox.site import Json, Site
from sandbox.views import person, priority

BY_ID = {field.id: field for field in FIELDS}
UNKNOWN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."
NOT_ADF = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"


class FieldError(ValueError):
    """One field does not hold; the text is Jira's."""


def checked(call: Call, fields: object, *, allowed: set[str]) -> Json:
    """The fields, checked and as REST answers them. Raises RefusedError naming every field that does not hold."""
    if not isinstance(fields, dict):
        raise RefusedError(
            400, "Invalid request payload. Refer to the REST API documentation and try again.", note="fields"
        )
    errors: dict[str, str] = {}
    values: Json = {}
    for name, value in fields.items():
        try:
            # Create and edit refuse what is not on their screen, even when the field exists.
            if name not in allowed:
                raise FieldError(UNKNOWN.format(name))
            values[name] = _value(call.site, BY_ID[name], value=value)
        except FieldError as wrong:
            errors[name] = str(wrong)
    if errors:
        raise RefusedError(400, fields=errors)
    return values


def rich(value: object, *, field: str) -> Json | None:
    """A document or null. A bad one is refused without a position; only the complaint tells it."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise FieldError(NOT_ADF)
    # One bad node fails the whole write, and the answer does not say which.
    found = problems(value)
    if found:
        raise RefusedError(400, "INVALID_INPUT", note=f"{field}: {'; '.join(found[:5])}")
    return value


def _value(site: Site, field: Field, *, value: Any) -> Any:
    if field.rich:
        return rich(value, field=field.id)
    check = CHECKS.get(field.id) or CHECKS.get(field.custom or "")
    return check(site, value) if check else value


def _summary(_: Site, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise FieldError("You must specify a summary of the issue.")
    # A summary is one line; models love to send two.
    if "\n" in value or "\r" in value:
        raise FieldError("The summary is invalid because it contains newline characters.")
    if len(value) > 255:
        raise FieldError("Summary can't exceed 255 characters.")
    return value


def _labels(_: Site, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise FieldError("data was not an array")
    for label in value:
        if not label or any(char.isspace() for char in label):
            raise FieldError(f"The label '{label}' contains spaces which is invalid.")
        if len(label) > 255:
            raise FieldError(f"The label '{label[:20]}…' is too long.")
    # Labels are a set to Jira.
    return list(dict.fromkeys(value))


def _priority(site: Site, value: Any) -> Json:
    found = next(
        (i for i, name in PRIORITIES.items() if isinstance(value, dict) and value in ({"id": i}, {"name": name})), None
    )
    if found is None:
        raise FieldError("The priority selected is invalid.")
    return priority(site, found)


def _components(_: Site, value: Any) -> list[Json]:
    if value:
        raise FieldError("Component name is not valid")
    return []


def _account(site: Site, value: Any) -> Json | None:
    if value is None:
        return None
    account_id = (value.get("id") or value.get("accountId")) if isinstance(value, dict) else None
    if account_id not in site.users:
        raise FieldError("Account id is not valid.")
    return person(site, account_id)


def _number(_: Site, value: Any) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise FieldError("Specify a number.")
    return value


def _line(_: Site, value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or "\n" in value or len(value) > 255):
        raise FieldError("Operation value must be a string of one line and at most 255 characters.")
    return value


CHECKS: dict[str, Callable[[Site, Any], Any]] = {
    "summary": _summary,
    "labels": _labels,
    "priority": _priority,
    "components": _components,
    "assignee": _account,
    "reporter": _account,
    "jsw-story-points": _number,
    "textfield": _line,
}


def creatable(project: Project, kind: IssueType) -> set[str]:
    """Ids of the fields on the create screen."""
    left_out = set() if kind.level <= 0 else {"parent"}
    if project.kind == "service_desk":
        # Story points and criteria belong to software projects.
        left_out |= {"customfield_10016", "customfield_10058"}
    return set(BY_ID) - left_out


def editable(project: Project, kind: IssueType) -> set[str]:
    return creatable(project, kind) - {"project", "issuetype"}
