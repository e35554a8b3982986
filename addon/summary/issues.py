"""The issues of a query as a summary reads them: a few facts and some text of each, as its asker may see them."""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Literal
from unicodedata import normalize

from addon.adf.clean import one_line
from addon.adf.read import to_markdown
from addon.jira.issue import Comment, Issue
from addon.jira.shape import epoch
from addon.results.part import Part
from addon.results.summary import Mark

STALE_DAYS = 14
"""An open issue nobody touched for so long, and how long something done counts as recent."""
TEXT = 2_000
"""Characters of one issue's texts that are kept at most."""
ALL_TEXT = 144_000
"""Characters that all issues of a set share: what six questions to a model hold. Of many issues less is read each."""
LEAST_TEXT = 120
BESIDE = 250
"""Characters an issue takes beside its texts: title, type, status and the like."""
COMMENTS = 2
COMMENT = 400
DAY_S = 86_400.0

Category = Literal["new", "indeterminate", "done"]

# Names of links are a site's own and translated: English, French, German, Spanish, Portuguese, Italian, Dutch.
_BLOCKED_BY = re.compile(
    r"blocked by|depends on|bloqué(?:e)? par|dépend de|(?:blockiert|behindert) (?:von|durch)|bloquead[oa] por"
    r"|depende de|bloccat[oa] da|dipende da|geblokkeerd door",
    re.IGNORECASE,
)


class SetIssue(Part):
    """updated, resolved: UTC seconds, resolved 0.0 when unknown. due: ISO date or "". blocked_by: keys of open issues.

    text: the description and the newest comments, shortened.
    """

    key: str
    summary: str
    type: str
    status: str
    category: Category
    priority: str = ""
    assigned: bool = False
    flagged: bool = False
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    parent: str = ""
    updated: float = 0.0
    resolved: float = 0.0
    due: str = ""
    blocked_by: tuple[str, ...] = ()
    text: str = ""

    @property
    def open(self) -> bool:
        return self.category != "done"

    def age_days(self, now: float) -> int:
        """Whole days since the last change."""
        return max(0, int((now - self.updated) / DAY_S)) if self.updated else 0

    def marks(self, now: float) -> list[Mark]:
        """What is known about the issue without anybody's judgement."""
        if not self.open:
            return ["recent"] if now - (self.resolved or self.updated) < STALE_DAYS * DAY_S else []
        today = datetime.fromtimestamp(now, UTC).date().isoformat()
        found: list[tuple[Mark, bool]] = [
            ("blocked", bool(self.blocked_by)),
            ("flagged", self.flagged),
            # ISO dates compare as texts.
            ("overdue", bool(self.due) and self.due < today),
            ("stale", self.age_days(now) >= STALE_DAYS),
        ]
        return [mark for mark, holds in found if holds]

    def within(self, room: int) -> "SetIssue":
        """The issue with at most `room` characters of text."""
        return self if len(self.text) <= room else self.model_copy(update={"text": _short(self.text, room)})


def read(issue: Issue, *, flags: Collection[str] = (), own_account_id: str | None = None) -> SetIssue:
    """One issue of a search. flags: ids of the fields that say "flagged". own_account_id: whose comments are ours."""
    fields = issue.fields
    category = issue.status.category
    # Nobody's name is read: who works on what is not for a model to judge.
    return SetIssue(
        key=issue.key,
        summary=_line(issue.summary),
        type=_line(issue.issue_type.name),
        status=_line(issue.status.name),
        category="done" if category == "done" else "indeterminate" if category == "indeterminate" else "new",
        priority=_name(fields.get("priority")),
        assigned=bool(fields.get("assignee")),
        flagged=any(fields.get(name) for name in flags),
        labels=tuple(_line(label) for label in issue.labels[:10]),
        components=tuple(_line(name) for name in issue.components[:10]),
        parent=issue.parent.key if issue.parent else "",
        updated=issue.updated,
        resolved=epoch(fields.get("resolutiondate") or fields.get("statuscategorychangedate") or 0),
        due=_day(fields.get("duedate")),
        blocked_by=tuple(
            link.issue.key
            for link in issue.links
            if link.issue.key and link.issue.status.category != "done" and _BLOCKED_BY.search(link.relation)
        ),
        text=_short(_told(issue, own_account_id), TEXT),
    )


def fitted(issues: Sequence[SetIssue]) -> tuple[SetIssue, ...]:
    """The issues with as much text each as all of them together may have."""
    # Before they are kept: a row of the database is no place for megabytes that nobody will be shown.
    room = max(LEAST_TEXT, ALL_TEXT // max(len(issues), 1) - BESIDE)
    return tuple(issue.within(room) for issue in issues)


def _told(issue: Issue, own_account_id: str | None) -> str:
    # Without knowing our own account, no app's words are read: a summary of our own analyses would say nothing new.
    said = [comment for comment in issue.comments if not _ours(comment, own_account_id)]
    said = sorted(said, key=lambda comment: comment.created, reverse=True)[:COMMENTS]
    texts = [_text(issue.fields.get("description"))]
    # The description stands first and may take everything: room for the news is kept beforehand.
    news = [f"Comment: {_short(text, COMMENT)}" for comment in said if (text := _text(comment.body))]
    texts[0] = _short(texts[0], TEXT - sum(map(len, news)) - 2 * len(news))
    return "\n".join(text for text in (*texts, *news) if text)


def _ours(comment: Comment, own_account_id: str | None) -> bool:
    author = comment.author
    return author.account_id == own_account_id if own_account_id else author.account_type == "app"


def _text(value: object) -> str:
    """Rich text as a few plain lines: blank ones only cost tokens."""
    lines = (line.strip() for line in normalize("NFC", to_markdown(value)).splitlines())
    return "\n".join(line for line in lines if line)


def _line(text: str) -> str:
    return normalize("NFC", one_line(text))


def _name(value: object) -> str:
    name = value.get("name") if isinstance(value, dict) else None
    return _line(name) if isinstance(name, str) else ""


def _day(value: object) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        return ""


def _short(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return f"{text[: room - 1].rstrip()}…" if room > 0 else ""
