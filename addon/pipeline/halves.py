"""The two halves of a pipeline, made one after the other, each kept as soon as it is there."""

from dataclasses import replace
from typing import Any

from addon.generation import asking
from addon.generation.grounds import Basis
from addon.generation.makers import CriteriaMaker, Made, ScenariosMaker
from addon.generation.stages import Beside, once
from addon.generation.wishes import wishes
from addon.reading.facts import Facts
from addon.results.criteria import CriteriaResult
from addon.results.pipeline import PipelineResult
from addon.results.scenarios import ScenariosResult
from addon.runs.feature import Stored, Work


class Halves:
    """criteria, scenarios: who writes them."""

    def __init__(self, criteria: CriteriaMaker, scenarios: ScenariosMaker) -> None:
        self._criteria = criteria
        self._scenarios = scenarios

    def versions(self, work: Work) -> str:
        """Of both prompts."""
        criteria, scenarios = _half(work, "criteria"), _half(work, "scenarios")
        return f"{self._criteria.version(criteria)}, {self._scenarios.version(scenarios)}"

    async def make(self, work: Work, facts: Facts) -> Made[PipelineResult]:
        """Goes on after the last half that an attempt before this one finished. Raises as the makers do."""
        await work.progress.stage("criteria")
        first = await once(
            work, "criteria", shape=CriteriaResult,
            make=lambda: self._criteria.make(_showing(work, "criteria", finished={}), facts),
        )  # fmt: skip
        await work.progress.stage("scenarios")
        criteria = first.result.criteria
        basis = Basis(criteria.criteria, criteria.language, "run")
        # Partial results are the whole of what is known: the finished half stays in sight while the other is written.
        finished = {"criteria": criteria.model_dump(mode="json")}
        second = await once(
            work, "scenarios", shape=ScenariosResult,
            make=lambda: self._scenarios.make(_showing(work, "scenarios", finished=finished), facts, basis=basis),
        )  # fmt: skip
        result = PipelineResult(criteria=first.result, scenarios=second.result, targets=wishes(work.run).targets)
        return Made(result, asking.together(first.bill, second.bill))

    def known(self, work: Work, stored: Stored) -> Made[PipelineResult] | None:
        """The result of an earlier run on the same input as one of this run; None when asking again may do better."""
        result = PipelineResult.model_validate(stored.result)
        if {result.criteria.notice, result.scenarios.notice} & set(asking.PASSING):
            return None
        by_model = "model" in (result.criteria.author, result.scenarios.author)
        bill = asking.unspent(work, self.versions(work)) if by_model else None
        # Where it is written belongs to this run, not to the one the words are from.
        return Made(result.model_copy(update={"targets": wishes(work.run).targets}), bill, stored.origin)


def _half(work: Work, kind: str) -> Work:
    """With the project's words for the whole, else with those for this kind of run."""
    return replace(work, prompt=work.prompt or work.prompts.get(kind))


def _showing(work: Work, kind: str, *, finished: dict[str, Any]) -> Work:
    return replace(_half(work, kind), progress=Beside(work.progress, kind, finished))
