"""Finished pieces of a run: kept as soon as they are there, so that nobody pays for them again after a crash."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from addon.generation.makers import CriteriaMaker, Made
from addon.reading.facts import Facts
from addon.results.criteria import CriteriaResult
from addon.results.part import Part
from addon.runs.feature import Progress, Work

R = TypeVar("R", bound=Part)


async def once(work: Work, name: str, *, shape: type[R], make: Callable[[], Awaitable[Made[R]]]) -> Made[R]:
    """What an attempt before this one kept under that name, else what `make` makes, kept."""
    # Asked each time and not remembered here: the attempt that kept it may have run in another process.
    known = await work.kept(name)
    if known is not None:
        return Made(shape.model_validate(known["result"]), known["usage"])
    made = await make()
    await work.keep(name, {"result": made.result.model_dump(mode="json"), "usage": made.bill})
    return made


async def criteria_stage(work: Work, facts: Facts, *, maker: CriteriaMaker) -> Made[CriteriaResult]:
    """The criteria a run needs on its way to something else. Nobody waits for them, so they are not shown half done."""
    silent = replace(work, progress=Silent(work.progress))
    return await once(work, "criteria", shape=CriteriaResult, make=lambda: maker.make(silent, facts))


@dataclass(frozen=True, slots=True)
class Silent:
    """Progress without partial results."""

    inner: Progress

    async def stage(self, name: str, done: int = 0, *, total: int = 0) -> None:
        await self.inner.stage(name, done, total=total)

    async def partial(self, made: Callable[[], dict[str, Any]]) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Beside:
    """Progress of one piece of a result: its partial results appear under a name, beside what is finished."""

    inner: Progress
    name: str
    finished: dict[str, Any]

    async def stage(self, name: str, done: int = 0, *, total: int = 0) -> None:
        await self.inner.stage(name, done, total=total)

    async def partial(self, made: Callable[[], dict[str, Any]]) -> None:
        await self.inner.partial(lambda: {**self.finished, self.name: made()})
