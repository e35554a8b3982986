"""At most so many at a time, over all processes of a deployment."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from addon.errors import TooMany
from addon.redis.connection import RedisDown
from addon.redis.holding import LUA, Holding
from addon.redis.shared import Shared

LEASE_S = 15.0

_TAKE = (
    LUA
    + """
local lease, rooms = tonumber(ARGV[1]), #KEYS
leave(3 + rooms)
for i = 1, rooms do
  if not has_room(KEYS[i], tonumber(ARGV[2 + i]), lease) then return i end
end
for i = 1, rooms do enter(KEYS[i], ARGV[2], lease) end
return 0
"""
)


@dataclass(frozen=True, slots=True)
class Room:
    """name: ids that tell it from others, no words. most: so many may be in it."""

    name: tuple[str, ...]
    most: int


class Full(TooMany):
    """Nobody else fits into the room."""

    def __init__(self, room: Room) -> None:
        super().__init__("There are as many at once as there may be.", retry_after_s=10)
        self.room = room


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place in each of the rooms, until it is left."""

    rooms: tuple[Room, ...]
    member: str


class Slots:
    """One per process and purpose. Places of a process that was killed come free within `lease_s` seconds.

    Without Redis, and while it is away, each process counts for itself.
    """

    def __init__(self, shared: Shared, *, purpose: str, lease_s: float = LEASE_S) -> None:
        self._shared = shared
        self._purpose = purpose
        self._holding = Holding(shared, lease_s=lease_s)
        self._here: Counter[tuple[str, ...]] = Counter()
        self._script = shared.redis.client.register_script(_TAKE) if shared.redis is not None else None

    async def take(self, *rooms: Room) -> Place:
        """A place in every one of the rooms, or in none. Raises Full."""
        for room in rooms:
            if self._here[room.name] >= room.most:
                raise Full(room)
        place = Place(rooms, self._holding.member())
        # No await between the look and this: two of one process cannot take the last place together.
        self._here.update(room.name for room in rooms)
        full: Room | None = None
        answered = False
        try:
            full = await self._taken(place)
            answered = True
        finally:
            if not answered:
                self._holding.doubt(place.member, self._keys(rooms))
            if full is not None or not answered:
                self._out(place)
        if full is not None:
            raise Full(full)
        self._holding.hold(place.member, self._keys(rooms))
        return place

    def leave(self, place: Place) -> None:
        """Returns at once."""
        self._out(place)
        self._holding.give_back(place.member, self._keys(place.rooms))

    async def close(self) -> None:
        await self._holding.close()

    def _out(self, place: Place) -> None:
        for room in place.rooms:
            self._here[room.name] -= 1
            # Else the names of everybody who ever came would stay in memory.
            if self._here[room.name] <= 0:
                del self._here[room.name]

    def _keys(self, rooms: Sequence[Room]) -> list[str]:
        return [self._shared.key("slots", self._purpose, *room.name) for room in rooms]

    async def _taken(self, place: Place) -> Room | None:
        """None when it was taken, else the room that is full."""
        script = self._script
        if script is None or self._shared.away:
            return None
        told = self._holding.leaving()
        words: list[str | int] = [self._holding.lease_ms, place.member, *(room.most for room in place.rooms), *told]
        arrived = False
        try:
            full = await self._shared.ask(
                lambda client: script(keys=self._keys(place.rooms), args=words, client=client)
            )
            arrived = True
        except RedisDown:
            # It counts here from now on, and in Redis once that is back.
            return None
        finally:
            if not arrived:
                self._holding.unsaid(told)
        return place.rooms[int(full) - 1] if full else None
