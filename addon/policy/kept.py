"""Answers of the database that are kept for a few seconds, and dropped in every process when one changes them."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from addon.redis.hub import Hub

KEPT_S = 10.0
"""How long a process may go on with what another one has changed, when no word of it arrives."""
MOST_KEPT = 5000

V = TypeVar("V")


class Kept(Generic[V]):
    """One kind of answer, by key: ids, none of which holds a space. topic: of the hub, this kind's alone.

    lasts_s: as KEPT_S, for this kind.
    """

    def __init__(
        self, hub: Hub | None, topic: str, *, clock: Callable[[], float] = time.monotonic, lasts_s: float = KEPT_S
    ) -> None:
        self._hub = hub or Hub()
        self._topic = topic
        self._clock = clock
        self._lasts_s = lasts_s
        self._known: dict[str, tuple[float, V]] = {}
        self._changes = 0
        self._hub.on(topic, self._changed)

    async def get(self, *key: str, read: Callable[[], Awaitable[V]]) -> V:
        """What is known, else what `read` finds. Raises what `read` raises."""
        name = " ".join(key)
        known = self._known.get(name)
        if known and known[0] > self._clock():
            return known[1]
        began, changes = self._clock(), self._changes
        found = await read()
        if len(self._known) >= MOST_KEPT:
            # Rather forget everything than keep books about what was used when.
            self._known.clear()
        # What was read while somebody changed it may be what it was before.
        if changes == self._changes:
            self._known[name] = (began + self._lasts_s, found)
        return found

    def drop(self, *key: str) -> None:
        """Call it after the commit of a change: dropped before, it could be read back as it was."""
        self._hub.tell(self._topic, " ".join(key))

    def forget(self) -> None:
        """Everything, in this process alone."""
        self._changed("")

    def _changed(self, name: str) -> None:
        self._changes += 1
        if name:
            self._known.pop(name, None)
        else:
            # Nobody knows what was missed.
            self._known.clear()
