"""One line of a description, and what templates leave behind."""

import re
from dataclasses import dataclass

from addon.rules.fold import fold

_UNWRITTEN = re.compile(
    r"(?:criterion|criteria|condition|step|item|point|example|critere|etape|exemple) ?(?:\d{1,2}|[xn…])"
    r"|(?:please |merci de )?(?:describe|explain|decrivez|decrire|expliquez|expliquer)\b.{0,60}"
    r"|to be (?:filled|completed|written)\b.{0,40}"
)
"""What templates ask for, where nobody has answered."""
_ORDER = re.compile(
    r"(?:important ?:? ?|note ?:? ?|please |merci d[e'] ?)?(?:ignore|disregard|forget|ignorez|ignorer|oublie|oubliez)"
    r" (?:all |any |the |of |your |toutes? |tous |les |tes |vos )*"
    r"(?:(?:previous|prior|above|earlier|preceding) (?:instructions?|prompts?|rules)"
    r"|(?:instructions?|consignes?|regles) (?:precedentes?|ci-dessus|anterieures?))"
)
_NUMBER = re.compile(r"\d{1,3}[.)]")
"""What is left of a point without a text."""
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


def order_in(text: str) -> str:
    """The words by which a text gives orders to a program that reads it, "" for one that gives none."""
    found = _ORDER.match(fold(text[:400]))
    return text[: found.end()] if found else ""


def is_filler(text: str) -> bool:
    """True for what templates leave behind: TBD, `<describe here>`, dots."""
    plain = fold(text).strip()
    if len(plain) < 400 and len(_PLACEHOLDER.findall(plain)) > 1:
        return True
    # An order to a reading program says nothing about the work either.
    if order_in(text.strip()) or _UNWRITTEN.fullmatch(plain.strip(" ._*")):
        return True
    bracketed = len(plain) < 200 and (plain[:1] + plain[-1:] in ("<>", "[]", "{}"))
    return bracketed or plain.strip(". ") in _FILLERS or not plain.strip(" .-_…?*") or bool(_NUMBER.fullmatch(plain))
