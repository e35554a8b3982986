"""The life of a run of kind `scenarios`: find the criteria, have scenarios written, draft what was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from addon.errors import Invalid
from addon.generation import asking, basis, facts
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
        made = await self._earlier(work, read) or await self._new(work, read)
        origin = Origin(work.run, made.bill or {}, read.service_desk, made.origin or "")
        field = work.settings.criteria_field or ""
        picked = [Picked(target, field=field) for target in wishes(work.run).targets]
        drafts = tuple(self._drafts.wanted(origin, made.result, picked=picked))
        stored = made.result.model_dump(mode="json")
        return Outcome(result=stored, usage=made.bill, drafts=drafts, origin=made.origin)

    def drafts(
        self, run: Run, target: str, *, items: Sequence[int], edits: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Draft, ...]:
        """What a person chose. Raises Invalid for anything the result does not hold."""
        result = basis.scenarios_of(run)
        if result is None:
            raise Invalid("These scenarios are not there yet.")
        return self._drafts.of(Origin.of(run), result, picked=Picked(target, items, edits))

    async def _earlier(self, work: Work, read: Facts) -> Made[ScenariosResult] | None:
        known = await facts.earlier(work, self._hash(work, read))
        result = ScenariosResult.model_validate(known.result) if known else None
        # What the rules said while the model was away is no reason not to ask it now.
        if known is None or result is None or result.notice in asking.PASSING:
            return None
        bill = asking.unspent(work, self._maker.version(work)) if result.author == "model" else None
        return Made(result, bill, known.origin)

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
