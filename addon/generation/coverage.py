"""Which criteria are tested by which scenarios: counted, never taken from a model."""

from collections.abc import Sequence
from typing import Protocol

from addon.results.part import Kind
from addon.results.scenarios import Covered, Scenario


class Criterion(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def kind(self) -> Kind: ...


def coverage(criteria: Sequence[Criterion], scenarios: Sequence[Scenario]) -> list[Covered]:
    """Every criterion, in order, with the ids of the scenarios that name it."""
    return [
        Covered(
            id=criterion.id,
            title=criterion.title,
            kind=criterion.kind,
            scenarios=[scenario.id for scenario in scenarios if criterion.id in scenario.covers],
        )
        for criterion in criteria
    ]
