"""Writing one item of an earlier analysis anew, at a person's wish; everything else of it stays."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from addon.analysis import prompt
from addon.analysis.check import Check
from addon.errors import Invalid
from addon.generation.asking import Asked, ask
from addon.reading.facts import Facts
from addon.results.analysis import AnalysisResult, Criterion, Subtask
from addon.results.part import Part
from addon.runs.feature import Work

T = TypeVar("T", bound=Part)

Show = Callable[[dict[str, Any]], dict[str, Any]]

ALONE = "Writing one item anew takes a language model; connect one, or edit the item yourself."


class Wish(BaseModel):
    """What `params["regenerate"]` holds. item: its place in the part's list."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    part: str = Field(pattern="^(subtasks|criteria)$")
    item: int = Field(ge=0)
    instruction: str = ""


class ItemCheck(Generic[T]):
    """Checks answers that are one item. before: the one it replaces. show: what a reader sees of half an answer."""

    def __init__(self, clean: Callable[[T], T | None], *, before: T, show: Show) -> None:
        self._clean = clean
        self._before = before
        self._show = show
        self._asked_again = False
        self.best: T | None = None

    def __call__(self, answer: T) -> T:
        """The item as it may be shown. Raises ValueError with a message for the model."""
        found = self._clean(answer)
        if found is None:
            raise ValueError("the item is empty; give it words")
        if found == self._before and not self._asked_again:
            self._asked_again = True
            raise ValueError("this is the very item a person was not satisfied with; write a different one")
        self.best = found
        return found

    def preview(self, partial: Mapping[str, Any]) -> dict[str, Any]:
        return self._show(dict(partial))


async def renewed(work: Work, facts: Facts) -> tuple[AnalysisResult, dict[str, Any] | None]:
    """The earlier result with one item written anew, and what that cost.

    Raises Invalid when there is no such item, ModelNeeded without a model, ModelError when it fails.
    """
    base, wish = _asked_for(work)
    items: list[Any] = list(getattr(base.analysis, wish.part))
    before = items[wish.item]
    check = Check(facts, language=base.analysis.language, hosts=work.tenant.hosts)
    others = [item for number, item in enumerate(items) if number != wish.item]
    question = prompt.build_anew(
        work,
        facts,
        wish=prompt.OneItem(
            part=wish.part,
            items=[item.model_dump_json() for item in (*others, before)],
            language=base.analysis.language,
            said=wish.instruction,
        ),
    )

    def show(partial: dict[str, Any]) -> dict[str, Any]:
        listed = [item.model_dump() for item in items]
        listed[wish.item] = check.shown(partial)
        return {wish.part: listed}

    await work.progress.stage("thinking")
    asked: Asked[Any]
    if wish.part == "subtasks":
        asked = await ask(work, question, shape=Subtask, check=ItemCheck(check.subtask, before=before, show=show))
    else:
        asked = await ask(work, question, shape=Criterion, check=ItemCheck(check.criterion, before=before, show=show))
    if asked.value is None:
        # No rule can guess what a person did not like.
        asked.must(ALONE)
    await work.progress.stage("checking")
    # The mark over all aspects stays: it judges the issue, and the issue is the same.
    items[wish.item] = asked.value
    analysis = base.analysis.model_copy(update={wish.part: items})
    return base.model_copy(update={"analysis": analysis}), asked.bill


def _asked_for(work: Work) -> tuple[AnalysisResult, Wish]:
    if work.base is None or work.base.kind != work.run.kind:
        raise Invalid("The analysis this item belongs to is gone; analyse the issue again.")
    try:
        wish = Wish.model_validate(work.run.params["regenerate"])
        base = AnalysisResult.model_validate(work.base.result)
    except ValidationError:
        raise Invalid("This cannot be written anew by itself; analyse the issue again.") from None
    if wish.item >= len(getattr(base.analysis, wish.part)):
        raise Invalid("There is no such item to write anew.")
    return base, wish
