"""Everything a query found, read once with the rights of whoever asked."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from addon.errors import Forbidden
from addon.jira import fields, search
from addon.jira.errors import JiraForbidden, JiraNotFound, JiraRefused, JiraUnauthorized
from addon.jira.session import Session
from addon.results.part import Part
from addon.results.summary import Counts, IssueLine, Mark, Share
from addon.runs.feature import Work
from addon.summary.issues import SetIssue, fitted, read

PAGE = 50
"""Issues a request: with descriptions and comments a hundred may weigh more than is read at once."""
FIELDS = (
    "summary", "description", "issuetype", "status", "assignee", "priority", "labels", "components", "parent",
    "issuelinks", "comment", "updated", "duedate", "resolutiondate", "statuscategorychangedate",
)  # fmt: skip
SHARES = 12
"""Types and components that are counted one by one."""

_FLAG_NAMES = frozenset(
    ("flagged", "marqué", "marqué d'un drapeau", "signalé", "markiert", "marcado", "sinalizado", "contrassegnato")
)


class NotAsYou(Forbidden):
    """Jira does not let the add-on read as this person, and it never reads more than they may see."""

    code = "jira_forbidden"

    def __init__(self) -> None:
        super().__init__("Jira does not let the add-on read with your rights; a Jira administrator can reinstall it.")


class IssueSet(Part):
    """What one run is about; kept with it, so that a second attempt judges, and pays for, the same issues.

    read_at: UTC seconds. total: about how many the query finds; truncated: more than were read.
    """

    jql: str
    read_at: float
    total: int
    truncated: bool = False
    issues: tuple[SetIssue, ...] = ()

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(issue.key for issue in self.issues)

    def marked(self, mark: Mark) -> list[SetIssue]:
        return [issue for issue in self.issues if mark in issue.marks(self.read_at)]

    def texts(self) -> str:
        """All words that stand in the issues."""
        return "\n\n".join(f"{issue.key} {issue.summary}\n{issue.text}" for issue in self.issues)

    def lines(self) -> list[IssueLine]:
        """The issues as the result lists them."""
        return [
            IssueLine(
                key=issue.key,
                summary=issue.summary,
                type=issue.type,
                status=issue.status,
                category=issue.category,
                assigned=issue.assigned,
                updated=issue.updated,
                age_days=issue.age_days(self.read_at),
                marks=issue.marks(self.read_at),
            )
            for issue in self.issues
        ]

    def counts(self) -> Counts:
        categories = Counter(issue.category for issue in self.issues)
        marks = Counter(mark for issue in self.issues for mark in issue.marks(self.read_at))
        return Counts(
            total=max(self.total, len(self.issues)),
            new=categories["new"],
            indeterminate=categories["indeterminate"],
            done=categories["done"],
            # What is done needs nobody any more.
            unassigned=sum(issue.open and not issue.assigned for issue in self.issues),
            stale=marks["stale"],
            blocked=marks["blocked"],
            flagged=marks["flagged"],
            overdue=marks["overdue"],
            recent=marks["recent"],
            by_type=_shares(issue.type for issue in self.issues),
            by_component=_shares(name for issue in self.issues for name in issue.components or ("",)),
        )

    def input_hash(self) -> str:
        """64 hex digits, equal for the same issues with the same texts."""
        return hashlib.sha256(self.model_dump_json(exclude={"read_at"}).encode("utf-8", "surrogatepass")).hexdigest()


async def read_set(work: Work, session: Session, *, jql: str, limit: int) -> IssueSet:
    """The first `limit` issues of the query. Raises JqlRefused in Jira's words, NotAsYou, JiraError."""
    try:
        return await _read(work, session, jql=jql, limit=limit)
    except (JiraUnauthorized, JiraForbidden) as error:
        # As errors of Jira these would say something about the add-on at this site, not about one person.
        raise NotAsYou from error


async def _read(work: Work, session: Session, *, jql: str, limit: int) -> IssueSet:
    await work.progress.stage("searching")
    # Taken once: how old an issue is must not depend on the attempt that counts.
    now = work.now()
    total = await search.approximate_count(session, jql)
    flags = await _flags(session)
    found: list[SetIssue] = []
    # One more than wanted tells whether there are more; the count is only about right.
    pages = search.walk(session, jql, fields=(*FIELDS, *flags), limit=limit + 1, size=PAGE)
    async for page in pages:
        found += [read(issue, flags=flags, own_account_id=work.tenant.app_account_id) for issue in page]
        await work.progress.stage("reading", min(len(found), limit), total=min(limit, max(total, len(found))))
    truncated = len(found) > limit
    total = max(total, limit + 1) if truncated else len(found)
    return IssueSet(jql=jql, read_at=now, total=total, truncated=truncated, issues=fitted(found[:limit]))


async def _flags(session: Session) -> tuple[str, ...]:
    """Ids of the fields by which boards flag an issue: an ordinary field of the site, with a translated name."""
    try:
        listed = await fields.all_fields(session)
    except (JiraNotFound, JiraRefused):
        return ()
    return tuple(one.id for one in listed if one.id and one.name.strip().casefold() in _FLAG_NAMES)


def _shares(names: Iterable[str]) -> list[Share]:
    return [Share(name=name, count=count) for name, count in Counter(names).most_common(SHARES)]
