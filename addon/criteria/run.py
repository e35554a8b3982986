"""The life of a run of kind `criteria`: read the issue, have its criteria written, draft what was asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

from addon.errors import Invalid
from addon.generation import facts, outcomes
from addon.generation.basis import criteria_of
from addon.generation.criteria_drafts import CriteriaDrafts
from addon.generation.makers import CriteriaMaker, Made
from addon.generation.slips import Origin, Picked
from addon.generation.wishes import wishes
from addon.reading.facts import Facts
from addon.results.criteria import CriteriaResult
from addon.runs.feature import Draft, Outcome, Work
from addon.store.repos.runs import Run


class CriteriaFeature:
    """Runs of kind `criteria`."""

    kind = "criteria"

    def __init__(self, maker: CriteriaMaker, drafts: CriteriaDrafts) -> None:
        self._maker = maker
        self._drafts = drafts

    async def run(self, work: Work) -> Outcome:
        """Raises JiraError when the issue cannot be read, ModelNeeded, ModelError when it is worth another attempt."""
        read = await facts.read(work, lambda found: self._hash(work, found))
        known = await outcomes.known(
            work, CriteriaResult, input_hash=self._hash(work, read), version=self._maker.version(work)
        )
        made = known or await self._new(work, read)
        return outcomes.ended(work, read, made=made, drafts=self._drafts)

    def drafts(
        self, run: Run, target: str, *, items: Sequence[int], edits: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Draft, ...]:
        """What a person chose. Raises Invalid for anything the result does not hold."""
        result = criteria_of(run)
        if result is None:
            raise Invalid("These criteria are not there yet.")
        return self._drafts.of(Origin.of(run), result, picked=Picked(target, items, edits))

    async def _new(self, work: Work, read: Facts) -> Made[CriteriaResult]:
        # Also for the rules, who need no time for it: every run of a kind shows the same steps.
        await work.progress.stage("thinking")
        anew = wishes(work.run).regenerate
        if anew is None:
            made = await self._maker.make(work, read)
        else:
            base = criteria_of(work.base)
            if base is None or anew.part != "criteria":
                raise Invalid("There are no criteria to write one of anew.")
            made = await self._maker.anew(work, read, base=base, item=anew.item)
        await work.progress.stage("checking")
        return made

    def _hash(self, work: Work, read: Facts) -> str:
        return facts.hashed(work, read, prompts=self._maker.version(work))
