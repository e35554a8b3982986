"""The gates of `gates.Gates` for all processes together: one question to Redis for one request to Jira.

A question also carries what this process has to tell: places given back, and all points it has used in this hour, of
which those count that were not told before. All times are those of Redis. What stands there may be anything: what we
cannot have written counts as absent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from secrets import token_hex

from addon.jira.gates import WRITE_GAP_S, Cause, Passage, Turn, Wait, gap_of
from addon.jira.limits import Ease, Scope
from addon.jira.points import RESERVED, SAVING, Points
from addon.redis.connection import RedisDown
from addon.redis.holding import LUA, Holding
from addon.redis.shared import Shared

LEASE_S = 5.0
"""Requests are much shorter; the places of a process that was killed are free again after so long."""
FULL_S = 0.05
"""How soon to ask again when all places of a site are taken."""
_CAUSES: dict[int, Cause] = {1: "pause", 2: "points", 3: "spacing", 4: "places"}

_ADMIT = (
    LUA
    + """
local FAR, HOUR = 4000000, 3600000
local lease, member, places = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local patience, queued, automatic = tonumber(ARGV[4]), ARGV[5] == '1', ARGV[6] == '1'
local cost, most = tonumber(ARGV[7]), tonumber(ARGV[8])
local teller, own, told, together = ARGV[9], tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])
leave(18)

local function read(key, ...)
  local found = redis.pcall('HMGET', key, ...)
  if found.err then
    redis.call('DEL', key)
    return {}
  end
  return found
end

-- Points: what this process has seen stands in for a count that Redis forgot. Of its own it says how many there are in
-- all, so that it may say so again when it does not know whether it was heard.
local hour = math.floor(now / HOUR)
local left = (hour + 1) * HOUR - now
local said = hour .. ':' .. teller
local counted = read(KEYS[2], 'hour', 'used', 'free', said)
local used, saving_at, heard = 0, now, 0
if number(counted[1], hour, hour) then
  local highest = most > 0 and 1.2 * most + 1000 or 1e9
  used = number(counted[2], 0, highest) or 0
  saving_at = number(counted[3], now, now + FAR) or now
  heard = number(counted[4], 0, highest) or 0
else
  redis.call('DEL', KEYS[2])
end
local same_hour = tonumber(ARGV[10]) == hour
if same_hour then
  heard = math.max(heard, told)
  used = math.max(used, together) + math.max(own - heard, 0)
  heard = math.max(own, heard)
end

local wait, cause = 0, 0
local gates = {}
for i = 3, #KEYS do
  local found = read(KEYS[i], 'until', 'free', 'gap', 'slow')
  gates[i] = {free = number(found[2], now, now + FAR) or now, gap = 0}
  if number(found[4], now, now + FAR) then gates[i].gap = number(found[3], 0, HOUR) or 0 end
  local open = number(found[1], now, now + FAR)
  if open and open - now > wait then wait, cause = open - now, 1 end
end

local pace = 0
if wait == 0 and most > 0 then
  if used + cost > most then
    wait, cause = left, 2
  elseif automatic and used >= tonumber(ARGV[16]) * most then
    local spare = tonumber(ARGV[17]) * most - used
    if spare < cost then wait, cause = left, 2 else pace = left * cost / spare end
  end
end

if wait == 0 and not queued then
  local lines = {}
  local function line(i, gap, slack)
    lines[i] = gap
    wait = math.max(wait, gates[i].free - now - slack)
  end
  if gates[6] then line(6, math.max(tonumber(ARGV[15]), gates[6].gap), 0) end
  line(5, math.max(tonumber(ARGV[14]), gates[5].gap), gates[5].gap > 0 and 0 or 1000)
  if automatic and gates[3].gap > 0 then line(3, gates[3].gap * cost, 0) end
  if automatic and gates[4].gap > 0 then line(4, gates[4].gap * cost, 0) end
  if pace > 0 then wait = math.max(wait, saving_at - now) end
  if wait > 0 then cause = 3 end
  if wait <= patience then
    queued = true
    for i, gap in pairs(lines) do
      local free = gates[i].free + gap
      redis.call('HSET', KEYS[i], 'free', math.ceil(free))
      -- The keys of issues are many: they go as soon as they are of no use.
      redis.call('PEXPIRE', KEYS[i], i == 6 and math.ceil(free - now + 1000) or FAR)
    end
    if pace > 0 then saving_at = saving_at + pace end
  end
end

if wait == 0 then
  if has_room(KEYS[1], places, lease) then
    enter(KEYS[1], member, lease)
    used, heard = used + cost, heard + cost
  else
    wait, cause = 1, 4
  end
end
redis.call('HSET', KEYS[2], 'hour', hour, 'used', used, 'free', math.ceil(saving_at))
if same_hour then redis.call('HSET', KEYS[2], said, heard) end
redis.call('PEXPIRE', KEYS[2], HOUR + 60000)
return {cause, math.ceil(wait), queued and 1 or 0, hour, used, heard}
"""
)

_TELL = (
    LUA
    + """
