"""The life of a run of kind `scenarios`: find the criteria, have scenarios written, draft what was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from addon.errors import Invalid
from addon.generation import asking, basis, facts, outcomes
from addon.generation.grounds import Basis
from addon.generation.makers import CriteriaMaker, Made, ScenariosMaker
from addon.generation.scenario_drafts import ScenarioDrafts
from addon.generation.slips import Origin, Picked
from addon.generation.stages import criteria_stage
from addon.generation.wishes import wishes
from addon.reading.facts import Facts
from addon.results.scenarios import ScenariosResult
from addon.runs.feature import Draft, Outcome, Work
from addon.store.repos.runs import Run


class ScenariosFeature:
    """Runs of kind `scenarios`. criteria: writes them for an issue that has none."""

    kind = "scenarios"

    def __init__(self, maker: ScenariosMaker, criteria: CriteriaMaker, *, drafts: ScenarioDrafts) -> None:
        self._maker = maker
        self._criteria = criteria
        self._drafts = drafts

    async def run(self, work: Work) -> Outcome:
        """Raises JiraError when the issue cannot be read, ModelNeeded, ModelError when it is worth another attempt."""
        read = await facts.read(work, lambda found: self._hash(work, found))
        known = await outcomes.known(
            work, ScenariosResult, input_hash=self._hash(work, read), version=self._maker.version(work)
        )
        made = known or await self._new(work, read)
        return outcomes.ended(work, read, made=made, drafts=self._drafts)

    def drafts(
        self, run: Run, target: str, *, items: Sequence[int], edits: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Draft, ...]:
        """What a person chose. Raises Invalid for anything the result does not hold."""
        result = basis.scenarios_of(run)
        if result is None:
            raise Invalid("These scenarios are not there yet.")
        return self._drafts.of(Origin.of(run), result, picked=Picked(target, items, edits))

    async def _new(self, work: Work, read: Facts) -> Made[ScenariosResult]:
        await work.progress.stage("thinking")
        anew = wishes(work.run).regenerate
        if anew is None:
            found = basis.found(work, read)
            made = await (self._for(work, read, found=found) if found else self._from_nothing(work, read))
        elif anew.part == "scenarios":
            base, criteria = basis.tested(work)
            made = await self._maker.anew(work, read, base=base, item=anew.item, basis=criteria)
        else:
            raise Invalid("There are no such scenarios to write one of anew.")
        await work.progress.stage("checking")
        return made

    async def _for(self, work: Work, read: Facts, *, found: Basis) -> Made[ScenariosResult]:
        return await self._maker.make(work, read, basis=found)

    async def _from_nothing(self, work: Work, read: Facts) -> Made[ScenariosResult]:
        # What the project and the person say about scenarios is not meant for the criteria before them.
        quiet = replace(work.run, params={})
        first = await criteria_stage(
            replace(work, run=quiet, prompt=work.prompts.get("criteria")), read, maker=self._criteria
        )
        criteria = first.result.criteria
        made = await self._for(work, read, found=Basis(criteria.criteria, criteria.language, "analysis"))
        return Made(made.result, asking.together(made.bill, first.bill))

    def _hash(self, work: Work, read: Facts) -> str:
        # None stands for criteria that are still to be written: they follow from what is hashed besides.
        asked = wishes(work.run)
        found = basis.found(work, read)
        criteria = [criterion.model_dump() for criterion in found.criteria] if found else None
        prompts = self._maker.version(work)
        return facts.hashed(
            work, read, prompts=prompts, criteria=criteria, count=asked.count, kinds=sorted(asked.kinds)
        )
