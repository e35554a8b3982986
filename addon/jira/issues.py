"""Reading and writing issues."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from addon.jira.issue import Issue
from addon.jira.paths import path
from addon.jira.session import Session
from addon.jira.shape import Lenient, listed, parts, shaped

_MOST_AT_ONCE = 100


class Created(Lenient):
    id: str
    key: str


class Child(NamedTuple):
    """A sub-task that carries a property of ours."""

    id: str
    key: str
    value: object


async def get(session: Session, id_or_key: str, *, fields: Sequence[str], properties: Sequence[str] = ()) -> Issue:
    """The issue with the named fields; a moved issue is found by its old key: take id and key from the answer."""
    query = [("fields", ",".join(fields))]
    if properties:
        query.append(("properties", ",".join(properties)))
    return shaped(Issue, await session.get(path("issue", id_or_key), operation="issue.get", query=query))


async def create(
    session: Session,
    fields: Mapping[str, object],
    *,
    properties: Mapping[str, object] | None = None,
    trace: str | None = None,
) -> Created:
    """A new issue. properties: by key; they come into being with the issue: it can be found even if no answer came.

    Raises JiraDown with `uncertain` when it may exist although no answer came.
    """
    body = {"fields": dict(fields), "properties": listed(properties)}
    answer = await session.write("POST", path("issue"), operation="issue.create", body=body, trace=trace)
    return shaped(Created, answer, uncertain=True)


async def edit(
    session: Session,
    id_or_key: str,
    *,
    fields: Mapping[str, object] | None = None,
    properties: Mapping[str, object] | None = None,
    trace: str | None = None,
) -> None:
    """Sets fields and properties of an issue in one step. Raises JiraConflict when somebody else did at that moment."""
    body = {"fields": dict(fields or {}), "properties": listed(properties)}
    wanted = {name: value for name, value in body.items() if value}
    if wanted:
        await session.write("PUT", path("issue", id_or_key), operation="issue.edit", body=wanted, trace=trace)


async def delete(session: Session, id_or_key: str, *, trace: str | None = None) -> None:
    """An issue without sub-tasks. Raises JiraNotFound when it is gone already."""
    await session.write("DELETE", path("issue", id_or_key), operation="issue.delete", trace=trace)


async def children_with_property(session: Session, parent_key: str, *, property_key: str) -> list[Child]:
    """The sub-tasks of an issue that carry the property.

    Read through the issue itself, not through a search: the search index lags behind, and whoever asks wants to know
    what was written a second ago.
    """
    parent = await get(session, parent_key, fields=["subtasks"])
    ids = [task.id or task.key for task in parent.subtasks if task.id or task.key]
    found: list[Child] = []
    for start in range(0, len(ids), _MOST_AT_ONCE):
        for issue in await _fetch(session, ids[start : start + _MOST_AT_ONCE], properties=[property_key]):
            if property_key in issue.properties:
                found.append(Child(issue.id, issue.key, issue.properties[property_key]))
    return found


async def without_security_level(session: Session, keys: Sequence[str]) -> frozenset[str]:
    """Those of the keys whose issues are hidden from nobody who may browse the project."""
    found: set[str] = set()
    for start in range(0, len(keys), _MOST_AT_ONCE):
        some = await _fetch(session, list(keys[start : start + _MOST_AT_ONCE]), fields=["security"])
        found |= {issue.key for issue in some if not issue.fields.get("security")}
    return frozenset(found)


async def _fetch(
    session: Session, ids: list[str], *, fields: Sequence[str] = ("summary",), properties: Sequence[str] = ()
) -> list[Issue]:
    body = {"issueIdsOrKeys": ids, "fields": list(fields), "properties": list(properties)}
    answer = await session.ask(path("issue", "bulkfetch"), operation="issue.bulkfetch", body=body)
    return parts(Issue, answer.get("issues") if isinstance(answer, dict) else None)
