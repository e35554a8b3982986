"""Places held in sorted sets of Redis, each until a time that is put off while it is held.

A process that is killed puts off nothing: its places come free by themselves.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from secrets import token_hex

from addon.redis.connection import RedisDown
from addon.redis.shared import Shared

RELEASE_S = 0.05
"""How long a place given back may wait to be told along with a question, so that it costs none of its own."""
OVERTAKEN_S = 0.25
AT_ONCE = 500

LUA = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- What stands in Redis may be anything: only a number between the two counts.
local function number(value, least, most)
  local found = tonumber(value)
  if found == nil or found ~= found or found < least or found > most then return nil end
  return found
end

local function has_room(key, most, lease)
  local over = redis.pcall('ZREMRANGEBYSCORE', key, '-inf', now)
  if type(over) == 'table' then
    redis.call('DEL', key)
  else
    -- Nobody takes a place for so long.
    redis.call('ZREMRANGEBYSCORE', key, '(' .. (now + 2 * lease), '+inf')
  end
  return redis.call('ZCARD', key) < most
end

local function enter(key, member, lease)
  local done = redis.pcall('ZADD', key, now + lease, member)
  if type(done) == 'table' then
    redis.call('DEL', key)
    redis.call('ZADD', key, now + lease, member)
  end
  redis.call('PEXPIRE', key, 2 * lease)
end

local function leave(from)
  for i = from, #ARGV, 2 do redis.pcall('ZREM', ARGV[i], ARGV[i + 1]) end
end
"""
"""What scripts about places have in common. lease: milliseconds. Members that leave stand last: key, member, …"""

_KEEP = (
    LUA
    + """
local last = 2 + 2 * tonumber(ARGV[2])
for i = 3, last, 2 do enter(ARGV[i], ARGV[i + 1], tonumber(ARGV[1])) end
leave(last + 1)
return 1
"""
)


@dataclass(slots=True)
class _Hold:
    keys: Sequence[str]
    told_at: float


class Holding:
    """What one process holds. lease_s: after so long a place is free that nobody puts off any more."""

    def __init__(self, shared: Shared, *, lease_s: float) -> None:
        self._shared = shared
        self._held: dict[str, _Hold] = {}
        self._leaving: list[str] = []
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._script = shared.redis.client.register_script(_KEEP) if shared.redis is not None else None
        self.lease_s = lease_s

    @property
    def lease_ms(self) -> int:
        return round(self.lease_s * 1000)

    @staticmethod
    def member() -> str:
        return token_hex(8)

    def hold(self, member: str, keys: Sequence[str]) -> None:
        """From now on the places are kept, and come back by themselves when Redis forgot them."""
        if self._script is not None:
            self._held[member] = _Hold(keys, time.monotonic())
            self._go_on()

    def doubt(self, member: str, keys: Sequence[str]) -> None:
        """Gives back places of which it is not known whether they were taken."""
        # A question that was broken off may still be on its way, and be overtaken by the word that takes it back.
        asyncio.get_running_loop().call_later(OVERTAKEN_S, self.give_back, member, keys)

    def give_back(self, member: str, keys: Sequence[str]) -> None:
        """Returns at once."""
        self._held.pop(member, None)
        if self._script is not None:
            self._leaving += [word for key in keys for word in (key, member)]
            self._go_on()

    def leaving(self) -> list[str]:
        """key, member, key, member, …: what was given back, for a script of the caller's to say."""
        told, self._leaving = self._leaving, []
        return told

    def unsaid(self, words: list[str]) -> None:
        """Those words did not arrive. What nobody hears of is over with its lease."""
        self._leaving = (words + self._leaving)[-2 * AT_ONCE :]

    async def close(self) -> None:
        """Gives everything back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for member, hold in list(self._held.items()):
            self._leaving += [word for key in hold.keys for word in (key, member)]
        self._held.clear()
        while self._leaving:
            rest, self._leaving = self._leaving[2 * AT_ONCE :], self._leaving[: 2 * AT_ONCE]
            try:
                await self._say([])
            except RedisDown:
                return
            self._leaving = rest

    def _go_on(self) -> None:
        self._changed.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._keep(), name="held places", context=Context())

    async def _keep(self) -> None:
        """Until nothing is held and nothing is left to say."""
        while self._held or self._leaving:
            if self._leaving:
                await asyncio.sleep(RELEASE_S)
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.lease_s / 6):
                        await self._changed.wait()
            self._changed.clear()
            due = time.monotonic() - self.lease_s / 3
            old = [(member, hold) for member, hold in self._held.items() if hold.told_at <= due][:AT_ONCE]
            if not old and not self._leaving:
                continue
            try:
                await self._say(old)
            except RedisDown:
                await asyncio.sleep(RELEASE_S)
                if self._shared.away and not self._held:
                    # Without anything to keep, what is left is over with its lease.
                    self._leaving.clear()

    async def _say(self, kept: Sequence[tuple[str, _Hold]]) -> None:
        script = self._script
        if script is None:
            return
        pairs = [word for member, hold in kept for key in hold.keys for word in (key, member)]
        told = self.leaving()
        now = time.monotonic()
        try:
            await self._shared.ask(
                lambda client: script(args=[self.lease_ms, len(pairs) // 2, *pairs, *told], client=client)
            )
        except RedisDown:
            self.unsaid(told)
            raise
        for member, hold in kept:
            hold.told_at = now
            if member not in self._held:
                # Given back while it was being put off.
                self._leaving += [word for key in hold.keys for word in (key, member)]
