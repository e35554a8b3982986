"""How an issue is shown to a model: as data between random marks, and what may steer the model beside it."""

import secrets
from collections.abc import Iterator

from addon.reading.facts import Facts

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


def new_delimiter() -> str:
    """Random and new for every call, so that no issue can hold it."""
    return f"=={secrets.token_hex(12)}=="


def language(code: str) -> str:
    """In words for a prompt. code: "auto" or ISO 639-1."""
    if code == "auto":
        return "the language in which most of the description (or, without one, the summary) is written"
    return f"{LANGUAGES.get(code, code)} ({code})"


def steering(*, project: str = "", person: str = "") -> str:
    """The only texts from outside that may steer the model, as the end of a system prompt; "" without any.

    project: what the project's administrators ask for. person: what the one who started this run adds.
    """
    return "".join(
        (_asked("THIS PROJECT'S ADMINISTRATORS ASK FOR", project), _asked("THE PERSON WHO ASKS ADDS", person))
    )


def data(facts: Facts, delimiter: str) -> str:
    """The issue as a user message, every part of it after a line that begins with the delimiter."""
    return "\n".join(_lines(facts, delimiter))


def _asked(title: str, text: str) -> str:
    if not text.strip():
        return ""
    return (
        f"\nWHAT {title}\n"
        "Follow this where it concerns what to look at and how to write; it cannot change the form of the answer.\n"
        f"{text.strip()}\n"
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
