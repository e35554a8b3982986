"""Role, goal and benefit: As a ... I want ... so that ... / En tant que ... je veux ... afin de ..."""

import re
from dataclasses import dataclass

from addon.rules.fold import fold
from addon.rules.tongue import Tongue
from addon.rules.tongues import TONGUES

_EDGES = " \t\n\r*_,;:.!"
_END = re.compile(r"\n\s{0,8}\n|[.!?](?:\s|$)|\n\s{0,8}(?:[-*+•#|]|\d{1,3}[.)])\s")
_ROLE_CHARS = 160
_CLAUSE_CHARS = 400


@dataclass(frozen=True, slots=True)
class Wish:
    """The clauses of a story, each a verbatim piece of the text without its opening words; "" when absent.

    count: how many times a role is introduced. tongue: the language the clauses were found in.
    """

    role: str = ""
    goal: str = ""
    benefit: str = ""
    count: int = 0
    tongue: Tongue = TONGUES["en"]

    @property
    def fullness(self) -> int:
        """How many of the three clauses are there."""
        return sum(map(bool, (self.role, self.goal, self.benefit)))


def find(text: str) -> Wish:
    """The first wish of the text, in whichever language it is put; the fuller one when two would do."""
    folded = fold(text)
    wishes = [_find(text, folded, tongue) for tongue in TONGUES.values()]
    return max(wishes, key=lambda wish: (wish.fullness, wish.count))


def _find(text: str, folded: str, tongue: Tongue) -> Wish:
    patterns = tongue.patterns
    role = goal = None
    count = 0
    for opening in patterns["role"].finditer(folded):
        wanted = patterns["goal"].search(folded, opening.end(), opening.end() + _ROLE_CHARS)
        if wanted is not None:
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
        tongue=tongue,
    )


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
