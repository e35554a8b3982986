"""What scenarios are written for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from addon.results.criteria import AcceptanceCriterion

Source = Literal["run", "issue", "analysis"]


@dataclass(frozen=True, slots=True)
class Basis:
    """The criteria that scenarios are written for, their language, and where they came from (see ScenariosResult)."""

    criteria: Sequence[AcceptanceCriterion]
    language: str
    source: Source

    @property
    def text(self) -> str:
        """The criteria as a model reads them."""
        return "\n\n".join("\n".join(_lines(criterion)) for criterion in self.criteria)


def _lines(criterion: AcceptanceCriterion) -> Iterator[str]:
    yield f"{criterion.id} ({criterion.kind}): {criterion.title}"
    # English keywords whatever the language: they are for the model, and every model knows them.
    for word, clauses in (("Given", criterion.given), ("When", [criterion.when]), ("Then", criterion.then)):
        yield from (f"  {word} {clause}" for clause in clauses if clause)
