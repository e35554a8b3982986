"""The life of a run of kind `pipeline`: read the issue, write criteria, write scenarios for them, put both in Jira."""

from collections.abc import Mapping, Sequence
from typing import Any

from addon.errors import Invalid
from addon.generation import facts
from addon.generation.makers import Made
from addon.generation.slips import Origin, Picked
from addon.generation.wishes import wishes
from addon.observe.metrics import PIPELINE_SECONDS
from addon.pipeline.drafts import PipelineDrafts
from addon.pipeline.halves import Halves
from addon.reading.facts import Facts
from addon.results.pipeline import PipelineResult
from addon.runs.feature import Draft, Outcome, Work
from addon.store.repos.runs import Run


class PipelineFeature:
    """Runs of kind `pipeline`."""

    kind = "pipeline"

    def __init__(self, halves: Halves, drafts: PipelineDrafts) -> None:
        self._halves = halves
        self._drafts = drafts

    async def run(self, work: Work) -> Outcome:
        """Raises JiraError when the issue cannot be read, ModelNeeded, ModelError when it is worth another attempt.

        A later attempt goes on after the last stage that was finished.
        """
        if wishes(work.run).regenerate:
            raise Invalid("One item is written anew by a run of its own kind.")
        read = await facts.read(work, lambda found: self._hash(work, found))
        made = await self._earlier(work, read) or await self._halves.make(work, read)
        await work.progress.stage("writing")
        origin = Origin(work.run, made.bill or {}, read.service_desk, made.origin or "")
        field = work.settings.criteria_field or ""
        picked = [Picked(target, field=field) for target in made.result.targets]
        drafts = tuple(self._drafts.wanted(origin, made.result, picked=picked))
        # From the click to the result, whatever waiting and however many attempts lie between.
        PIPELINE_SECONDS.observe(max(work.now() - work.run.created_at, 0.0))
        stored = made.result.model_dump(mode="json")
        return Outcome(result=stored, usage=made.bill, drafts=drafts, origin=made.origin)

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
        return self._halves.known(work, known) if known else None

    def _hash(self, work: Work, read: Facts) -> str:
        asked = wishes(work.run)
        prompts = self._halves.versions(work)
        return facts.hashed(work, read, prompts=prompts, count=asked.count, kinds=sorted(asked.kinds))
