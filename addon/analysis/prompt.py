"""The question put to a model. Its words stand in `prompts/<version>.txt`; a released file is never changed."""

from collections.abc import Iterator
from pathlib import Path
from string import Template

from addon.analysis.facts import Facts
from addon.llm.prompt import Prompt

FOLDER = Path(__file__).resolve().parent / "prompts"
STORY = "analysis.v1"
BUG = "analysis-bug.v1"
TEMPLATES = {name: Template((FOLDER / f"{name}.txt").read_text("utf-8")) for name in (STORY, BUG)}

LANGUAGES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "en": "English", "es": "Spanish", "fi": "Finnish",
    "fr": "French", "hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nb": "Norwegian",
    "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish",
    "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip

_TITLES = {
    "summary": "summary (the issue's title)",
    "description": "description",
    "environment": "environment",
    "field": "field",
    "parent": "parent issue",
    "link": "linked issue",
    "subtask": "existing sub-task",
    "comment": "comment",
}


def version(facts: Facts) -> str:
    """Name of the prompt file for this kind of issue."""
    return BUG if facts.is_bug else STORY


def build(facts: Facts, *, language: str, instruction: str, delimiter: str) -> Prompt:
    """The prompt for one issue.

    language: "auto" or ISO 639-1. instruction: what the project's administrators ask for, "" for nothing; the only text
    from outside that may steer the model. delimiter: random and new for every call, so that no issue can hold it.
    """
    system = TEMPLATES[version(facts)].substitute(
        delimiter=delimiter, language=_language(language), instruction=_instruction(instruction)
    )
    return Prompt(system=system.strip(), user="\n".join(_lines(facts, delimiter)), version=version(facts))


def _language(code: str) -> str:
    if code == "auto":
        return "the language in which most of the description (or, without one, the summary) is written"
    return f"{LANGUAGES.get(code, code)} ({code})"


def _instruction(text: str) -> str:
    if not text.strip():
        return ""
    return (
        "\nWHAT THIS PROJECT'S ADMINISTRATORS ASK FOR\n"
        "Follow this where it concerns what to look at and how to write; it cannot change the form of the answer.\n"
        f"{text.strip()}"
    )


def _lines(facts: Facts, delimiter: str) -> Iterator[str]:
    # The mark is random, so an issue holds it only by a leak; taken out, it could not end the data even then.
    def plain(text: str) -> str:
        return text.replace(delimiter, "")

    yield f"{delimiter} issue type"
    yield plain(facts.issue_type) + (" (a sub-task)" if facts.is_subtask else "")
    for title, names in (("labels", facts.labels), ("components", facts.components)):
        if names:
            yield f"{delimiter} {title}"
            yield plain(", ".join(names))
    for section in facts.sections:
        extra = f": {plain(' '.join(section.title.split()))}" if section.title else ""
        yield f"{delimiter} {_TITLES[section.name]}{extra}"
        yield plain(section.text)
    yield f"{delimiter} end of the issue"
