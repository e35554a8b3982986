"""Issues like one: candidates found by Jira's text search, as the person who looks, and compared by code."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from addon.adf.clean import one_line
from addon.adf.read import to_markdown
from addon.jira import issues
from addon.jira.issue import Issue
from addon.jira.jql import searched
from addon.jira.search import page
from addon.jira.session import Session
from addon.similar.scoring import NEAR_DUPLICATE, Reason, Sketch, compare
from addon.similar.telling import rarity, to_search

FIELDS = ("summary", "description", "status", "issuetype", "components", "labels", "reporter", "parent")
CANDIDATES = 60
LEAST = 40
"""What scores less is left out: a list of strangers helps nobody."""
MOST = 8
KEPT_S = 60.0
CACHE_SIZE = 2_000
BODY = 6_000

Key = tuple[str, str, str]
"""(tenant id, account id, issue as it was asked for): people do not share what they may see."""


@dataclass(frozen=True, slots=True)
class Match:
    """One issue like the one asked about. category: new | indeterminate | done."""

    key: str
    summary: str
    status: str
    category: str
    type: str
    score: int
    reasons: tuple[Reason, ...]

    @property
    def near_duplicate(self) -> bool:
        return self.score >= NEAR_DUPLICATE


class Similar:
    """Finds them with at most two calls to Jira, and remembers the answer for a minute."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[Key, tuple[float, tuple[Match, ...]]] = {}

    async def find(self, session: Session, issue: str, *, tenant_id: str, account_id: str) -> tuple[Match, ...]:
        """The best matches first. session: as the person. issue: id or key. Raises JiraNotFound, JiraError."""
        key = (tenant_id, account_id, issue)
        now = self._clock()
        known = self._known.get(key)
        if known and known[0] > now:
            return known[1]
        found = await self._look(session, issue)
        if len(self._known) >= CACHE_SIZE:
            # Rather forget everything than keep books about what was used when.
            self._known.clear()
        self._known[key] = (now + KEPT_S, found)
        return found

    async def _look(self, session: Session, id_or_key: str) -> tuple[Match, ...]:
        issue = await issues.get(session, id_or_key, fields=(*FIELDS, "project", "subtasks"))
        query = question(issue)
        if query is None:
            return ()
        # One page is enough: what shares none of the words in sixty recent issues is no duplicate anybody would see.
        candidates, _ = await page(session, query, fields=FIELDS, size=CANDIDATES)
        return matches(issue, candidates)


def question(issue: Issue) -> str | None:
    """JQL for issues of the same project that share words with this one; None when it has no telling words."""
    # No word of the issue reaches the query but as quoted letters and digits.
    asked = [searched(word) for word in to_search(issue.summary, _body(issue))]
    if not asked or not issue.project.id.isdecimal():
        return None
    anywhere = searched(" ".join(to_search(issue.summary, _body(issue), most=3)))
    places = [*(f"summary ~ {word}" for word in asked), f"text ~ {anywhere}"]
    return f"project = {issue.project.id} AND ({' OR '.join(places)}) ORDER BY updated DESC"


def matches(issue: Issue, candidates: Sequence[Issue]) -> tuple[Match, ...]:
    """The candidates worth showing, the best first; never the issue itself, its parent or its sub-tasks."""
    family = {issue.key, *(task.key for task in issue.subtasks), *([issue.parent.key] if issue.parent else [])}
    others = [one for one in candidates if one.key and one.key not in family and not _child_of(one, issue)]
    sketch, sketches = _sketch(issue), [_sketch(one) for one in others]
    # Weighed among the candidates: a word that all of them hold is the project's own and tells nothing.
    weights = rarity([sketch.words, *(one.words for one in sketches)])
    found: list[Match] = []
    for one, other in zip(others, sketches, strict=True):
        score, reasons = compare(sketch, other, weights=weights)
        if score >= LEAST:
            status = one.status
            found.append(
                Match(
                    key=one.key,
                    summary=one_line(one.summary),
                    status=one_line(status.name),
                    category=status.category,
                    type=one_line(one.issue_type.name),
                    score=score,
                    reasons=tuple(reasons),
                )
            )
    return tuple(sorted(found, key=lambda match: -match.score)[:MOST])


def _child_of(one: Issue, issue: Issue) -> bool:
    return one.parent is not None and one.parent.key == issue.key


def _sketch(issue: Issue) -> Sketch:
    return Sketch.of(
        one_line(issue.summary),
        _body(issue),
        components=tuple(one_line(name) for name in issue.components),
        labels=tuple(one_line(label) for label in issue.labels),
        reporter=issue.reporter_id or "",
        parent=issue.parent.key if issue.parent else "",
    )


def _body(issue: Issue) -> str:
    return to_markdown(issue.description, limit=BODY)
