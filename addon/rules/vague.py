"""Words without a measure."""

from collections.abc import Iterable
from dataclasses import dataclass

from addon.rules.fold import fold
from addon.rules.marks import FIGURE
from addon.rules.tongue import Tongue

_FAMILY = 4
"""Letters that words of one family share: fast and faster, easy and easily."""


@dataclass(frozen=True, slots=True)
class Vague:
    """A word without a measure, as written, and the statement it stands in. kind: what to ask about it."""

    kind: str
    word: str
    statement: str


def vague_words(tongue: Tongue, statements: Iterable[str], *, benefit: str) -> list[Vague]:
    """One word of each family, in order of the text; a figure beside them is a measure.

    benefit: the reason that is given, which may be vague: it is not what will be built.
    """
    found: dict[tuple[str, str], Vague] = {}
    for statement in statements:
        folded = fold(statement)
        if FIGURE.search(folded):
            continue
        begins = statement.find(benefit) if benefit else -1
        spared = range(begins, begins + len(benefit)) if begins >= 0 else range(0)
        hits = [
            (match.start(), kind, statement[match.start() : match.end()])
            for kind in tongue.vague
            for match in tongue.patterns[f"vague.{kind}"].finditer(folded)
            # A word of its own: "fast-forward" and "best-seller" are names.
            if match.start() not in spared and folded[match.end() : match.end() + 1] != "-"
        ]
        for _, kind, word in sorted(hits):
            found.setdefault((kind, fold(word).replace("y", "i")[:_FAMILY]), Vague(kind, word, statement))
    return list(found.values())
