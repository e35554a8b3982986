"""A test of ours on its way into a test management tool: its words, its labels, and how it looks to a reader."""

import re

from addon.adf.clean import one_line, visible
from addon.adf.markdown import from_markdown
from addon.adf.nodes import doc
from addon.i18n.catalog import N_
from addon.runs.contents import TestContent
from addon.runs.feature import Shown, Writing
from addon.testmgmt.case import Case, Step

LONGEST_TITLE = 255
TITLE_CUT = N_("The title is longer than Jira takes, and is cut.")
EMPTY = N_("There is nothing in this test: it has no steps.")


def run_label(writing: Writing) -> str:
    """On every test of one result, so that one search finds them all."""
    return f"jiravision-{writing.publication.run_id.replace('-', '')}"


def item_label(writing: Writing) -> str:
    """The marker of one test, in a form that labels take."""
    return f"{run_label(writing)}-{writing.publication.item}"


def content_of(writing: Writing) -> TestContent:
    return TestContent.model_validate(writing.publication.content)


def case_of(writing: Writing, *, project_key: str) -> Case:
    content = content_of(writing)
    gherkin = visible(content.gherkin).strip() if content.style == "gherkin" else ""
    steps = tuple(Step(_text(s.action), _text(s.data), _text(s.expected)) for s in content.steps)
    labels = (re.sub(r"\s+", "-", one_line(label))[:100] for label in content.labels)
    return Case(
        project_key=project_key,
        title=one_line(content.title)[:LONGEST_TITLE],
        labels=tuple(dict.fromkeys((run_label(writing), item_label(writing), *(label for label in labels if label)))),
        objective=_text(content.objective),
        precondition=_text(content.precondition),
        gherkin=gherkin,
        steps=() if gherkin else steps,
        priority=content.priority,
    )


def shown(writing: Writing, case: Case) -> Shown:
    """The test as it will be, for a reader."""
    content = content_of(writing)
    problems = [TITLE_CUT] if len(one_line(content.title)) > LONGEST_TITLE else []
    problems += [] if case.gherkin or case.steps else [EMPTY]
    markdown = markdown_of(case)
    form = "gherkin" if content.style == "gherkin" else "steps"
    document = doc(*from_markdown(markdown))
    return Shown(writing.publication.item, case.title, form, markdown, document, tuple(problems))  # type: ignore[arg-type]


def markdown_of(case: Case) -> str:
    words = [part for part in (case.objective, case.precondition) if part]
    if case.gherkin:
        fence = "`" * max(3, max((len(run) for run in re.findall("`+", case.gherkin)), default=0) + 1)
        words.append(f"{fence}gherkin\n{case.gherkin}\n{fence}")
    if case.steps:
        rows = ["| # | Action | Data | Expected |", "| --- | --- | --- | --- |"]
        for number, step in enumerate(case.steps, 1):
            rows.append(f"| {number} | {_cell(step.action)} | {_cell(step.data)} | {_cell(step.expected)} |")
        words.append("\n".join(rows))
    return "\n\n".join(words)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _text(text: str) -> str:
    return visible(text).strip()
