"""What a change of an issue looks like in the change log that jira:issue_updated carries."""

import copy
from dataclasses import dataclass
from typing import Any

from sandbox import views
from sandbox.catalog import FIELDS
from sandbox.prose import wiki
from sandbox.site import Issue, Json, Site

# What changes with every edit, or is told by events of its own, is no entry of the log.
SILENT = ("comment", "worklog", "subtasks", "created", "updated", "attachment")
NAMES = {field.id: field.name for field in FIELDS}


@dataclass(slots=True)
class Changed:
    """An issue and the items of its change log."""

    issue: Issue
    items: list[Json]


def photo(site: Site, issue: Issue) -> Json:
    """The fields as they are now, apart from what may happen to them later."""
    return copy.deepcopy(views.issue_fields(site, issue))


def changed(site: Site, issue: Issue, *, before: Json) -> Changed:
    """before: a photo from before the change."""
    after = views.issue_fields(site, issue)
    names = [name for name in dict.fromkeys((*before, *after)) if name not in SILENT]
    differing = [name for name in names if before.get(name) != after.get(name)]
    return Changed(issue, [_item(name, before.get(name), after=after.get(name)) for name in differing])


def _item(name: str, before: Any, *, after: Any) -> Json:
    custom = name.startswith("customfield_")
    return {
        # The log names a site's own field in words and keeps its id beside it.
        "field": NAMES.get(name, name) if custom else name,
        "fieldtype": "custom" if custom else "jira",
        "fieldId": name,
        "from": _id(before),
        "fromString": _words(before),
        "to": _id(after),
        "toString": _words(after),
    }


def _id(value: Any) -> str | None:
    return str(value["id"]) if isinstance(value, dict) and "id" in value else None


def _words(value: Any) -> str | None:
    if isinstance(value, dict):
        return wiki(value) if value.get("type") == "doc" else str(value.get("name") or value.get("displayName") or "")
    if isinstance(value, list):
        return " ".join(_words(each) or "" for each in value)
    return None if value is None else str(value)
