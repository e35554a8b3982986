"""A part of JQL large enough for an add-on: what Jira refuses is refused, and nothing is guessed.

Fields and operators: `jql_fields`. Conditions may be joined by AND, OR, NOT and brackets. Of functions there are
currentUser, openSprints, closedSprints, now, startOf… and endOf…; history operators are missing.
"""

from collections.abc import Callable
from typing import Any

from sandbox.catalog import Project
from sandbox.jql_fields import SPRINT, Searchable, find
from sandbox.jql_tree import UNBOUNDED, Clause, Group, Node, Query, QueryError, Value, clauses
from sandbox.jql_tree import parse as parse_tree
from sandbox.jql_words import check_text, contains, moment, unknown_function
from sandbox.site import Issue, Site
from sandbox.views import status_of

__all__ = ["UNBOUNDED", "QueryError", "checked", "run"]

Sees = Callable[[Project], bool]


def run(site: Site, jql: str, *, account_id: str = "", sees: Sees | None = None) -> list[Issue]:
    """The issues a query finds, in its order. sees: which projects there are for the caller. Raises QueryError."""
    query = checked(site, jql, account_id=account_id, sees=sees)
    visible = (issue for issue in site.issues.values() if sees is None or sees(issue.project))
    found = [issue for issue in visible if _holds(site, issue, node=query.where, account_id=account_id)]
    found.sort(key=_number)
    # Python's sort is stable: sorting by the least important field first leaves the first one in charge.
    for name, descending in reversed(query.order):
        found.sort(key=lambda issue: _sort_key(site, issue, name=name), reverse=descending)
    return found


def checked(site: Site, jql: str, *, account_id: str = "", sees: Sees | None = None) -> Query:
    """The query, every name and value in it known to this site and to the caller. Raises QueryError."""
    query = parse_tree(jql)
    for clause in clauses(query.where):
        name, field = find(clause.field)
        if clause.operator not in field.operators:
            raise QueryError(f"The operator '{clause.operator}' is not supported by the '{clause.field}' field.")
        for value in clause.values:
            if not value.empty:
                _check(site, name, field=field, value=value, sees=sees or (lambda _: True))
    for name, _ in query.order:
        if name != "rank" and not find(name)[1].orderable:
            raise QueryError(f"Not able to sort using field '{name}'.")
    return query


def _check(site: Site, name: str, *, field: Searchable, value: Value, sees: Sees) -> None:
    if field.kind == "date":
        moment(value, field=name)
    elif field.kind == "text":
        check_text(value.text, field=name)
    elif value.function:
        wanted = {"user": ("currentuser",)}.get(
            field.kind, ("opensprints", "closedsprints") if name == "sprint" else ()
        )
        if value.text.lower() not in wanted:
            raise unknown_function(value)
    elif name in ("key", "parent"):
        issue = site.issue(value.text)
        if issue is None or not sees(issue.project):
            raise QueryError(f"An issue with key '{value.text}' does not exist for field '{name}'.")
    elif not _exists(site, name, field=field, text=value.text, sees=sees):
        raise QueryError(f"The value '{value.text}' does not exist for the field '{name}'.")


def _exists(site: Site, name: str, *, field: Searchable, text: str, sees: Sees) -> bool:
    wanted = text.casefold()
    if name == "project":
        places = (place for place in site.projects.values() if sees(place))
        return any(wanted in (p.key.casefold(), p.id, p.name.casefold()) for p in places)
    if field.kind == "user":
        return text in site.users
    return field.known is None or any(str(known).casefold() == wanted for known in field.known(site))


def _holds(site: Site, issue: Issue, *, node: Node, account_id: str) -> bool:
    if isinstance(node, Group):
        held = (_holds(site, issue, node=member, account_id=account_id) for member in node.members)
        if node.operator == "not":
            return not next(held)
        return all(held) if node.operator == "and" else any(held)
    name, field = find(node.field)
    has = list(field.read(site, issue))
    if node.operator in ("is", "is not"):
        return bool(has) == (node.operator == "is not")
    if field.kind == "text":
        found = any(contains(" ".join(map(str, has)), value.text) for value in node.values)
        return found == (node.operator == "~")
    if field.kind == "date":
        return any(_compared(_epoch(moment_of), node, name=name) for moment_of in has)
    return _chosen(issue, node, name=name, has=has, account_id=account_id)


def _chosen(issue: Issue, clause: Clause, *, name: str, has: list[Any], account_id: str) -> bool:
    held = {str(value).casefold() for value in has}
    wanted: set[str] = set()
    for value in clause.values:
        wanted |= _meant(issue, value, account_id=account_id)
    negative = clause.operator in ("!=", "not in")
    if name == "resolution" and "unresolved" in wanted:
        return (status_of(issue).category != "done") != negative
    # As in Jira, what is empty differs from nothing: != and NOT IN leave it out.
    return bool(held) and not held & wanted if negative else bool(held & wanted)


def _meant(issue: Issue, value: Value, *, account_id: str) -> set[str]:
    if not value.function:
        return {value.text.casefold()}
    if value.text.lower() == "currentuser":
        return {account_id.casefold()}
    state = "active" if value.text.lower() == "opensprints" else "closed"
    sprints = issue.fields.get(SPRINT) or []
    return {str(sprint["id"]) for sprint in sprints if sprint.get("state") == state}


def _compared(has: float, clause: Clause, *, name: str) -> bool:
    limits = [moment(value, field=name) for value in clause.values]
    limit = limits[0]
    return {
        "<": has < limit, "<=": has <= limit, ">": has > limit, ">=": has >= limit,
        "=": has == limit, "!=": has != limit, "in": has in limits, "not in": has not in limits,
    }[clause.operator]  # fmt: skip


def _epoch(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else moment(Value(str(value)[:10], ""), field="")


def _number(issue: Issue) -> tuple[str, int]:
    return issue.project.key, int(issue.key.rpartition("-")[2])


def _sort_key(site: Site, issue: Issue, *, name: str) -> Any:
    own = name if name == "rank" else find(name)[0]
    if own in ("key", "rank"):
        return _number(issue)
    values = list(find(own)[1].read(site, issue))
    # What has nothing to sort by stands together, and never meets a value of another kind.
    return (bool(values), str(values[0]).casefold() if values and isinstance(values[0], str) else (values or [0])[0])
