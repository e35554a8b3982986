"""What somebody does until the fault shows, told in prose: the clauses of a text that begin with an action."""

from collections.abc import Iterable

from addon.rules.fold import fold
from addon.rules.tongue import Tongue

_MARKS = " \t*_`\"'“”«»()[]0123456789.-\u00a0"
_MOST_CLAUSES = 40


def told(tongue: Tongue, statements: Iterable[str]) -> list[str]:
    """The statements which tell an action, once for every action in them."""
    return [statement for statement in statements for _ in range(_count(tongue, statement))]


def _count(tongue: Tongue, statement: str) -> int:
    folded, start, found = fold(statement[:2000]), 0, 0
    if not tongue.patterns["attempt"].search(folded):
        ends = [match.span() for match in tongue.patterns["parting"].finditer(folded)][:_MOST_CLAUSES]
        for end, following in [*ends, (len(folded), len(folded))]:
            found += _is_deed(tongue, statement[start:end], folded=folded[start:end], opens=not start)
            start = following
    return found


def _is_deed(tongue: Tongue, clause: str, *, folded: str, opens: bool) -> bool:
    lead = len(folded) - len(folded.lstrip(_MARKS))
    match = tongue.patterns["action"].match(folded, lead)
    if match is None:
        return False
    # "I pay" is an action by itself; "Search is slow" begins with a noun that only looks like one.
    if match["who"] or match["by"]:
        return True
    rest = clause[match.end() :].strip()
    if not rest:
        return not opens
    word = fold(rest).replace("'", " ").split()[0]
    return word in tongue.objects or not rest[0].islower()
