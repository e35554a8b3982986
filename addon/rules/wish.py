"""Role, goal and benefit: As a ... I want ... so that ... / En tant que ... je veux ... afin de ..."""

import re
from dataclasses import dataclass, replace

from addon.rules.fold import fold
from addon.rules.tongue import Tongue
from addon.rules.tongues import TONGUES

_EDGES = " \t\n\r*_,;:.!"
_END = re.compile(r"\n\s{0,8}\n|[.!?](?:\s|$)|\n\s{0,8}(?:[-*+•#|]|\d{1,3}[.)])\s")
_TEXT = re.compile(r"[^\s*_]")
_NAMED = re.compile(r"([\w' -]{2,60}?)(?:[,:]|$)")
_NO_ROLES = frozenset(("result", "consequence", "rule", "workaround", "test", "first", "pdf", "csv", "file", "whole"))
"""What "as a" introduces besides people."""
_ROLE_CHARS = 160
_CLAUSE_CHARS = 400


@dataclass(frozen=True, slots=True)
class Wish:
    """The clauses of a story, each a verbatim piece of the text without its opening words; "" when absent.

    count: how many times a role is introduced. is_deed: the goal is put as an action ("pay by invoice"). tongue: the
    language the clauses were found in.
    """

    role: str = ""
    goal: str = ""
    benefit: str = ""
    count: int = 0
    is_deed: bool = False
    tongue: Tongue = TONGUES["en"]

    @property
    def fullness(self) -> int:
        """How many of the three clauses are there."""
        return sum(map(bool, (self.role, self.goal, self.benefit)))


def find(text: str) -> Wish:
    """The first wish of the text, in whichever language it is put; the fuller one when two would do."""
    folded = fold(text)
    wishes = [_find(text, folded, tongue=tongue) for tongue in TONGUES.values()]
    return max(wishes, key=lambda wish: (wish.fullness, wish.count))


def titled(summary: str) -> Wish:
    """The wish of a summary, which may be as short as "As a buyer, pay by card" or "As a buyer"."""
    whole, folded = find(summary), fold(summary)
    for tongue in () if whole.role else TONGUES.values():
        role = tongue.patterns["role"].match(folded)
        named = _NAMED.match(folded, role.end()) if role else None
        if role and named and named[1].strip().split(" ")[0] not in _NO_ROLES:
            who = summary[named.start(1) : named.end(1)].strip(_EDGES)
            goal = whole.goal or summary[named.end() :].strip(_EDGES)
            return replace(whole, role=who, goal=goal, count=1, tongue=tongue)
    return whole


def together(one: Wish, other: Wish) -> Wish:
    """The fuller wish, with the clauses it lacks from the other: a summary often shortens what the description says."""
    fuller, rest = (one, other) if one.fullness >= other.fullness else (other, one)
    if not rest.fullness:
        return fuller
    told = fuller if fuller.goal else replace(fuller, goal=rest.goal, is_deed=rest.is_deed, tongue=rest.tongue)
    return replace(told, role=fuller.role or rest.role, benefit=fuller.benefit or rest.benefit)


def _find(text: str, folded: str, *, tongue: Tongue) -> Wish:
    patterns = tongue.patterns
    role = goal = None
    count = 0
    for opening in patterns["role"].finditer(folded):
        wanted = patterns["goal"].search(folded, opening.end(), opening.end() + _ROLE_CHARS)
        # "As a CSV file so that I can ..." introduces nobody.
        if wanted is not None and folded[opening.end() : wanted.start()].strip(_EDGES).split(" ")[0] not in _NO_ROLES:
            count += 1
            if goal is None:
                role, goal = opening, wanted
    # People leave out the role; the wish is worth reading all the same.
    goal = goal or patterns["goal"].search(folded)
    if goal is None:
        return Wish(tongue=tongue)
    end = _end(folded, goal.end())
    benefit = patterns["benefit"].search(folded, goal.end(), min(goal.end() + _CLAUSE_CHARS, len(folded)))
    # A reason in a later sentence belongs to something else.
    if benefit is not None and benefit.start() > end and folded[end : benefit.start()].strip(_EDGES):
        benefit = None
    return Wish(
        role=text[role.end() : goal.start()].strip(_EDGES) if role else "",
        goal=text[goal.end() : benefit.start() if benefit else end].strip(_EDGES),
        benefit=text[benefit.end() : _end(folded, benefit.end())].strip(_EDGES) if benefit else "",
        count=max(count, 1),
        is_deed=bool(patterns["deed"].match(folded, _first(folded, goal.end()))),
        tongue=tongue,
    )


def _first(folded: str, start: int) -> int:
    """Where the next word begins."""
    found = _TEXT.search(folded, start, start + 20)
    return found.start() if found else start


def _end(folded: str, start: int) -> int:
    """Where the clause that begins at start ends: a sentence's end, a blank line, a list, or the limit."""
    limit = min(start + _CLAUSE_CHARS, len(folded))
    found = _END.search(folded, start, limit)
    return found.start() if found else limit


def parts(wish: Wish) -> list[str]:
    """The actions joined in one goal, verbatim; one when nothing is joined."""
    folded, found, start = fold(wish.goal), [], 0
    for join in wish.tongue.patterns["joins"].finditer(folded):
        found.append(wish.goal[start : join.start()].strip(_EDGES))
        start = join.end()
    found.append(wish.goal[start:].strip(_EDGES))
    return [part for part in found if part]
