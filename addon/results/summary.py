"""A summary over many issues, whoever wrote it. `Summary` is also the wire schema given to models (see analysis.py)."""

from typing import Literal

from addon.results.part import Author, Notice, Part


class Finding(Part):
    """issues: keys of the issues that show it; every one is checked against what was read."""

    text: str
    issues: list[str]


class Theme(Part):
    title: str
    text: str
    issues: list[str]


class Summary(Part):
    """language: ISO 639-1 of the texts. answer: to the question that was asked, nothing without one."""

    language: str
    overview: str
    themes: list[Theme]
    progress: list[Finding]
    blockers: list[Finding]
    risks: list[Finding]
    stale: list[Finding]
    answer: list[Finding]


Mark = Literal["blocked", "flagged", "overdue", "stale", "recent"]
"""What code, and no model, found out about an issue. recent: done within the last two weeks."""


class IssueLine(Part):
    """One issue that was read. category: new | indeterminate | done. updated: UTC seconds. age_days: since then."""

    key: str
    summary: str
    type: str
    status: str
    category: str
    assigned: bool
    updated: float
    age_days: int
    marks: list[Mark] = []


class Share(Part):
    """How many of the issues read have this type or component. name: "" for those without any."""

    name: str
    count: int


class Counts(Part):
    """total: what the query finds; everything else counts what was read.

    new, indeterminate, done: by category of status; stale: open and untouched for two weeks; recent: done within the
    last two weeks. by_type, by_component: the largest first.
    """

    total: int
    new: int
    indeterminate: int
    done: int
    unassigned: int
    stale: int
    blocked: int = 0
    flagged: int = 0
    overdue: int = 0
    recent: int = 0
    by_type: list[Share] = []
    by_component: list[Share] = []


class SummaryResult(Part):
    """What a run of kind `summary` stores. truncated: the query found more issues than were read (counts.total).

    dropped: keys a model named which are not in the set.
    """

    author: Author
    notice: Notice
    jql: str
    question: str
    truncated: bool
    dropped: int
    counts: Counts
    issues: list[IssueLine]
    summary: Summary
