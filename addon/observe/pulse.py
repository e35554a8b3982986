"""Whether the loops of a process still turn: each says so at every turn, and a probe asks who has not for long."""

import time
from collections.abc import Callable

STILL_S = 60.0
"""A loop that did not turn for so long hangs: no call of ours may take half of that."""


class Pulse:
    """One per process."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}

    def beat(self, loop: str) -> None:
        """Called at every turn. loop: a name out of a few."""
        self._last[loop] = self._clock()

    def ended(self, loop: str) -> None:
        """No turn is expected any more."""
        self._last.pop(loop, None)

    def still(self) -> list[str]:
        """Loops that should have turned and did not."""
        now = self._clock()
        return sorted(loop for loop, last in self._last.items() if now - last > STILL_S)
