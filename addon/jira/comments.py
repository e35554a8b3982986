"""Reading and writing comments."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from addon.adf.nodes import plain
from addon.adf.read import to_markdown
from addon.jira.errors import JiraRefused
from addon.jira.issue import Comment
from addon.jira.paths import path
from addon.jira.session import Json, Session
from addon.jira.shape import listed, parts, shaped

INTERNAL: Mapping[str, object] = {"sd.public.comment": {"internal": True}}
"""Property that keeps a new comment of a service-desk project from the customers; only `create` takes it, an update
keeps what the comment has."""

log = logging.getLogger(__name__)

_PAGE = 100
_MOST = 5_000  # Jira holds no more comments per issue


async def create(
    session: Session,
    issue: str,
    *,
    body_adf: Mapping[str, object],
    properties: Mapping[str, object] | None = None,
    trace: str | None = None,
) -> Comment:
    """A new comment. properties: by key; `{**mark, **INTERNAL}` where customers would read it.

    Raises JiraTooLarge when the issue is full, JiraDown with `uncertain` when it may exist although no answer came.
    """

    async def post(document: Mapping[str, object]) -> Json:
        body = {"body": dict(document), "properties": listed(properties)}
        where = path("issue", issue, "comment")
        return await session.write("POST", where, operation="comment.create", body=body, trace=trace)

    return shaped(Comment, await _acceptable(post, body_adf), uncertain=True)


async def update(
    session: Session, issue: str, *, comment_id: str, body_adf: Mapping[str, object], trace: str | None = None
) -> Comment:
    """Replaces the body; properties and visibility stay. Raises JiraNotFound when the comment was deleted."""

    async def put(document: Mapping[str, object]) -> Json:
        where = path("issue", issue, "comment", comment_id)
        return await session.write("PUT", where, operation="comment.update", body={"body": dict(document)}, trace=trace)

    return shaped(Comment, await _acceptable(put, body_adf))


async def delete(session: Session, issue: str, *, comment_id: str, trace: str | None = None) -> None:
    """Raises JiraNotFound when it is gone already."""
    await session.write("DELETE", path("issue", issue, "comment", comment_id), operation="comment.delete", trace=trace)


async def with_property(session: Session, issue: str, *, property_key: str) -> list[Comment]:
    """The comments of an issue that carry the property, oldest first, with their properties."""
    ids: list[int] = []
    start = 0
    # Two lists are needed: the paged one tells ids without properties, the other properties for ids.
    while start < _MOST:
        page, total = await _page(
            session, issue, query=[("startAt", str(start)), ("maxResults", str(_PAGE)), ("orderBy", "created")]
        )
        ids += [int(comment.id) for comment in page if comment.id.isdecimal()]
        start += len(page)
        if not page or start >= total:
            break
    found: list[Comment] = []
    for first in range(0, len(ids), _PAGE):
        found += [one for one in await _listed(session, ids[first : first + _PAGE]) if property_key in one.properties]
    # Ids grow with time; the second list promises no order.
    return sorted(found, key=lambda comment: int(comment.id))


async def latest(session: Session, issue: str, *, limit: int) -> list[Comment]:
    """The newest comments, newest first. limit: 1 to 100."""
    page, _ = await _page(
        session, issue, query=[("maxResults", str(min(max(limit, 1), _PAGE))), ("orderBy", "-created")]
    )
    return page[:limit]


async def _acceptable(write: Callable[[Mapping[str, object]], Awaitable[Json]], body: Mapping[str, object]) -> Json:
    """Writes a document, and as plain paragraphs when Jira calls it malformed: its own checks are stricter at times."""
    try:
        return await write(body)
    except JiraRefused as error:
        if not error.said.about_rich_text:
            raise
        log.warning("Jira refused a document as malformed; sending it as plain paragraphs")
    return await write(plain(to_markdown(dict(body))))


async def _page(session: Session, issue: str, *, query: list[tuple[str, str]]) -> tuple[list[Comment], int]:
    """One page and the number of comments in all."""
    answer = await session.get(path("issue", issue, "comment"), operation="comment.list", query=query)
    if not isinstance(answer, dict):
        return [], 0
    total = answer.get("total")
    return parts(Comment, answer.get("comments")), total if isinstance(total, int) else 0


async def _listed(session: Session, ids: list[int]) -> list[Comment]:
    """The only list of comments that comes with their properties."""
    query = [("expand", "properties")]
    where = path("comment", "list")
    answer = await session.ask(where, operation="comment.properties", query=query, body={"ids": ids})
    return parts(Comment, answer.get("values") if isinstance(answer, dict) else None)
