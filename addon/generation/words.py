"""Plain words to Markdown and back."""

import re

_LINKED = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\))?")
_MARKS = re.compile(r"[\\*`]")
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~!])")
# At the start of a line these would open a list or underline a heading.
_LIST = re.compile(r"^(\d{1,9})([.)])|^([-+=])")


def escaped(text: str) -> str:
    """Markdown that reads as exactly this one line."""
    return _LIST.sub(lambda mark: rf"{mark[1] or ''}\{mark[2] or mark[3]}", _SPECIAL.sub(r"\\\1", text.strip()))


def unmarked(quote: str) -> str:
    """A quote as a reader sees it in the issue: without the Markdown marks of our reading."""
    return " ".join(_MARKS.sub("", _LINKED.sub(r"\1", quote)).replace("|", " ").split())
