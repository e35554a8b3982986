"""The points of this hour, and how many of them are used.

Jira grants an app so many points from one full hour (UTC) to the next, for all sites together; how many are used shows
only when most of them are.
Source: developer.atlassian.com/cloud/jira/platform/rate-limiting/
"""

import time
from collections.abc import Callable

HOUR_S = 3600.0
SAVING = 0.8
"""From this part of the points on, what nobody waits for is spread over the rest of the hour."""
RESERVED = 0.95
"""From this part on the points are for people who wait."""


class Points:
    """As far as this process knows. most: in an hour, 0 for no limit. clock: UTC epoch seconds.

    own: what this process has used, told: how much of it is in `together`, what all processes have used by now.
    """

    def __init__(self, most: int = 0, *, clock: Callable[[], float] = time.time) -> None:
        self.most = most
        self._clock = clock
        self._hour = 0
        self._own = self._told = self._together = 0

    @property
    def hour(self) -> int:
        """Full hours since 1970."""
        return int(self._clock() // HOUR_S)

    @property
    def left_s(self) -> float:
        """Seconds until all points are there again."""
        return HOUR_S - self._clock() % HOUR_S

    @property
    def used(self) -> int:
        _, own, told, together = self.count()
        # What was counted for a request that never went is made good by the next one.
        return together + max(own - told, 0)

    def count(self) -> tuple[int, int, int, int]:
        """The hour; own, told, together."""
        if self._hour != self.hour:
            self._hour, self._own, self._told, self._together = self.hour, 0, 0, 0
        return self._hour, self._own, self._told, self._together

    def add(self, points: int) -> None:
        """This process has used so many more."""
        self.count()
        self._own += points

    def seen(self, hour: int, together: int, *, told: int) -> None:
        """What others count, and how much of it this process has told them."""
        # Another clock may be in the next hour already, or still in the last.
        if hour == self.count()[0]:
            # Answers may overtake each other.
            self._together, self._told = max(self._together, together), max(self._told, told)

    def spare(self) -> int:
        """How many are left for what nobody waits for."""
        return int(self.most * RESERVED) - self.used
