"""A test case on its way into a test management tool, whichever it is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    action: str
    data: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Either gherkin (the steps of one scenario, without its heading) or steps. labels: without blanks.

    objective, precondition: plain text of one or more lines. priority: low | medium | high.
    """

    project_key: str
    title: str
    labels: tuple[str, ...]
    objective: str = ""
    precondition: str = ""
    gherkin: str = ""
    steps: tuple[Step, ...] = ()
    priority: str = "medium"