local FAR = 4000000
local found = redis.pcall('HGET', KEYS[1], 'until')
if type(found) == 'table' then redis.call('DEL', KEYS[1]) end
local open = type(found) == 'string' and number(found, now, now + FAR) or now
redis.call('HSET', KEYS[1], 'until', math.ceil(math.max(open, now + tonumber(ARGV[1]))))
if tonumber(ARGV[2]) > 0 then
  redis.call('HSET', KEYS[1], 'gap', ARGV[2], 'slow', math.ceil(now + tonumber(ARGV[3])))
end
redis.call('PEXPIRE', KEYS[1], FAR)
return 1
"""
)


class SharedGates:
    """One per process. places: so many requests of one site are in flight at a time."""

    def __init__(self, shared: Shared, points: Points, *, places: int, lease_s: float = LEASE_S) -> None:
        self._shared = shared
        self._points = points
        self._places = places
        self._holding = Holding(shared, lease_s=lease_s)
        self._name = token_hex(8)
        self._telling: set[asyncio.Task[None]] = set()
        client = shared.redis.client if shared.redis is not None else None
        self._admit = client.register_script(_ADMIT) if client is not None else None
        self._tell = client.register_script(_TELL) if client is not None else None

    def turn(self, passage: Passage) -> Turn:
        return Turn(passage, self._holding.member())

    async def admit(self, turn: Turn, *, patience_s: float) -> Wait | None:
        """None: it has a place and goes. As `Gates.admit`. Raises RedisDown: then this process decides alone."""
        script = self._admit
        if script is None or self._shared.away:
            raise RedisDown
        keys, told = self._keys(turn.passage), self._holding.leaving()
        words = [*self._words(turn, patience_s), *told]
        arrived = False
        try:
            answer = await self._shared.ask(lambda client: script(keys=keys, args=words, client=client))
            arrived = True
        finally:
            if not arrived:
                self._holding.unsaid(told)
                self._holding.doubt(turn.member, keys[:1])
        cause, wait_ms, queued, hour, used, heard = map(int, answer)
        self._points.seen(hour, used, told=heard)
        if not cause:
            self._points.add(turn.passage.points)
            self._holding.hold(turn.member, keys[:1])
            return None
        seconds = FULL_S if _CAUSES[cause] == "places" else wait_ms / 1000
        return Wait(seconds, _CAUSES[cause], bool(queued))

    def leave(self, turn: Turn) -> None:
        """Returns at once, and costs no question of its own where there is another soon."""
        self._holding.give_back(turn.member, self._keys(turn.passage)[:1])

    def hold(self, passage: Passage, scope: Scope, *, seconds: float) -> None:
        """Told at once, and not waited for."""
        self._say(lambda: self._told(passage, scope, words=[round(seconds * 1000), 0, 0]))

    def ease(self, passage: Passage, ease: Ease) -> None:
        words = [0, gap_of(ease) * 1000, round(ease.seconds * 1000)]
        self._say(lambda: self._told(passage, ease.scope, words=words))

    async def close(self) -> None:
        if self._telling:
            await asyncio.wait(self._telling, timeout=1.0)
        await self._holding.close()

    async def _told(self, passage: Passage, scope: Scope, *, words: Sequence[float]) -> None:
        keys = dict(zip(("everywhere", "site", "endpoint", "issue"), self._keys(passage)[2:], strict=False))
        script, key = self._tell, keys.get(scope, keys["site"])
        if script is not None:
            await self._shared.ask(lambda client: script(keys=[key], args=words, client=client))

    def _say(self, work: Callable[[], Awaitable[None]]) -> None:
        async def said() -> None:
            # Who is not reached is told by Jira itself; this process keeps to it all the same.
            with suppress(RedisDown):
                await work()

        if self._tell is None:
            return
        task = asyncio.create_task(said(), name="telling of a limit")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def _words(self, turn: Turn, patience_s: float) -> list[str | int | float]:
        passage, points = turn.passage, self._points
        return [
            self._holding.lease_ms,
            turn.member,
            self._places,
            max(round(patience_s * 1000), 0),
            int(turn.queued),
            int(passage.automatic),
            passage.points,
            points.most,
            self._name,
            *points.count(),
            1000 / passage.burst_per_s,
            round(WRITE_GAP_S * 1000),
            SAVING,
            RESERVED,
        ]

    def _keys(self, passage: Passage) -> list[str]:
        """The places of the site, the points, and the gates: everywhere, site, endpoint, issue."""
        site = passage.site
        issue = [self._key(site, "issue", passage.issue)] if passage.issue is not None else []
        gates = [self._key("everywhere"), self._key(site), self._key(site, "endpoint", passage.operation), *issue]
        return [self._key(site, "places"), self._key("points"), *gates]

    def _key(self, *parts: str) -> str:
        return self._shared.key("jira", *parts)
