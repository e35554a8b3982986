"""What the worker is given: rows it can hold, jobs that work them, and how they belong together."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar


class Held(Protocol):
    """A row in our hands."""

    @property
    def id(self) -> str: ...


class Waiting(Protocol):
    """Rows of a queue that could start now. age_s: for how long the first of them could."""

    @property
    def count(self) -> int: ...
    @property
    def age_s(self) -> float: ...


L = TypeVar("L", bound=Held)
LIn = TypeVar("LIn", bound=Held, contravariant=True)


Order = Literal["", "cancel", "pause"]
"""What is to become of a row that is still ours: nothing, an end, or back into the queue until later."""


class Holding(Protocol[L]):
    """One table's rows, as `store.holding` offers them. Every method raises Unavailable while the database is away."""

    @property
    def name(self) -> str: ...
    async def claim(self, queue: str, limit: int) -> Sequence[L]: ...
    async def renew(self, held: Collection[L]) -> Mapping[str, Order]: ...
    async def release(self, held: Collection[L]) -> None: ...
    async def reclaim(self) -> None: ...
    async def sweep(self, *, take_back: bool) -> tuple[int, Collection[str]]: ...
    async def waiting(self) -> Mapping[str, Waiting]: ...


End = Literal["cancelled", "timed_out", "crashed"]
"""How the worker itself ends a row: on request, out of time, or by a mistake of ours."""


class Job(Protocol[LIn]):
    """What the rows of a lane are for."""

    async def execute(self, lease: LIn) -> None:
        """Works one row and records how that ended. May be cancelled at any await."""

    async def cut_short(self, lease: LIn, end: End) -> None:
        """Records an end that the worker brought about."""


@dataclass(frozen=True, slots=True)
class Lane(Generic[L]):
    """The rows of one table in one queue, and the job that works them."""

    holding: Holding[L]
    queue: str
    job: Job[L]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. A lease has to outlast several heartbeats. count: how often the waiting rows are counted.

    soft: after which an attempt is told to end. hard: after which it is left alone if it does not; who is told to end
    for another reason has the difference of the two.
    """

    heartbeat_s: float = 10.0
    sweep_s: float = 1.0
    count_s: float = 10.0
    soft_s: float = 540.0
    hard_s: float = 600.0
