"""Finding issues by JQL, page by page. A session as a user finds what that user may see, one as the app much more.

Source: developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/
"""

import logging
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from pydantic import Field

from addon.errors import Invalid
from addon.jira.errors import JiraRefused
from addon.jira.issue import Issue
from addon.jira.paths import path
from addon.jira.session import Session
from addon.jira.shape import Lenient, parts, shaped

MOST_PAGES = 200
"""Pages of one walk: clients that trusted the tokens alone have looped for ever."""
MOST_EMPTY = 3
"""Pages in a row without anything new, although Jira promises more."""
_LARGEST_PAGE = 100  # with fields Jira gives no more, whatever is asked for

log = logging.getLogger(__name__)


class JqlRefused(Invalid):
    """Jira does not take the query. detail: Jira's own words, for the person who wrote it."""

    code = "jql_refused"


class Page(NamedTuple):
    """next_token: what fetches the page after this one, None at the end."""

    issues: list[Issue]
    next_token: str | None


class _Found(Lenient):
    next_token: str = Field("", alias="nextPageToken")
    last: bool = Field(False, alias="isLast")


class _Count(Lenient):
    count: int = 0


async def page(
    session: Session, jql: str, *, fields: Sequence[str], size: int = _LARGEST_PAGE, token: str | None = None
) -> Page:
    """One page. size: 1 to 100; Jira may give fewer without being at the end. Raises JqlRefused, JiraError."""
    body: dict[str, object] = {
        "jql": jql,
        "fields": list(fields),
        "maxResults": min(max(size, 1), _LARGEST_PAGE),
    }
    if token is not None:
        body["nextPageToken"] = token
    try:
        answer = await session.ask(path("search", "jql"), operation="search.jql", body=body)
    except JiraRefused as error:
        raise _in_jiras_words(error) from error
    found = shaped(_Found, answer)
    issues = parts(Issue, answer.get("issues") if isinstance(answer, dict) else None)
    return Page(issues, None if found.last else found.next_token or None)


async def walk(
    session: Session, jql: str, *, fields: Sequence[str], limit: int, size: int = _LARGEST_PAGE
) -> AsyncIterator[list[Issue]]:
    """The pages up to `limit` issues, each issue once. Raises JqlRefused, JiraError."""
    token: str | None = None
    tokens: set[str] = set()
    seen: set[str] = set()
    empty = 0
    for _ in range(MOST_PAGES):
        # The size stays the same: a token continues the very question it came from.
        found, token = await page(session, jql, fields=fields, size=min(size, limit), token=token)
        # The index moves while it is read: an issue may slip from one page to the next.
        fresh = [issue for issue in {issue.id: issue for issue in found}.values() if issue.id not in seen]
        fresh = fresh[: limit - len(seen)]
        seen |= {issue.id for issue in fresh}
        if fresh:
            yield fresh
        if token is None or len(seen) >= limit:
            return
        empty = 0 if fresh else empty + 1
        if token in tokens or empty >= MOST_EMPTY:
            log.warning("Jira's pages of a search do not come to an end; what was found so far is taken")
            return
        tokens.add(token)


async def approximate_count(session: Session, jql: str) -> int:
    """About how many issues the query finds for whoever asks. Raises JqlRefused, JiraError."""
    try:
        answer = await session.ask(path("search", "approximate-count"), operation="search.count", body={"jql": jql})
    except JiraRefused as error:
        raise _in_jiras_words(error) from error
    return max(0, shaped(_Count, answer).count)


def _in_jiras_words(error: JiraRefused) -> JqlRefused | JiraRefused:
    """Only what Jira says about the query itself; a redirect or a removed operation is nobody's typing error."""
    words = [*error.said.messages, *error.said.fields.values()]
    if error.said.status != 400 or not words:
        return error
    return JqlRefused(" ".join(words)[:500])
