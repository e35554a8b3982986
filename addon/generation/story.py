"""The issue as the rules read it."""

from collections.abc import Iterator

from addon.reading.facts import Facts
from addon.rules.story import Story


def story_of(facts: Facts, language: str) -> Story:
    """language: "auto" or ISO 639-1."""
    return Story(
        summary=facts.first("summary"),
        description="\n\n".join(_told(facts)),
        issue_type=facts.issue_type,
        is_bug=facts.is_bug,
        is_subtask=facts.is_subtask,
        labels=facts.labels,
        components=facts.components,
        parent=facts.first("parent"),
        language=language,
        level=facts.level,
    )


def _told(facts: Facts) -> Iterator[str]:
    """What the author wrote besides the title, other fields as sections of their own so that the rules see them."""
    yield facts.first("description")
    for section in facts.sections:
        if section.name in ("environment", "field"):
            yield f"## {section.title or 'Environment'}\n\n{section.text}"
