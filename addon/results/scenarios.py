"""Test scenarios, whoever wrote them. `Scenarios` is also the wire schema given to models (see analysis.py)."""

from typing import Literal

from addon.results.part import Answer, Kind, Part

Priority = Literal["low", "medium", "high"]


class Step(Part):
    """What the tester does, with which data ("" without), and what must be seen then."""

    action: str
    data: str
    expected: str


class Scenario(Part):
    """One test case. id: "TS-1", … covers: ids of the criteria it tests. preconditions: what must hold before."""

    id: str
    title: str
    kind: Kind
    priority: Priority
    covers: list[str]
    preconditions: list[str]
    steps: list[Step]


class Scenarios(Part):
    """language: ISO 639-1 of the texts."""

    language: str
    scenarios: list[Scenario]


class Covered(Part):
    """One criterion and the ids of the scenarios that test it, none when it is not covered."""

    id: str
    title: str
    kind: Kind
    scenarios: list[str]


class ScenariosResult(Answer):
    """What a run of kind `scenarios` stores. coverage: every criterion, in order, counted by code and not by a model.

    criteria_from: where the criteria came from, "run" (an earlier run of this product), "issue" (its own text) or
    "analysis" (made on the way).
    """

    criteria_from: Literal["run", "issue", "analysis"]
    coverage: list[Covered]
    scenarios: Scenarios

    @property
    def uncovered(self) -> list[str]:
        return [criterion.id for criterion in self.coverage if not criterion.scenarios]
