"""The life of one analysis: read the issue, have it judged, draft what may be written."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from addon.analysis import prompt
from addon.analysis.anew import renewed
from addon.analysis.drafts import Drafts
from addon.analysis.judging import Judge, Verdict
from addon.llm.answer import Usage
from addon.reading import issue as reading
from addon.reading.facts import Facts, input_hash
from addon.results.analysis import AnalysisResult
from addon.runs.feature import Draft, Outcome, Work
from addon.store.repos.runs import Run


class AnalysisFeature:
    """Runs of kind `analysis`."""

    kind = "analysis"

    def __init__(self, drafts: Drafts) -> None:
        self._judge = Judge()
        self._drafts = drafts

    async def run(self, work: Work) -> Outcome:
        """Raises JiraError when the issue cannot be read, ModelError when it is worth trying the model again."""
        facts = await _facts(work)
        anew = "regenerate" in work.run.params
        known = None if anew else await _known(work, facts)
        result, usage = known or await (renewed(work, facts) if anew else self._judge.verdict(work, facts))
        # One item written anew is only proposed, and a change of the issue that changes nothing for us must not make
        # its comment look edited.
        silent = anew or (known is not None and work.run.trigger == "update")
        drafts = () if silent else await self._drafts.automatic(work, facts, result=result, usage=usage)
        return Outcome(result=result.model_dump(mode="json"), usage=usage, drafts=drafts)

    def drafts(
        self, run: Run, target: str, *, items: Sequence[int], edits: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Draft, ...]:
        """What a person asked for; see Drafts.asked."""
        return self._drafts.asked(run, target, items=items, edits=edits)


async def _facts(work: Work) -> Facts:
    """What the first attempt read, so that a second one judges, and pays for, the same text."""
    await work.progress.stage("reading")
    if work.run.facts is not None:
        return Facts.model_validate(work.run.facts)
    if work.base is not None and work.base.facts is not None and "regenerate" in work.run.params:
        # What stays of the earlier result was said about the text as it was then.
        facts = Facts.model_validate(work.base.facts)
        await work.save_facts(work.base.facts, _hash(work, facts))
        return facts
    facts = await reading.read(
        work.jira,
        str(work.run.issue_id),
        own_account_id=work.tenant.app_account_id,
        criteria_field=work.settings.criteria_field,
        ours=work.ours,
    )
    await work.save_facts(facts.model_dump(mode="json"), _hash(work, facts))
    return facts


async def _known(work: Work, facts: Facts) -> Verdict | None:
    """The verdict of an earlier run on the very same input, unless a new one is forced."""
    known = None if work.run.params.get("force") else await work.earlier(_hash(work, facts))
    result = AnalysisResult.model_validate(known.result) if known is not None else None
    # What the rules said while the model was away, or the budget spent, is no reason not to ask it now.
    if result is None or result.notice in ("model_failed", "budget_spent"):
        return None
    if result.author == "rules" or work.choice is None:
        return result, None
    # The hash holds model and prompt, so they are known; this time nothing is spent.
    return result, asdict(Usage(work.choice.provider, work.choice.model, prompt.version(work, facts)))


def _hash(work: Work, facts: Facts) -> str:
    choice, settings = work.choice, work.settings
    if choice is None:
        return input_hash(facts, language=settings.language)
    said = work.run.params.get("regenerate") or str(work.run.params.get("instruction") or "")
    return input_hash(
        facts,
        language=settings.language,
        instruction=[prompt.wanted(work), said] if said else prompt.wanted(work),
        model=[choice.provider, choice.model, choice.base_url],
        prompt=prompt.version(work, facts),
    )
