"""What of acceptance criteria may be written where."""

from collections.abc import Iterable, Iterator

from addon.adf.content import Block
from addon.generation import edited, render_criteria
from addon.generation.page import Say, Told, closing, fitted, opening
from addon.generation.slips import Origin, Picked, unknown
from addon.gherkin.feature import steps, written
from addon.i18n.catalog import N_, Texts
from addon.results.criteria import AcceptanceCriterion, CriteriaResult
from addon.runs.contents import SubtaskContent, TestContent
from addon.runs.feature import Draft

TITLE = N_("Acceptance criteria")


class CriteriaDrafts:
    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def wanted(self, origin: Origin, result: CriteriaResult, *, picked: Iterable[Picked]) -> Iterator[Draft]:
        """Drafts for several targets. What nobody found anything for is not written, and no reason to lose the rest."""
        for each in picked:
            if each.target == "comment" or result.criteria.criteria:
                yield from self.of(origin, result, picked=each)

    def of(self, origin: Origin, result: CriteriaResult, *, picked: Picked) -> tuple[Draft, ...]:
        """Raises Invalid for what the result does not hold, and for targets that take no criteria."""
        if picked.target == "questions":
            asked = result.criteria
            return (origin.questions(picked, all_of=asked.questions, language=asked.language),)
        result = chosen(result, picked)
        criteria, say = result.criteria.criteria, self._texts.of(result.criteria.language)
        match picked.target:
            case "comment":
                return (origin.comment(self._comment(origin, result, say=say), kind="criteria"),)
            case "description":
                found = render_criteria.listed(criteria, say=say)
                return (origin.description("criteria", title=say(TITLE), blocks=found),)
            case "field":
                line = render_criteria.in_one_line(criteria)
                return (origin.field(picked.field, blocks=render_criteria.listed(criteria, say=say), line=line),)
            case "subtasks":
                return tuple(
                    origin.subtask(number, self._subtask(criterion, result.criteria.language))
                    for number, criterion in _numbered(result, picked)
                )
            case "xray" | "zephyr" as tool:
                return tuple(
                    origin.test(tool, number, content=_test(criterion, result.criteria.language))
                    for number, criterion in _numbered(result, picked)
                )
        raise unknown(picked.target)

    def _comment(self, origin: Origin, result: CriteriaResult, *, say: Say) -> dict[str, object]:
        told = Told(result.author, result.notice, origin.usage, result.dropped)

        def build(cut: frozenset[str]) -> list[Block]:
            return [
                *opening(say(TITLE), told, say=say),
                *render_criteria.blocks(result, say=say, cut=cut),
                *closing([told], say=say, cut=bool(cut)),
            ]

        return fitted(build, render_criteria.CUTS)

    def _subtask(self, criterion: AcceptanceCriterion, language: str) -> SubtaskContent:
        description = render_criteria.markdown(criterion, say=self._texts.of(language))
        return SubtaskContent(title=criterion.title, description=description, language=language)


def chosen(result: CriteriaResult, picked: Picked) -> CriteriaResult:
    """The result with nothing but what is to be written, as people edited it. Raises Invalid."""
    criteria = result.criteria.criteria
    # A comment may hold questions alone; every other place needs something to hold.
    if not criteria and picked.target == "comment" and not picked.items:
        return result
    numbers = picked.of(len(criteria))
    kept = [edited.criterion(criteria[number], picked.edit(number)) for number in numbers]
    if kept == criteria:
        return result
    whole = result.criteria.model_copy(update={"criteria": kept})
    # Remarks on criteria that were left out or edited are no longer true.
    return result.model_copy(update={"criteria": whole, "gherkin": written(whole), "lint": []})


def _numbered(result: CriteriaResult, picked: Picked) -> list[tuple[int, AcceptanceCriterion]]:
    criteria = result.criteria.criteria
    # By the number in the stored result, which markers and verdicts use, whatever was left out.
    numbers = list(dict.fromkeys(picked.items)) or range(len(criteria))
    return list(zip(numbers, criteria, strict=True))


def _test(criterion: AcceptanceCriterion, language: str) -> TestContent:
    return TestContent(
        style="gherkin",
        title=criterion.title,
        objective=criterion.quote or criterion.assumption,
        gherkin=steps(criterion, language),
        labels=[criterion.kind.replace("_", "-")],
        language=language,
    )
