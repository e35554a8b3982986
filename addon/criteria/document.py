"""From checked criteria to what is stored: their Gherkin, and in words what could not be mended."""

from collections.abc import Callable

from addon.gherkin import lint
from addon.gherkin.feature import written
from addon.i18n.catalog import N_
from addon.results.criteria import AcceptanceCriterion, Criteria, CriteriaResult
from addon.results.part import Author, Notice

MOST_REMARKS = 30
UNFOUNDED = N_("The issue does not say this; somebody has to confirm it.")


def document(
    criteria: Criteria, *, author: Author, notice: Notice = "", dropped: int = 0, say: Callable[[str], str]
) -> CriteriaResult:
    """say: into the language of the criteria. Raises ValueError when they cannot be put as Gherkin."""
    whole = criteria.model_copy(update={"criteria": [_founded(item, say) for item in criteria.criteria]})
    found = lint.findings(whole.criteria, whole.language)
    return CriteriaResult(
        author=author,
        notice=notice,
        dropped=dropped,
        gherkin=written(whole),
        lint=[finding.said(say) for finding in found[:MOST_REMARKS]],
        criteria=whole,
    )


def _founded(criterion: AcceptanceCriterion, say: Callable[[str], str]) -> AcceptanceCriterion:
    # One that rests on nothing must not look like one that rests on the issue.
    if criterion.quote or criterion.assumption:
        return criterion
    return criterion.model_copy(update={"assumption": say(UNFOUNDED)})
