"""Who writes criteria and scenarios, as those see them that need both: the rooms that write them know no neighbour."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from addon.generation.asking import Bill
from addon.generation.grounds import Basis
from addon.reading.facts import Facts
from addon.results.criteria import CriteriaResult
from addon.results.part import Part
from addon.results.scenarios import ScenariosResult
from addon.runs.feature import Work

R = TypeVar("R", bound=Part, covariant=True)


@dataclass(frozen=True, slots=True)
class Made(Generic[R]):
    """A result and what it cost. origin: id of the run it was first made for, None for one that is new."""

    result: R
    bill: Bill
    origin: str | None = None


class CriteriaMaker(Protocol):
    """Both raise ModelNeeded where only a model could, and ModelError when it is worth another attempt of the run."""

    def version(self, work: Work) -> str:
        """Of the prompt."""

    async def make(self, work: Work, facts: Facts) -> Made[CriteriaResult]: ...

    async def anew(self, work: Work, facts: Facts, *, base: CriteriaResult, item: int) -> Made[CriteriaResult]:
        """The base with one item written anew. Raises Invalid for an item there is not."""


class ScenariosMaker(Protocol):
    """Raise as those of CriteriaMaker do."""

    def version(self, work: Work) -> str: ...

    async def make(self, work: Work, facts: Facts, *, basis: Basis) -> Made[ScenariosResult]: ...

    async def anew(
        self, work: Work, facts: Facts, *, base: ScenariosResult, item: int, basis: Basis
    ) -> Made[ScenariosResult]: ...
