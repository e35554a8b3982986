"""What of a pipeline may be written where: the comment tells both, other places take the half that belongs there."""

from collections.abc import Iterable, Iterator

from addon.adf.content import Block
from addon.generation import render_criteria, render_scenarios
from addon.generation.criteria_drafts import TITLE as CRITERIA
from addon.generation.criteria_drafts import CriteriaDrafts
from addon.generation.page import Told, closing, fitted, opening
from addon.generation.scenario_drafts import TITLE as SCENARIOS
from addon.generation.scenario_drafts import ScenarioDrafts
from addon.generation.slips import Origin, Picked
from addon.i18n.catalog import Texts
from addon.results.pipeline import PipelineResult
from addon.runs.feature import Draft

OF_CRITERIA = ("description", "field", "questions")
CUTS = ("gherkin", "lint", "preconditions", "evidence", "steps", "questions", "clauses", "coverage")
"""What the comment gives up, in this order."""


class PipelineDrafts:
    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._criteria = CriteriaDrafts(texts)
        self._scenarios = ScenarioDrafts(texts)

    def of(self, origin: Origin, result: PipelineResult, *, picked: Picked) -> tuple[Draft, ...]:
        """Raises Invalid for what the result does not hold, and for unknown targets."""
        if picked.target == "comment":
            return (origin.comment(self._comment(origin, result), kind="pipeline"),)
        if picked.target in OF_CRITERIA:
            return self._criteria.of(origin, result.criteria, picked=picked)
        return self._scenarios.of(origin, result.scenarios, picked=picked)

    def wanted(self, origin: Origin, result: PipelineResult, *, picked: Iterable[Picked]) -> Iterator[Draft]:
        """Drafts for several targets, none where there is nothing to write."""
        for each in picked:
            if each.target == "comment":
                yield from self.of(origin, result, picked=each)
            elif each.target in OF_CRITERIA:
                yield from self._criteria.wanted(origin, result.criteria, picked=[each])
            else:
                yield from self._scenarios.wanted(origin, result.scenarios, picked=[each])

    def _comment(self, origin: Origin, result: PipelineResult) -> dict[str, object]:
        say = self._texts.of(result.criteria.criteria.language)
        told = [
            Told(result.criteria.author, result.criteria.notice, origin.usage, result.criteria.dropped),
            Told(result.scenarios.author, result.scenarios.notice, origin.usage),
        ]

        def build(cut: frozenset[str]) -> list[Block]:
            return [
                *opening(say(CRITERIA), told[0], say=say),
                *render_criteria.blocks(result.criteria, say=say, cut=cut),
                *opening(say(SCENARIOS), told[1], say=say, after=told[0]),
                *render_scenarios.blocks(result.scenarios, say=say, cut=cut),
                *closing(told, say=say, cut=bool(cut)),
            ]

        return fitted(build, CUTS)
