"""Criteria that somebody has written already: Given, When, Then in lines or in one sentence, English or French."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from addon.rules.fold import fold

MOST_LINES = 2_000

_MARKS = re.compile(r"(?:[ \t]|[-*+•>#|`~]|\d{1,3}[.)](?= )|\[[ xX]\])+")
_ROLE = re.compile(
    r"(?P<title>(?:scenario(?: outline)?|example|exemple|plan du scenario)[ \u00a0]?:)"
    r"|(?P<given>given|(?:etant donnee?s?|sachant)(?: qu[e'])?|soit(?= une? | l| d))(?=[ :*])"
    r"|(?P<when>when|quand|lorsque)(?=[ :*])|(?P<elided>lorsqu')"
    r"|(?P<then>then|alors|donc)(?=[ :*])|(?P<and>and|but|et(?: que)?|mais)(?=[ :*])"
)
_SENTENCES = (
    re.compile(r"given (?P<given>.{3,300}?),? when (?P<when>.{3,300}?),? then (?P<then>.{3,300})"),
    re.compile(r"(?:when|if) (?P<when>.{3,300}?)(?:, then |, | then )(?P<then>.{8,300})"),
    re.compile(
        r"(?:etant donnee?s?|sachant que) (?P<given>.{3,300}?),? (?:quand|lorsque|lorsqu') ?(?P<when>.{3,300}?)"
        r",? alors (?P<then>.{3,300})"
    ),
    re.compile(r"(?:quand|lorsque|lorsqu'|si|s') ?(?P<when>.{3,300}?)(?:, alors |, | alors )(?P<then>.{8,300})"),
)
_EDGES = " \t*_:.;,\u00a0"


@dataclass
class Case:
    """One case, its clauses verbatim and without keywords. quote: a passage of the text that shows it."""

    title: str = ""
    quote: str = ""
    given: list[str] = field(default_factory=list)
    when: list[str] = field(default_factory=list)
    then: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return bool(self.when and self.then)


def cases(text: str) -> list[Case]:
    """Whole cases that stand in the text line by line, those in blocks of code among them."""
    return [case for case in _read(text.splitlines()[:MOST_LINES]) if case.whole]


def told(line: str) -> Case | None:
    """The case that one sentence tells ("When …, …"), None when it tells none."""
    line = line.strip(_EDGES)
    folded = fold(line)
    for sentence in _SENTENCES:
        found = sentence.fullmatch(folded)
        if found:
            parts = {name: line[slice(*found.span(name))].strip(_EDGES) for name in found.groupdict()}
            given = [parts["given"]] if "given" in parts else []
            return Case(quote=line, given=given, when=[parts["when"]], then=[parts["then"]])
    return None


def _read(lines: Iterable[str]) -> Iterator[Case]:
    case, role = Case(), ""
    for raw in lines:
        line = raw[_lead(raw) :].strip()
        found = _ROLE.match(fold(line))
        if found is None:
            # Prose between two steps ends neither of them, but an And after it is a sentence of its own.
            role = role if not line else ""
            continue
        kind = "when" if found.lastgroup == "elided" else str(found.lastgroup)
        words = line[found.end() :].strip(_EDGES)
        if kind == "and":
            kind = role
        # People leave out the word "Scenario": a Given after a When begins the next one all the same.
        if _opens(kind, case):
            yield case
            case = Case()
        role = kind
        if kind == "title":
            case.title = words
        elif kind and words:
            getattr(case, kind).append(words)
            case.quote = case.quote if kind == "given" and case.quote else words
    yield case


def _opens(kind: str, case: Case) -> bool:
    if kind == "title":
        return bool(case.title or case.given or case.when)
    return (kind == "given" and bool(case.when)) or (kind == "when" and bool(case.then))


def _lead(line: str) -> int:
    found = _MARKS.match(line)
    return found.end() if found else 0
