"""The fields a query may name: what an issue holds in each, and which operators and values each one takes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.adf import texts
from sandbox.catalog import PRIORITIES
from sandbox.jql_tree import QueryError
from sandbox.site import Issue, Site
from sandbox.views import CATEGORIES, status_of, type_of

Kind = Literal["choice", "user", "text", "date", "free"]
OF_KIND: Mapping[Kind, tuple[str, ...]] = {
    "choice": ("=", "!=", "in", "not in", "is", "is not"),
    "user": ("=", "!=", "in", "not in", "is", "is not"),
    "free": ("=", "!=", "in", "not in", "is", "is not"),
    "text": ("~", "!~", "is", "is not"),
    "date": ("=", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"),
}
SPRINT, FLAGGED = "customfield_10020", "customfield_10021"
ALIASES = {
    "issuekey": "key", "issue": "key", "id": "key", "type": "issuetype", "due": "duedate", "resolutiondate": "resolved",
    "createddate": "created", "updateddate": "updated", "cf[10020]": "sprint", "cf[10021]": "flagged",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Searchable:
    """display: as the site calls it. read: what an issue holds. known: every value there is, None where any may do."""

    display: str
    kind: Kind
    read: Callable[[Site, Issue], Iterable[Any]]
    known: Callable[[Site], Iterable[Any]] | None = None
    orderable: bool = True

    @property
    def operators(self) -> tuple[str, ...]:
        return OF_KIND[self.kind]


def _named(name: str) -> Callable[[Site, Issue], Iterable[Any]]:
    def read(_: Site, issue: Issue) -> Iterable[Any]:
        found = issue.fields.get(name)
        entries = found if isinstance(found, list) else [found] if found else []
        # By name, id or value: which of them a field has depends on its type.
        for entry in entries:
            yield from (entry[part] for part in ("name", "id", "value") if part in entry)

    return read


def _person(name: str) -> Callable[[Site, Issue], Iterable[Any]]:
    def read(_: Site, issue: Issue) -> Iterable[Any]:
        found = issue.fields.get(name)
        return [found["accountId"]] if found else []

    return read


def _parent(site: Site, issue: Issue) -> Iterable[Any]:
    parent = site.issues.get(issue.parent) if issue.parent else None
    return (parent.key, str(parent.id)) if parent else ()


def _everything(_: Site, issue: Issue) -> Iterable[Any]:
    rich = (issue.description, *(comment.body for comment in issue.comments))
    return (issue.summary, *(" ".join(texts(body)) for body in rich if body))


def _states(site: Site) -> Iterable[Any]:
    return (part for p in site.projects.values() for status in p.statuses for part in (status.name, status.id))


def _types(site: Site) -> Iterable[Any]:
    return (part for p in site.projects.values() for kind in p.types for part in (kind.name, kind.id))


def _category(_: Site, issue: Issue) -> Iterable[Any]:
    category = CATEGORIES[status_of(issue).category]
    return (category["name"], category["key"], str(category["id"]))


def _resolution(_: Site, issue: Issue) -> Iterable[Any]:
    return ("Done",) if status_of(issue).category == "done" else ()


FIELDS: Mapping[str, Searchable] = {
    "project": Searchable(
        "Project", "choice", lambda _, issue: (issue.project.key, issue.project.id, issue.project.name)
    ),
    # Existence of these three depends on who asks; `jql` looks it up.
    "key": Searchable("Key", "choice", lambda _, issue: (issue.key, str(issue.id))),
    "parent": Searchable("Parent", "choice", _parent, orderable=False),
    "issuetype": Searchable(
        "Issue Type", "choice", lambda _, issue: (type_of(issue).name, type_of(issue).id), known=_types
    ),
    "status": Searchable(
        "Status", "choice", lambda _, issue: (status_of(issue).name, status_of(issue).id), known=_states
    ),
    "statuscategory": Searchable(
        "Status Category",
        "choice",
        _category,
        known=lambda _: (part for c in CATEGORIES.values() for part in (c["name"], c["key"], str(c["id"]))),
    ),
    "priority": Searchable(
        "Priority", "choice", _named("priority"), known=lambda _: (part for pair in PRIORITIES.items() for part in pair)
    ),
    # Unresolved is no value an issue has; `jql` reads it as "not done".
    "resolution": Searchable("Resolution", "choice", _resolution, known=lambda _: ("Done", "Unresolved")),
    # Free: Jira knows every value in use, the pretend one does not keep lists of them.
    "component": Searchable("Component", "free", _named("components"), orderable=False),
    "labels": Searchable("Labels", "free", lambda _, issue: issue.labels, orderable=False),
    "sprint": Searchable("Sprint", "free", _named(SPRINT)),
    "flagged": Searchable("Flagged", "free", _named(FLAGGED), orderable=False),
    "assignee": Searchable("Assignee", "user", _person("assignee")),
    "reporter": Searchable("Reporter", "user", lambda _, issue: (issue.reporter,) if issue.reporter else ()),
    "creator": Searchable("Creator", "user", lambda _, issue: (issue.creator,)),
    "summary": Searchable("Summary", "text", lambda _, issue: (issue.summary,)),
    "description": Searchable(
        "Description", "text", lambda _, issue: (" ".join(texts(issue.description)),) if issue.description else ()
    ),
    "text": Searchable("Text", "text", _everything, orderable=False),
    "created": Searchable("Created", "date", lambda _, issue: (issue.created,)),
    "updated": Searchable("Updated", "date", lambda _, issue: (issue.updated,)),
    "duedate": Searchable("Due date", "date", lambda _, issue: filter(None, (issue.fields.get("duedate"),))),
    "resolved": Searchable("Resolved", "date", lambda _, issue: filter(None, (issue.fields.get("resolutiondate"),))),
}


def find(name: str) -> tuple[str, Searchable]:
    """The field of a query under its own name. Raises QueryError."""
    own = ALIASES.get(name) or next((own for own, field in FIELDS.items() if field.display.lower() == name), name)
    if own not in FIELDS:
        raise QueryError(f"Field '{name}' does not exist or you do not have permission to view it.")
    return own, FIELDS[own]
