"""Whether and when a failed request to Jira is sent again."""

import random
import time

from addon.jira.errors import JiraBusy, JiraDown, JiraError

TRIES = 4
PATIENCE_S = 20.0
"""Seconds one call may take with all its waits; a longer wait is the scheduler's business, not a sleeping worker's."""
_FIRST_BUSY_S, _FIRST_DOWN_S = 2.0, 0.5
_LONGEST_WAIT_S = 30.0  # bursts refill within seconds; what takes longer says so in its headers


class Tries:
    """The tries of one call and the time it has left."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._made = 0
        self._deadline = time.monotonic() + patience_s

    @property
    def left_s(self) -> float:
        return max(self._deadline - time.monotonic(), 0.0)

    def next_wait(self, error: JiraBusy | JiraDown) -> float:
        """Seconds to wait before the next try.

        Raises the error when it was the last try, when a write may have happened, or when the wait is longer than the
        time left; the error then says to the scheduler when to come back.
        """
        self._made += 1
        wait = self._wait(error)
        # An uncertain write is never repeated blindly: its marker is looked for first, by whoever knows the marker.
        hopeless = self._made >= TRIES or wait > self.left_s or (isinstance(error, JiraDown) and error.uncertain)
        if hopeless:
            raise _postponed(error, wait)
        return wait

    def _wait(self, error: JiraBusy | JiraDown) -> float:
        """At least what Jira asked, otherwise doubling; 1.0 to 1.3 times that, so that callers spread out."""
        first = _FIRST_BUSY_S if isinstance(error, JiraBusy) else _FIRST_DOWN_S
        doubled = min(first * 2 ** (self._made - 1), _LONGEST_WAIT_S)
        return float((error.asked_s or doubled) * random.uniform(1.0, 1.3))  # noqa: S311 - spreading, not secrecy


def _postponed(error: JiraBusy | JiraDown, wait: float) -> JiraError:
    error.retry_after_s = max(wait, error.retry_after_s or 0.0)
    return error
