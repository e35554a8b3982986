"""Which lines of a description say when the work is done."""

import re
from collections.abc import Iterable

from addon.rules.fold import fold
from addon.rules.lines import Line, is_filler
from addon.rules.marks import WORD
from addon.rules.tongues import TONGUES

_OPENS = re.compile(r"(?:given|etant donne|soit|scenario)")
_NAME = re.compile(r"[^:]{2,40}? ?: ?(?=\S)")
_FEW_WORDS = 3


def criteria_lines(under: Iterable[Line], lines: Iterable[Line]) -> list[str]:
    """Of what stands under such a heading, else of all lines, what is put as given-when-then.

    Verbatim; of a case its first line.
    """
    section = [line for line in under if not is_filler(line.text)]
    texts = [line.text for line in section if line.kind == "text"]
    cells = [line.text for line in section if line.kind == "cell" and len(WORD.findall(line.text)) > _FEW_WORDS]
    return _points(section) or _cases(section) or _cases(lines) or texts or cells


def _points(section: list[Line]) -> list[str]:
    """Points of lists. The row of a table that became a list is told by its fullest field, not by its name."""
    found: list[str] = []
    rows = 0
    for line in section:
        if line.kind != "point" or not line.text:
            continue
        if not line.nested:
            rows = len(found) if _is_name(line.text) else -1
            if rows < 0:
                found.append(line.text)
        elif rows >= 0:
            found[rows:] = _fuller(found[rows:], line.text)
    return found


def _is_name(text: str) -> bool:
    """True for the likes of "Case: Expired": a field with its short value, which cannot be checked by itself."""
    name = _NAME.match(text)
    return bool(name) and len(WORD.findall(text[name.end() :] if name else "")) <= _FEW_WORDS


def _fuller(kept: list[str], text: str) -> list[str]:
    name = _NAME.match(text)
    value = text[name.end() :].lstrip("- ") if name else text
    if len(WORD.findall(value)) < _FEW_WORDS or (kept and len(value) <= len(kept[0])):
        return kept
    return [value]


def _cases(lines: Iterable[Line]) -> list[str]:
    """Given-when-then lines joined to cases: the first line of each."""
    cases: list[str] = []
    for line in lines:
        folded = fold(line.text).lstrip("*_ ")
        if any(tongue.patterns["gherkin"].match(folded) for tongue in TONGUES.values()):
            cases.append(line.text)
    starts = [case for case in cases if _OPENS.match(fold(case).lstrip("*_ "))]
    # One "when" in a text is a sentence; a case has at least two of the three clauses.
    return (starts or cases[:1]) if len(cases) >= 2 else []
