"""Acceptance criteria as people read them in Jira."""

from collections.abc import Iterator, Sequence

from addon.adf.content import Block, Inline
from addon.adf.nodes import (
    BREAK,
    EM,
    STRONG,
    bullet_list,
    code_block,
    expand,
    heading,
    ordered_list,
    paragraph,
    status,
    table,
    text,
)
from addon.generation.page import KINDS, Say
from addon.generation.words import escaped, unmarked
from addon.i18n.catalog import N_
from addon.reading.wording import clip
from addon.results.criteria import AcceptanceCriterion, CriteriaResult

CUTS = ("gherkin", "lint", "evidence", "questions", "clauses")
"""What a comment gives up, in this order."""
FIELD = 255
"""Characters of a field without formatting."""


def blocks(result: CriteriaResult, *, say: Say, cut: frozenset[str]) -> Iterator[Block]:
    """A table of the criteria, their Gherkin, questions and remarks, without the parts in `cut`."""
    criteria = result.criteria
    if criteria.narrative:
        yield paragraph(criteria.narrative)
    if criteria.criteria:
        header = [paragraph(text(say(word), STRONG)) for word in (N_("Id"), N_("Criterion"), N_("Rests on"))]
        yield table(header, [_row(item, say=say, cut=cut) for item in criteria.criteria])
    else:
        yield paragraph(say(N_("The issue says too little for acceptance criteria; the questions come first.")))
    if criteria.questions and "questions" not in cut:
        yield heading(4, say(N_("Questions for the author")))
        yield ordered_list(criteria.questions)
    if result.lint and "lint" not in cut:
        yield heading(4, say(N_("To be improved")))
        yield bullet_list(result.lint)
    if criteria.criteria and "gherkin" not in cut:
        yield expand("Gherkin", code_block(result.gherkin.strip(), "gherkin"))


def listed(criteria: Sequence[AcceptanceCriterion], *, say: Say) -> list[Block]:
    """A list for places that hold nothing else: the description, a field."""
    return [bullet_list([_pieces(item, say=say, named=True) for item in criteria])]


def in_one_line(criteria: Sequence[AcceptanceCriterion]) -> str:
    """Their titles, for fields without formatting."""
    return clip("; ".join(f"{item.id} {item.title}" for item in criteria), FIELD)


def markdown(criterion: AcceptanceCriterion, *, say: Say) -> str:
    """One criterion as the description of an issue of its own."""
    lines = [f"**{word}** {escaped(clause)}" for word, clause in clauses(criterion, say)]
    rests = f"> {escaped(unmarked(criterion.quote))}" if criterion.quote else assumed(criterion, say)
    return "\n\n".join(("  \n".join(lines), rests)).strip()


def clauses(criterion: AcceptanceCriterion, say: Say) -> list[tuple[str, str]]:
    """Each clause with its word."""
    found: list[tuple[str, str]] = []
    for word, told in (
        (N_("Given"), criterion.given),
        (N_("When"), [criterion.when]),
        (N_("Then"), criterion.then),
    ):
        filled = [clause for clause in told if clause]
        found += [(say(N_("And") if number else word), clause) for number, clause in enumerate(filled)]
    return found


def assumed(criterion: AcceptanceCriterion, say: Say) -> str:
    """What the criterion takes for granted, as Markdown; "" when it quotes the issue."""
    return f"*{say(N_('Assumption:'))}* {escaped(criterion.assumption)}" if criterion.assumption else ""


def _row(item: AcceptanceCriterion, *, say: Say, cut: frozenset[str]) -> list[list[Inline | str]]:
    # The kind stands below the id: a column of its own would leave the criterion half the width.
    name: list[Inline | str] = [text(item.id, STRONG), BREAK, status(say(KINDS[item.kind]))]
    told = [text(item.title, STRONG)] if "clauses" in cut else _pieces(item, say=say, named=False)
    return [name, [*told], [] if "evidence" in cut else _evidence(item, say)]


def _pieces(item: AcceptanceCriterion, *, say: Say, named: bool) -> list[Inline | str]:
    title = f"{item.id} · {item.title}" if named else item.title
    pieces: list[Inline | str] = [text(title, STRONG)]
    for word, clause in clauses(item, say):
        pieces += [BREAK, text(word, STRONG), f" {clause}"]
    # A list stands alone: what nobody has confirmed must not read like what the issue says.
    if named and item.assumption:
        pieces += [BREAK, text(say(N_("Assumption:")), EM), f" {item.assumption}"]
    return pieces


def _evidence(item: AcceptanceCriterion, say: Say) -> list[Inline | str]:
    if item.quote:
        return [text(say(N_("“{quote}”")).format(quote=unmarked(item.quote)), EM)]
    return [status(say(N_("Assumption")), "yellow"), " ", item.assumption]
