"""The criteria scenarios are written for: of an earlier run, or of the issue itself."""

from addon.errors import Invalid
from addon.generation import edited
from addon.generation.grounds import Basis
from addon.generation.story import story_of
from addon.reading.facts import Facts
from addon.results.criteria import AcceptanceCriterion, CriteriaResult
from addon.results.pipeline import PipelineResult
from addon.results.scenarios import ScenariosResult
from addon.rules import acceptance
from addon.runs.feature import Work
from addon.store.repos.runs import Run
from addon.store.repos.verdicts import REJECTED


def criteria_of(run: Run | None) -> CriteriaResult | None:
    """The criteria a run wrote, None for one that writes none."""
    if run is None or run.result is None:
        return None
    if run.kind == "criteria":
        return CriteriaResult.model_validate(run.result)
    return PipelineResult.model_validate(run.result).criteria if run.kind == "pipeline" else None


def scenarios_of(run: Run | None) -> ScenariosResult | None:
    """The scenarios a run wrote, None for one that writes none."""
    if run is None or run.result is None:
        return None
    if run.kind == "scenarios":
        return ScenariosResult.model_validate(run.result)
    return PipelineResult.model_validate(run.result).scenarios if run.kind == "pipeline" else None


def found(work: Work, facts: Facts) -> Basis | None:
    """What the run is based on, else what the issue holds; None where the criteria have to be written first."""
    written = criteria_of(work.base)
    kept = _kept(work, written) if written else []
    # A run that found no criteria, or none that people kept, is no reason to overlook those the issue holds.
    if written and kept:
        return Basis(kept, written.criteria.language, "run")
    own = acceptance.own(story_of(facts, work.settings.language))
    return Basis(own.criteria, own.language, "issue") if own and own.criteria else None


def _kept(work: Work, written: CriteriaResult) -> list[AcceptanceCriterion]:
    """The criteria as people left them, without those they rejected; ids stay what they were."""
    kept = []
    for number, criterion in enumerate(written.criteria.criteria):
        decided = work.decided.get(("criteria", number))
        if decided is None or decided.verdict != REJECTED:
            kept.append(edited.criterion(criterion, (decided.edit if decided else None) or {}))
    return kept


def tested(work: Work) -> tuple[ScenariosResult, Basis]:
    """The scenarios one of which is to be written anew, and their criteria. Raises Invalid without any."""
    result = scenarios_of(work.base)
    if result is None:
        raise Invalid("There are no scenarios to write one of anew.")
    written = criteria_of(work.base)
    if written:
        return result, Basis(written.criteria.criteria, written.criteria.language, result.criteria_from)
    # A run of scenarios keeps of each criterion what it takes to count coverage.
    kept = [
        AcceptanceCriterion(
            id=item.id, quote="", assumption="", kind=item.kind, title=item.title, given=[], when="", then=[item.title]
        )
        for item in result.coverage
    ]
    return result, Basis(kept, result.scenarios.language, result.criteria_from)
