"""A summary over many issues, whoever wrote it. `Summary` is also the wire schema given to models (see analysis.py)."""

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


class Counts(Part):
    """By category of status; stale: open and untouched for two weeks."""

    total: int
    new: int
    indeterminate: int
    done: int
    unassigned: int
    stale: int


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
