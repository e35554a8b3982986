"""One line of a description, and what templates leave behind."""

import re
from dataclasses import dataclass

from addon.rules.fold import fold

_PLACEHOLDER = re.compile(r"<[a-z][^<>/\n]{2,60}>")
_FILLERS = frozenset(
    (
        "tbd",
        "todo",
        "tba",
        "tbc",
        "to do",
        "n/a",
        "na",
        "xxx",
        "to be defined",
        "fill in",
        "a definir",
        "a completer",
        "a remplir",
    )
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line with content. text: verbatim, marks of lists and headings cut off. section: its kind, "" for others.

    kind: "heading", "point", "text" or "cell". numbered, nested, done: of a point; a nested one only details the point
    above it, a done one is ticked off.
    """

    kind: str
    text: str
    section: str
    numbered: bool = False
    nested: bool = False
    done: bool = False


def is_filler(text: str) -> bool:
    """True for what templates leave behind: TBD, `<describe here>`, dots."""
    plain = fold(text).strip()
    if len(plain) < 400 and len(_PLACEHOLDER.findall(plain)) > 1:
        return True
    bracketed = len(plain) < 200 and (plain[:1] + plain[-1:] in ("<>", "[]", "{}"))
    return bracketed or plain.strip(". ") in _FILLERS or not plain.strip(" .-_…?*")
