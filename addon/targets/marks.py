"""What our writes carry so that they are found again, and where a person finds them."""

from collections.abc import Iterable
from urllib.parse import quote

from addon.jira.issue import Comment
from addon.runs.feature import Writing, Written


def trace(writing: Writing) -> str:
    """Comes back in the webhooks this write causes, by which they are known as ours."""
    return f"{writing.addon_key}/{writing.publication.run_id}"


def mark(writing: Writing, kind: str) -> dict[str, object]:
    """The property of a new comment or issue, by key."""
    publication = writing.publication
    return {writing.addon_key: {"kind": kind, "publication": publication.marker, "issue": publication.issue_id}}


def marked(found: Iterable[Comment], addon_key: str, **wanted: str) -> Comment | None:
    """The oldest comment whose mark says all that is wanted."""
    for comment in found:
        value = comment.properties.get(addon_key)
        if isinstance(value, dict) and all(value.get(name) == said for name, said in wanted.items()):
            return comment
    return None


def issue_url(writing: Writing, key: str | None = None) -> str:
    publication = writing.publication
    shown = key or publication.issue_key or publication.issue_id
    return f"{writing.tenant.display_url.rstrip('/')}/browse/{quote(shown, safe='')}"


def commented(writing: Writing, comment_id: str) -> Written:
    """A comment of ours as the outcome of a publication."""
    url = f"{issue_url(writing)}?focusedCommentId={quote(comment_id, safe='')}"
    return Written(remote_id=comment_id, remote_key=writing.publication.issue_key, url=url)
