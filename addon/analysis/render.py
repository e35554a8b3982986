"""An analysis as a comment in Jira, written for the person who opens the issue next."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from addon.adf.content import Block, Inline
from addon.adf.markdown import from_markdown
from addon.adf.nodes import (
    BREAK,
    CODE,
    EM,
    STRONG,
    Colour,
    bullet_list,
    doc,
    expand,
    heading,
    ordered_list,
    panel,
    paragraph,
    rule,
    status,
    table,
    text,
    weight,
)
from addon.i18n.catalog import N_
from addon.reading.wording import clip
from addon.results.analysis import AnalysisResult, Criterion, Score, Subtask

MOST = 30_000
"""Characters of compact JSON one comment may weigh; Jira refuses more than 32,767."""
CUTS = ("descriptions", "labels", "subtasks", "quotes", "criteria", "risks", "questions", "missing", "scores")
"""What is given up, in this order, until the comment is light enough."""

_LINKED = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\))?")
_MARKS = re.compile(r"[\\*`]")

Say = Callable[[str], str]
"""Turns one of our English texts into the language of the comment."""

ASPECTS = {
    "independent": N_("Independent"),
    "negotiable": N_("Negotiable"),
    "valuable": N_("Valuable"),
    "estimable": N_("Estimable"),
    "small": N_("Small"),
    "testable": N_("Testable"),
    "steps": N_("Steps to reproduce"),
    "expected": N_("Expected result"),
    "actual": N_("Actual result"),
    "environment": N_("Environment"),
    "reproducible": N_("How often"),
    "impact": N_("Impact"),
}
SEVERITIES: Mapping[str, tuple[str, Colour]] = {
    "high": (N_("High"), "red"),
    "medium": (N_("Medium"), "yellow"),
    "low": (N_("Low"), "neutral"),
}


NOTICES = {
    "model_failed": N_(
        "The language model could not answer, so the built-in rules stood in for it."
        " Analyse the issue again later for a deeper review."
    ),
    "budget_spent": N_(
        "The budget for the language model is used up, so the built-in rules stood in for it."
        " Analyse the issue again once there is budget for a deeper review."
    ),
}
"""Why the rules answered in place of a model, for the reader of the comment."""


def comment(
    result: AnalysisResult, usage: Mapping[str, object] | None, *, say: Say, created: bool = False
) -> dict[str, object]:
    """The comment's document, always within MOST.

    usage: as stored with the run, None when rules judged. created: the sub-tasks are created without anybody's doing.
    """
    # Built anew without one more section each time: only the finished document shows its weight.
    document: dict[str, object] = {}
    for number in range(len(CUTS) + 1):
        document = doc(*_Comment(result, usage or {}, say=say, created=created, cut=frozenset(CUTS[:number])).blocks())
        if weight(document) <= MOST:
            break
    return document


class _Comment:
    """One attempt at the comment, without the sections named in `cut`."""

    def __init__(
        self, result: AnalysisResult, usage: Mapping[str, object], *, say: Say, created: bool, cut: frozenset[str]
    ) -> None:
        self._result = result
        self._analysis = result.analysis
        self._usage = usage
        self._say = say
        self._created = created
        self._cut = cut

    def blocks(self) -> Iterator[Block]:
        yield from self._opening()
        parts = {"scores": self._scores, "missing": self._missing, "questions": self._questions, "risks": self._risks}
        parts |= {"criteria": self._criteria, "subtasks": self._subtasks, "labels": self._labels}
        for name, part in parts.items():
            if name not in self._cut:
                yield from part()
        yield from self._closing()

    def _opening(self) -> Iterator[Block]:
        title = N_("Bug report review") if self._analysis.nature == "bug" else N_("Issue review")
        overall = self._result.overall
        mark = status(f"{overall} / 100", _colour(overall))
        yield heading(3, self._say(title), " ", mark if self._result.scored else status(self._say(N_("Not scored"))))
        yield paragraph(text(self._judge(), EM))
        if self._result.notice in NOTICES:
            yield panel("note", paragraph(self._say(NOTICES[self._result.notice])))
        if self._analysis.summary:
            yield paragraph(self._analysis.summary)

    def _judge(self) -> str:
        if self._result.author == "rules":
            return self._say(N_("Checked by JiraVision's built-in rules, without a language model"))
        return self._say(N_("Reviewed by JiraVision with {model}")).format(model=self._usage.get("model") or "AI")

    def _scores(self) -> Iterator[Block]:
        if not self._analysis.scores:
            return
        header = [paragraph(text(self._say(word), STRONG)) for word in (N_("Aspect"), N_("Score"), N_("Why"))]
        yield table(header, [self._score(score) for score in self._analysis.scores])

    def _score(self, score: Score) -> list[list[Inline | str]]:
        why: list[Inline | str] = [score.reason]
        if score.quote and "quotes" not in self._cut:
            why += [BREAK, text(self._say(N_("“{quote}”")).format(quote=plain_quote(score.quote)), EM)]
        return [[self._say(ASPECTS[score.aspect])], [text(f"{score.score} / 5", STRONG)], why]

    def _missing(self) -> Iterator[Block]:
        items = [[text(item.what, STRONG), text(item.why and f" – {item.why}")] for item in self._analysis.missing]
        if items:
            yield heading(4, self._say(N_("Missing information")))
            yield bullet_list(items)

    def _questions(self) -> Iterator[Block]:
        if self._analysis.questions:
            yield heading(4, self._say(N_("Questions for the author")))
            yield ordered_list(self._analysis.questions)

    def _risks(self) -> Iterator[Block]:
        order = list(SEVERITIES)
        risks = sorted(self._analysis.risks, key=lambda risk: order.index(risk.severity))
        if risks:
            yield heading(4, self._say(N_("Risks")))
            yield bullet_list([[self._severity(risk.severity), " ", risk.text] for risk in risks])

    def _severity(self, severity: str) -> Inline:
        word, colour = SEVERITIES[severity]
        return status(self._say(word), colour)

    def _criteria(self) -> Iterator[Block]:
        if criteria := self._analysis.criteria:
            title = self._say(N_("Suggested acceptance criteria"))
            yield expand(f"{title} ({len(criteria)})", criteria_list(criteria, self._say))

    def _subtasks(self) -> Iterator[Block]:
        if not (subtasks := self._analysis.subtasks):
            return
        title = self._say(N_("Suggested sub-tasks"))
        blocks = [ordered_list([self._subtask(item) for item in subtasks])]
        if not self._created:
            hint = self._say(N_("Edit and create them in the JiraVision panel of this issue."))
            blocks.append(paragraph(text(hint, EM)))
        yield expand(f"{title} ({len(subtasks)})", *blocks)

    def _subtask(self, subtask: Subtask) -> list[Block]:
        description = [] if "descriptions" in self._cut else from_markdown(subtask.description)
        return [paragraph(text(subtask.title, STRONG)), *description]

    def _labels(self) -> Iterator[Block]:
        if self._analysis.labels:
            pieces = [piece for label in self._analysis.labels for piece in (" ", text(label, CODE))]
            yield paragraph(text(self._say(N_("Suggested labels:")), STRONG), *pieces)

    def _closing(self) -> Iterator[Block]:
        sentences = [self._say(N_("These are suggestions; the team decides."))]
        if self._cut:
            sentences.append(self._say(N_("Shortened here; the JiraVision panel of this issue shows all of it.")))
        if self._result.dropped:
            unfounded = N_("Quotes left out because the issue does not contain them: {count}.")
            sentences.append(self._say(unfounded).format(count=self._result.dropped))
        version = str(self._usage.get("prompt_version") or "")
        if self._result.author == "model" and version:
            sentences.append(self._say(N_("Prompt {version}.")).format(version=version))
        if self._result.notice == "no_model":
            sentences.append(self._say(N_("An administrator can connect a language model for a deeper review.")))
        yield rule()
        yield paragraph(text(" ".join(sentences), EM))


def criteria_list(criteria: Sequence[Criterion], say: Say) -> Block:
    """Acceptance criteria as a numbered list of Given, When, Then."""
    return ordered_list([_criterion(item, say) for item in criteria])


def _criterion(item: Criterion, say: Say) -> list[Inline | str]:
    pieces: list[Inline | str] = [text(item.title, STRONG)]
    for word, clause in _clauses(item):
        pieces += [BREAK, text(say(word), STRONG), f" {clause}"]
    return pieces


def criteria_text(criteria: Sequence[Criterion]) -> str:
    """Their titles in one line, for fields without formatting: Jira takes 255 characters there."""
    return clip("; ".join(f"{number}) {item.title}" for number, item in enumerate(criteria, 1)), 255)


def _clauses(item: Criterion) -> list[tuple[str, str]]:
    clauses = ((N_("Given"), item.given), (N_("When"), item.when), (N_("Then"), item.then))
    return [(word, clause) for word, clause in clauses if clause]


def plain_quote(quote: str) -> str:
    """A quote as a reader sees it in the issue: without the Markdown marks of our reading."""
    return " ".join(_MARKS.sub("", _LINKED.sub(r"\1", quote)).replace("|", " ").split())


def _colour(overall: int) -> Colour:
    if overall >= 70:
        return "green"
    return "yellow" if overall >= 40 else "red"
