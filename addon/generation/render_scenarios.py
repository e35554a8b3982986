"""Test scenarios and their coverage as people read them in Jira."""

from collections.abc import Iterator, Mapping, Sequence

from addon.adf.content import Block, Inline
from addon.adf.nodes import (
    BREAK,
    STRONG,
    Colour,
    bullet_list,
    expand,
    heading,
    ordered_list,
    paragraph,
    status,
    table,
    text,
)
from addon.generation.page import KINDS, Say
from addon.generation.words import escaped
from addon.i18n.catalog import N_
from addon.reading.wording import clip
from addon.results.scenarios import Covered, Priority, Scenario, ScenariosResult, Step

CUTS = ("preconditions", "steps", "coverage")
"""What a comment gives up, in this order."""
FIELD = 255
"""Characters of a field without formatting."""
PRIORITIES: Mapping[Priority, tuple[str, Colour]] = {
    "high": (N_("High"), "red"),
    "medium": (N_("Medium"), "yellow"),
    "low": (N_("Low"), "neutral"),
}


def blocks(result: ScenariosResult, *, say: Say, cut: frozenset[str]) -> Iterator[Block]:
    """What covers what, then the scenarios, each folded under its title; without the parts in `cut`."""
    scenarios = result.scenarios.scenarios
    if result.coverage and "coverage" not in cut:
        yield from _coverage(result, say)
    if not scenarios:
        too_little = N_("The issue says too little for test scenarios.")
        # With criteria to test there was enough to read: what is missing are tests of the kinds asked for.
        none_of_kind = N_("None of the criteria gives rise to a test of the kinds asked for.")
        yield paragraph(say(none_of_kind if result.coverage else too_little))
    # Titles alone still tell what is tested.
    elif "steps" in cut:
        yield bullet_list([[text(f"{item.id} · {item.title}", STRONG)] for item in scenarios])
    else:
        for item in scenarios:
            yield expand(f"{item.id} · {item.title}", *_inside(item, say=say, cut=cut))


def listed(scenarios: Sequence[Scenario], *, say: Say) -> list[Block]:
    """A list for places that hold nothing else: the description, a field."""
    return [bullet_list([_entry(item, say) for item in scenarios])]


def in_one_line(scenarios: Sequence[Scenario]) -> str:
    """Their titles, for fields without formatting."""
    return clip("; ".join(f"{item.id} {item.title}" for item in scenarios), FIELD)


def markdown(scenario: Scenario, *, say: Say) -> str:
    """One scenario as the description of an issue of its own."""
    parts = []
    if scenario.preconditions:
        points = "\n".join(f"- {escaped(each)}" for each in scenario.preconditions)
        parts.append(f"**{say(N_('Preconditions'))}**\n\n{points}")
    header = " | ".join(say(word) for word in ("#", N_("Action"), N_("Data"), N_("Expected result")))
    rows = [
        f"| {number} | {escaped(step.action)} | {escaped(step.data)} | {escaped(step.expected)} |"
        for number, step in enumerate(scenario.steps, 1)
    ]
    parts.append("\n".join((f"| {header} |", "| --- | --- | --- | --- |", *rows)))
    return "\n\n".join(parts)


def objective(scenario: Scenario, coverage: Sequence[Covered], *, say: Say) -> str:
    """What the test is for, in one line."""
    titles = {item.id: item.title for item in coverage}
    covered = [f"{name} {titles[name]}".strip() for name in scenario.covers if name in titles]
    return say(N_("Covers: {criteria}")).format(criteria="; ".join(covered)) if covered else ""


def _coverage(result: ScenariosResult, say: Say) -> Iterator[Block]:
    # First and in bold: a table of twenty rows hides one empty cell.
    if result.uncovered:
        words = say(N_("Criteria that no scenario covers: {criteria}.")).format(criteria=", ".join(result.uncovered))
        yield paragraph(text(words, STRONG))
    yield table(
        [paragraph(text(say(word), STRONG)) for word in (N_("Criterion"), N_("Covered by"))],
        [
            [
                [text(item.id, STRONG), f" {item.title}"],
                ", ".join(item.scenarios) or [status(say(N_("Not covered")), "red")],
            ]
            for item in result.coverage
        ],
    )


def _inside(item: Scenario, *, say: Say, cut: frozenset[str]) -> Iterator[Block]:
    word, colour = PRIORITIES[item.priority]
    covers: list[Inline | str] = []
    if item.covers:
        covers = [f" {say(N_('Covers: {criteria}')).format(criteria=', '.join(item.covers))}"]
    yield paragraph(status(say(KINDS[item.kind])), " ", status(say(word), colour), *covers)
    if item.preconditions and "preconditions" not in cut:
        yield heading(5, say(N_("Preconditions")))
        yield bullet_list(item.preconditions)
    header = [paragraph(text(say(name), STRONG)) for name in (N_("Action"), N_("Data"), N_("Expected result"))]
    yield table(header, [[step.action, step.data, step.expected] for step in item.steps])


def _entry(item: Scenario, say: Say) -> list[Block]:
    before: list[Inline | str] = [text(f"{item.id} · {item.title}", STRONG)]
    if item.preconditions:
        told = say(N_("Preconditions: {conditions}")).format(conditions="; ".join(item.preconditions))
        before += [BREAK, told]
    return [paragraph(*before), ordered_list([_step(step) for step in item.steps])]


def _step(step: Step) -> list[Inline | str]:
    data = f" ({step.data})" if step.data else ""
    return [f"{step.action}{data}", *([" → ", step.expected] if step.expected else [])]
