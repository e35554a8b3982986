"""Asking the model of a run, and what stands in for it when it does not answer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from pydantic import BaseModel

from addon.errors import Conflict
from addon.llm.answer import Usage
from addon.llm.errors import ModelError
from addon.llm.prompt import Prompt
from addon.results.part import Notice
from addon.runs.feature import Work
from addon.store.repos.runs import Run

T = TypeVar("T", bound=BaseModel)

ASKS = 3
"""After so many attempts of a run in a row a model that is only busy is not waited for any longer."""
BUDGET_SPENT = "budget_spent"
PASSING = ("model_failed", "budget_spent")
"""Notices of results that a later run does better when it asks the model again."""

Bill = dict[str, Any] | None
"""A Usage as it is stored; None when no model was asked."""


class ModelNeeded(Conflict):
    """The rules have nothing honest to say here."""

    code = "model_needed"


class Checks(Protocol[T]):
    """How an answer is checked. best: the last one that can be used, whatever became of the repair."""

    best: T | None

    def __call__(self, answer: T) -> T: ...

    def preview(self, partial: Mapping[str, Any]) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """value: None when the rules have to stand in, for the reason in notice; error: what the model failed with."""

    value: T | None
    bill: Bill
    notice: Notice = ""
    error: ModelError | None = None

    def must(self, why: str) -> NoReturn:
        """Raises what a person should read where no rule can stand in: ModelNeeded, or the model's own error."""
        if self.error is not None:
            # Every attempt the run had for it is used up by now; another error would hide why.
            self.error.retry_after_s = None
            raise self.error
        raise ModelNeeded(why)


async def ask(work: Work, prompt: Prompt, *, shape: type[T], check: Checks[T]) -> Asked[T]:
    """Raises ModelError when the model is worth another attempt of the whole run."""
    if work.model is None:
        return Asked(None, None, "no_model")

    async def show(partial: dict[str, Any]) -> None:
        await work.progress.partial(lambda: check.preview(partial))

    try:
        answer = await work.model.ask(prompt, shape=shape, check=check, on_partial=show)
    except ModelError as error:
        # What the failed ask cost has been spent all the same and belongs on the bill.
        spent = asdict(error.usage) if error.usage else None
        # A repair that made things worse must not throw away an answer that could be used.
        if check.best is not None and spent is not None:
            return Asked(check.best, spent)
        # Waiting does not fill a budget within the life of a run, so this is not tried again.
        if error.code == BUDGET_SPENT:
            return Asked(None, spent, "budget_spent", error)
        if error.retry_after_s is not None and _failed_before(work.run) + 1 < ASKS:
            raise
        return Asked(None, spent, "model_failed", error)
    return Asked(answer.value, asdict(answer.usage))


def unspent(work: Work, version: str) -> Bill:
    """The bill of what is taken from an earlier run: the same model and prompt, and nothing spent."""
    choice = work.choice
    return asdict(Usage(choice.provider, choice.model, version)) if choice else None


def together(one: Bill, other: Bill) -> Bill:
    """Both bills in one, with the prompts of both named."""
    if one is None or other is None:
        return one or other
    first, second = Usage(**one), Usage(**other)
    # Acceptance is counted by prompt version, so the name must tell all that took part.
    versions = dict.fromkeys((first.prompt_version, second.prompt_version))
    return asdict(replace(first.plus(second), prompt_version=", ".join(versions)))


def _failed_before(run: Run) -> int:
    """Attempts in a row that the model has failed. What Jira failed before the model was asked does not count."""
    return run.failures if (run.error or {}).get("error", "").startswith("model_") else 0
