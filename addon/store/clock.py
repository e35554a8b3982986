"""The database's clock as this process knows it: leases are compared by all processes, so one clock must time them.

A wall clock may be minutes off or be set at any moment. What the database said last is carried on by the monotonic
clock, which only ever ticks; asking again now and then makes good what that one is off by.
"""

import logging
import time
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.getLogger(__name__)

FRESH_S = 30.0
"""How long one answer is carried on."""
JUMP_S = 0.5
"""Wall clock and monotonic clock drift apart by that: one was set, or the machine slept."""
SKEW_S = 5.0
"""A process that is off by more is worth a word to its operator."""


class StoreClock:
    """UTC seconds. Without any answer of a database, as with SQLite, by this machine's own wall clock.

    That one is followed when it is set forward and not when it is set back: whatever is due would be put off by as
    much. wall: seconds since 1970. ticks: seconds that never go back.
    """

    def __init__(self, *, wall: Callable[[], float] = time.time, ticks: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._ticks = ticks
        self._ahead: float | None = None
        self._own = wall() - ticks()
        self._looked = 0.0
        self._apart = 0.0
        self._told = False

    def now(self) -> float:
        """For what is due when, and for how long."""
        if self._ahead is not None:
            return self._ticks() + self._ahead
        self._own = max(self._own, self._wall() - self._ticks())
        return self._ticks() + self._own

    def utc(self) -> float:
        """For what others date by their own clocks, such as tokens: this one may also be set back."""
        return self._wall() if self._ahead is None else self.now()

    def not_before(self, moment: float) -> None:
        """moment: when something was done before this process began."""
        back_s = moment - self.now()
        self._own = max(self._own, moment - self._ticks())
        if back_s > SKEW_S:
            log.warning("the clock of this machine was set back by %.0f s; what waits goes by its former time", back_s)

    @property
    def stale(self) -> bool:
        """Whether the database should be asked again."""
        if self._ahead is None or self._ticks() - self._looked > FRESH_S:
            return True
        return abs(self._wall() - self._ticks() - self._apart) > JUMP_S

    def tick(self) -> float:
        """To be taken right before the database is asked, and handed to `answered`."""
        return self._ticks()

    def answered(self, moment: float, *, asked: float) -> None:
        """moment: what the database says it is. asked: the tick before the question."""
        now = self._ticks()
        ahead, unsure_s = moment - (asked + now) / 2, (now - asked) / 2
        # The moment it speaks of lies anywhere within the wait: if it may mean what is known already, that stays.
        if self._ahead is None or abs(ahead - self._ahead) > unsure_s:
            self._ahead = ahead
        self._looked, self._apart = now, self._wall() - now
        off_s = self._wall() - self.now()
        if abs(off_s) > SKEW_S and not self._told:
            log.warning("the clock of this machine is %.0f s off the database's; leases go by the database's", off_s)
        self._told = abs(off_s) > SKEW_S

    def times(self, tx: AsyncConnection) -> None:
        """Has `now` of this connection go by this clock."""
        tx.info[_OF_CONNECTION] = self


_OF_CONNECTION = "addon.clock"


def now(tx: AsyncConnection) -> float:
    """As `Database.now`, for whoever has a transaction of it and nothing else."""
    clock: StoreClock = tx.info[_OF_CONNECTION]
    return clock.now()


def utc(tx: AsyncConnection) -> float:
    """As `Database.utc`, likewise."""
    clock: StoreClock = tx.info[_OF_CONNECTION]
    return clock.utc()
