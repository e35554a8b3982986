"""How long a worker may be sure, without asking anybody, that a row is still its own.

The lease in the row decides whose it is. But a process that was stopped for a while, or cut off from the database,
cannot know what became of its row meanwhile, and the world outside has no fence against it.
"""

import time
from dataclasses import dataclass

SURE = 5 / 6
"""Part of a lease within which something may still be begun; the rest is for it to arrive."""
_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def ticks() -> float:
    """Seconds that never go back, and go on while the machine sleeps where the system has a clock that does."""
    return time.clock_gettime(_CLOCK)


@dataclass(slots=True)
class Term:
    """Of one attempt. until: by `ticks`; nothing is sure before the first answer of the database."""

    until: float = 0.0

    def held(self, lease_s: float, *, asked: float) -> None:
        """The row was ours for lease_s more. asked: the tick before the question; when it was answered is unknown."""
        self.until = max(self.until, asked + lease_s * SURE)

    @property
    def sure(self) -> bool:
        return ticks() < self.until
