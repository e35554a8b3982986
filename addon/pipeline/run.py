"""The life of a run of kind `pipeline`: read the issue, write criteria, write scenarios for them, put both in Jira."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from addon.errors import Invalid
from addon.generation import asking, facts
from addon.generation.makers import Basis, CriteriaMaker, Made, ScenariosMaker
from addon.generation.slips import Origin, Picked
from addon.generation.stages import Beside, once
from addon.generation.wishes import wishes
from addon.observe.metrics import PIPELINE_SECONDS
from addon.pipeline.drafts import PipelineDrafts
from addon.reading.facts import Facts
from addon.results.criteria import CriteriaResult
from addon.results.pipeline import PipelineResult
from addon.results.scenarios import ScenariosResult
from addon.runs.feature import Draft, Outcome, Work
from addon.store.repos.runs import Run


class PipelineFeature:
    """Runs of kind `pipeline`. criteria, scenarios: who writes them."""

    kind = "pipeline"

    def __init__(self, criteria: CriteriaMaker, scenarios: ScenariosMaker, *, drafts: PipelineDrafts) -> None:
        self._criteria = criteria
        self._scenarios = scenarios
        self._drafts = drafts

    async def run(self, work: Work) -> Outcome:
        """Raises JiraError when the issue cannot be read, ModelNeeded, ModelError when it is worth another attempt.

        A later attempt goes on after the last stage that was finished.
        """
        if wishes(work.run).regenerate:
            raise Invalid("One item is written anew by a run of its own kind.")
        read = await facts.read(work, lambda found: self._hash(work, found))
        made = await self._earlier(work, read) or await self._new(work, read)
        await work.progress.stage("writing")
        origin = Origin(work.run, made.bill or {}, read.service_desk)
        field = work.settings.criteria_field or ""
        picked = [Picked(target, field=field) for target in made.result.targets]
        drafts = tuple(self._drafts.wanted(origin, made.result, picked=picked))
        PIPELINE_SECONDS.observe(max(time.time() - work.run.created_at, 0.0))
        return Outcome(result=made.result.model_dump(mode="json"), usage=made.bill, drafts=drafts)

    def drafts(
        self, run: Run, target: str, *, items: Sequence[int], edits: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Draft, ...]:
        """What a person chose. Raises Invalid for anything the result does not hold."""
        if run.result is None:
            raise Invalid("This pipeline has no result yet.")
        result = PipelineResult.model_validate(run.result)
        return self._drafts.of(Origin.of(run), result, picked=Picked(target, items, edits))

    async def _earlier(self, work: Work, read: Facts) -> Made[PipelineResult] | None:
        known = await facts.earlier(work, self._hash(work, read))
        result = PipelineResult.model_validate(known) if known else None
        if result is None or {result.criteria.notice, result.scenarios.notice} & set(asking.PASSING):
            return None
        by_model = "model" in (result.criteria.author, result.scenarios.author)
        bill = asking.together(*self._unspent(work)) if by_model else None
        # Where it is written belongs to this run, not to the one the words are from.
        return Made(result.model_copy(update={"targets": wishes(work.run).targets}), bill)

    async def _new(self, work: Work, read: Facts) -> Made[PipelineResult]:
        await work.progress.stage("criteria")
        first = await once(
            work, "criteria", shape=CriteriaResult,
            make=lambda: self._criteria.make(_showing(work, "criteria", finished={}), read),
        )  # fmt: skip
        await work.progress.stage("scenarios")
        criteria = first.result.criteria
        basis = Basis(criteria.criteria, criteria.language, "run")
        finished = {"criteria": criteria.model_dump(mode="json")}
        second = await once(
            work, "scenarios", shape=ScenariosResult,
            make=lambda: self._scenarios.make(_showing(work, "scenarios", finished=finished), read, basis=basis),
        )  # fmt: skip
        result = PipelineResult(criteria=first.result, scenarios=second.result, targets=wishes(work.run).targets)
        return Made(result, asking.together(first.bill, second.bill))

    def _unspent(self, work: Work) -> tuple[asking.Bill, asking.Bill]:
        criteria, scenarios = self._versions(work)
        return asking.unspent(work, criteria), asking.unspent(work, scenarios)

    def _versions(self, work: Work) -> tuple[str, str]:
        return self._criteria.version(_half(work, "criteria")), self._scenarios.version(_half(work, "scenarios"))

    def _hash(self, work: Work, read: Facts) -> str:
        asked = wishes(work.run)
        own = {kind: prompt.text for kind, prompt in work.prompts.items()}
        prompts = ", ".join(self._versions(work))
        return facts.hashed(work, read, prompts=prompts, count=asked.count, kinds=sorted(asked.kinds), own=own)


def _showing(work: Work, name: str, *, finished: dict[str, Any]) -> Work:
    return replace(_half(work, name), progress=Beside(work.progress, name, finished))


def _half(work: Work, kind: str) -> Work:
    """The work as whoever writes one half sees it: with the project's words for that kind."""
    return replace(work, prompt=work.prompts.get(kind))
