"""What the runs that write criteria or scenarios have in common: an earlier result taken up, and how a run ends."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeVar

from addon.generation import asking, facts
from addon.generation.makers import Made
from addon.generation.slips import Origin, Picked
from addon.generation.wishes import wishes
from addon.reading.facts import Facts
from addon.results.part import Answer
from addon.runs.feature import Draft, Outcome, Work

R = TypeVar("R", bound=Answer)
RIn = TypeVar("RIn", bound=Answer, contravariant=True)


class Drafting(Protocol[RIn]):
    """Makes drafts of a result for the places that were picked."""

    def wanted(self, origin: Origin, result: RIn, *, picked: Iterable[Picked]) -> Iterator[Draft]: ...


async def known(work: Work, shape: type[R], *, input_hash: str, version: str) -> Made[R] | None:
    """What an earlier run made of the same input. version: of the prompt, for the bill. Raises DatabaseDown."""
    found = await facts.earlier(work, input_hash)
    result = shape.model_validate(found.result) if found else None
    # What the rules said while the model was away is no reason not to ask it now.
    if found is None or result is None or result.notice in asking.PASSING:
        return None
    bill = asking.unspent(work, version) if result.author == "model" else None
    return Made(result, bill, found.origin)


def ended(work: Work, read: Facts, *, made: Made[R], drafts: Drafting[R]) -> Outcome:
    """The run's outcome, with drafts for the targets that were asked for with it."""
    # An earlier result keeps the run it was made for: its markers are those of what stands in Jira.
    origin = Origin(work.run, made.bill or {}, read.service_desk, made.origin or "")
    field = work.settings.criteria_field or ""
    picked = [Picked(target, field=field) for target in wishes(work.run).targets]
    wanted = tuple(drafts.wanted(origin, made.result, picked=picked))
    stored: dict[str, Any] = made.result.model_dump(mode="json")
    return Outcome(result=stored, usage=made.bill, drafts=wanted, origin=made.origin)
