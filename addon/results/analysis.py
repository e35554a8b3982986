"""The document an analysis produces, whoever wrote it: a model or the rules.

The same classes are the wire schema given to models, so they keep to the subset every provider accepts: every field
required, null instead of absent, no numeric or length limits, no recursion, no unions but `X | None`. Limits are
checked in `analysis/check.py` after parsing. Evidence stands before the score so that a model quotes first and judges
second.
"""

from typing import Literal

from addon.results.part import Author, Notice, Part

Nature = Literal["story", "bug"]
"""How the issue is judged: by INVEST, or as a bug report."""

INVEST = ("independent", "negotiable", "valuable", "estimable", "small", "testable")
BUG_ASPECTS = ("steps", "expected", "actual", "environment", "reproducible", "impact")
Aspect = Literal[
    "independent", "negotiable", "valuable", "estimable", "small", "testable",
    "steps", "expected", "actual", "environment", "reproducible", "impact",
]  # fmt: skip
Severity = Literal["low", "medium", "high"]


class Score(Part):
    """One aspect, 0 (absent) to 5 (nothing to add). quote: verbatim from the issue, "" when the text offers none."""

    aspect: Aspect
    quote: str
    reason: str
    score: int


class Missing(Part):
    """Information the issue lacks, and why somebody will need it."""

    what: str
    why: str


class Risk(Part):
    text: str
    severity: Severity


class Criterion(Part):
    """A suggested acceptance criterion; given, when and then are plain clauses without their keyword."""

    title: str
    given: str
    when: str
    then: str


class Subtask(Part):
    """A suggested sub-task. title: one line, at most 255 characters. description: Markdown."""

    title: str
    description: str


class Analysis(Part):
    """What was found about one issue. language: ISO 639-1 code the texts are written in."""

    nature: Nature
    language: str
    summary: str
    scores: list[Score]
    missing: list[Missing]
    questions: list[str]
    risks: list[Risk]
    criteria: list[Criterion]
    subtasks: list[Subtask]
    labels: list[str]

    @property
    def overall(self) -> int:
        """Mean of the scores in percent, 0 to 100."""
        return round(sum(score.score for score in self.scores) * 20 / len(self.scores)) if self.scores else 0


class AnalysisResult(Part):
    """What a run of kind `analysis` stores as its result.

    overall: 0-100, 0 also when there are no scores (see scored). dropped: quotes a model
    claimed which are not in the issue.
    """

    author: Author
    overall: int
    notice: Notice
    dropped: int
    analysis: Analysis

    @property
    def scored(self) -> bool:
        """False when nobody could judge: then `overall` says nothing and is not shown."""
        return bool(self.analysis.scores)
