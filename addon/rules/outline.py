"""The shape of a description: headings, points, text, with code left out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from addon.rules.fold import fold
from addon.rules.lines import Line, is_filler
from addon.rules.tongues import TONGUES

MOST_CHARS = 100_000

_HEADING = re.compile(r"(?:#{1,6} |h[1-6]\. )")
_BULLET = re.compile(r"(?:[-*+•–]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_LABEL = re.compile(r"([^:|]{2,60}?)[ \t*_]*:[ \t*_]*")
_OF_A_LINE = ("environment", "reproducible", "impact")
"""Sections that are mostly said in the line of their label."""
_EDGES = " \t*_#:`>"


@dataclass(frozen=True, slots=True)
class Outline:
    """lines: in order, headings included. empty: headings of known sections with nothing below."""

    lines: tuple[Line, ...]
    empty: Mapping[str, str]
    has_code: bool

    def of(self, section: str) -> list[Line]:
        """What stands in a section, its heading not counted."""
        if section in self.empty:
            return []
        return [line for line in self.lines if line.section == section and line.kind != "heading"]

    @property
    def points(self) -> list[Line]:
        """Points of lists, those nested in others left out."""
        return [line for line in self.lines if line.kind == "point" and not line.nested]


def outline(description: str) -> Outline:
    """Read Markdown line by line; never raises. Beyond MOST_CHARS nothing is read."""
    lines: list[Line] = []
    section, fence, has_code = "", "", False
    said_in_a_line = False
    for raw in description[:MOST_CHARS].splitlines():
        line = raw.strip().lstrip("> ")
        mark = line[:3]
        # Code is no prose: a stack trace must not count as steps or as vague words.
        if mark in ("```", "~~~"):
            fence, has_code = ("" if fence == mark else fence or mark), True
        elif line and not fence:
            found = _parse(line, section, nested=raw[:2].isspace() or raw[:1] == "\t")
            section = found[-1].section if found else section
            said_in_a_line = len(found) == 2 and section in _OF_A_LINE
            lines += found
        elif not line and said_in_a_line:
            # "Environment: Firefox 145" has said it all; what follows after a gap is about something else.
            section, said_in_a_line = "", False
    return Outline(tuple(lines), _empty(lines), has_code)


def _parse(line: str, section: str, *, nested: bool) -> list[Line]:
    heading = _HEADING.match(line)
    if heading or _is_bold(line):
        title = line[heading.end() if heading else 0 :].strip(_EDGES)
        return [Line("heading", title, kind_of(title))] if title else []
    # Cells of a table are read one by one, its ruler not at all.
    if line.startswith("|"):
        return [Line("cell", cell.strip(), section) for cell in line.strip("|").split("|") if cell.strip(" -:")]
    bullet = _BULLET.match(line)
    if bullet:
        text = line[bullet.end() :].strip()
        point = Line("point", text, section, line[0].isdigit(), nested, "x]" in bullet[0].lower())
        return [point] if text else []
    return _labelled(line, section)


def _labelled(line: str, section: str) -> list[Line]:
    """A line such as `Expected: a list` opens a section, and so does `Notes:` alone."""
    label = _LABEL.match(line)
    if label is None:
        # Many write "Acceptance criteria" above a list without making a heading of it.
        kind = _NAMES.get(fold(line).strip(_EDGES + "."), "")
        return [Line("heading", line, kind)] if kind else [Line("text", line, section)]
    title, rest = label[1].strip(_EDGES), line[label.end() :].strip()
    kind = kind_of(title)
    # "Note: ..." stays a sentence; an unknown label alone on its line ends the section before it.
    if not kind and (rest or len(title.split()) > 6):
        return [Line("text", line, section)]
    found = [Line("heading", title, kind)]
    return [*found, Line("text", rest, kind)] if rest else found


def _is_bold(line: str) -> bool:
    return len(line) < 90 and line.startswith("**") and line.rstrip(": ").endswith("**") and len(line) > 4


def kind_of(title: str) -> str:
    """The kind of section a heading announces, in any of our languages; "" for others."""
    plain = fold(title).strip(_EDGES + "0123456789.)(").replace("’", "'")
    return next(
        (kind for start, kind in _STARTS if plain.startswith(start) and not plain[len(start) :][:1].isalnum()), ""
    )


def _starts() -> list[tuple[str, str]]:
    found = [
        (start, kind) for tongue in TONGUES.values() for kind, starts in tongue.headings.items() for start in starts
    ]
    # The longest first: "expected" must not claim "expected results of the API" before a more exact heading may.
    return sorted(found, key=lambda pair: -len(pair[0]))


_STARTS = _starts()
_NAMES = dict(_STARTS)


def _empty(lines: list[Line]) -> dict[str, str]:
    titles: dict[str, str] = {}
    filled: set[str] = set()
    for line in lines:
        if line.section and line.kind == "heading":
            titles.setdefault(line.section, line.text)
        elif line.section and not is_filler(line.text):
            filled.add(line.section)
    return {section: title for section, title in titles.items() if section not in filled}
