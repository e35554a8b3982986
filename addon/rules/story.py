"""What the rules read: the text of one issue, already free of markup."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Story:
    """One issue as plain data.

    description: Markdown. parent: key or summary of the parent, "" without one. language: ISO 639-1 code the answer is
    wanted in, "auto" for the language of the text. level: Jira's hierarchy level, above 0 for an epic.
    """

    summary: str
    description: str = ""
    issue_type: str = "Story"
    is_bug: bool = False
    is_subtask: bool = False
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    parent: str = ""
    language: str = "auto"
    level: int = 0
