"""What a request to Jira has to pass, as one process knows it: pauses, lines in which requests are spaced, points."""

import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from addon.jira.limits import Ease, Pause, Scope
from addon.jira.points import SAVING, Points

WRITE_GAP_S = 0.3
"""Between two writes to one issue: Jira takes 100 in 30 s, and 20 in 2 s."""
LONGEST_GAP_S = 600.0
_BURSTS = {"GET": 80.0, "POST": 80.0, "PUT": 40.0, "DELETE": 40.0}
_BURSTS_OF = {"issue.get": 120.0, "search.count": 120.0, "user.names": 120.0}
_BURST_S = 1.0
_REMEMBERED = 2_000

Cause = Literal["pause", "spacing", "points", "places"]


@dataclass(frozen=True, slots=True)
class Passage:
    """One request on its way.

    site: its client key. operation: of the metrics' closed set. issue: the one written to. points: what it costs at
    least. automatic: nobody waits for it.
    """

    site: str
    operation: str
    method: str = "GET"
    issue: str | None = None
    points: int = 1
    automatic: bool = False

    @property
    def burst_per_s(self) -> float:
        """Requests a second to this endpoint of one site: four fifths of what Jira allows all its apps together."""
        return _BURSTS_OF.get(self.operation) or _BURSTS.get(self.method, 40.0)


@dataclass(frozen=True, slots=True)
class Wait:
    """seconds: before asking again. queued: a turn was taken; after the wait it has come."""

    seconds: float
    cause: Cause
    queued: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One request that asks to go. member: its name among those that hold a place."""

    passage: Passage
    member: str
    queued: bool = False


class Together(Protocol):
    """The gates of all processes. They tell each other of what they hear from Jira, and return at once."""

    def turn(self, passage: Passage) -> Turn: ...
    async def admit(self, turn: Turn, *, patience_s: float) -> Wait | None:
        """As `Gates.admit`, and None comes with a place. Raises RedisDown: then this process decides alone."""

    def leave(self, turn: Turn) -> None: ...
    def hold(self, passage: Passage, scope: Scope, *, seconds: float) -> None: ...
    def ease(self, passage: Passage, ease: Ease) -> None: ...
    async def close(self) -> None: ...


class Limits(Protocol):
    """Who lets requests through; `limiter.Limiter` does."""

    def slot(self, passage: Passage, *, patience_s: float) -> AbstractAsyncContextManager[None]: ...
    def pause(self, passage: Passage, pause: Pause) -> None: ...
    def ease(self, passage: Passage, ease: Ease) -> None: ...
    def spent(self, points: int) -> None: ...


@dataclass(slots=True)
class Gate:
    """Times are on the clock of time.monotonic. until: nobody passes before. free_at: when the next one may.

    gap_s: between two points or calls, while it is before gap_until.
    """

    until: float = 0.0
    free_at: float = 0.0
    gap_s: float = 0.0
    gap_until: float = 0.0

    def eased(self, now: float) -> float:
        return self.gap_s if self.gap_until > now else 0.0


@dataclass(slots=True)
class _Site:
    gate: Gate = field(default_factory=Gate)
    endpoints: dict[str, Gate] = field(default_factory=dict)
    issues: OrderedDict[str, Gate] = field(default_factory=OrderedDict)


class Gates:
    """All sites of one process: everything there is when it is the only one, the twin while Redis is away."""

    def __init__(self, points: Points) -> None:
        self.points = points
        self._everywhere = Gate()
        self._sites: dict[str, _Site] = {}
        self._saving = Gate()

    def admit(self, passage: Passage, *, patience_s: float, queued: bool = False) -> Wait | None:
        """None: go. queued: its turn has come already. A turn that is further away than the patience is not taken."""
        now = time.monotonic()
        wait = self.paused(passage) or self._spent(passage)
        if wait is not None or queued:
            return wait
        lines = list(self._lines(passage, now))
        wait_s = max((max(gate.free_at - now, 0.0) - slack_s for gate, _, slack_s in lines), default=0.0)
        if wait_s <= patience_s:
            # The next free moment is taken at once and waited for afterwards, so that requests queue in order.
            for gate, gap_s, _ in lines:
                gate.free_at = max(gate.free_at, now) + gap_s
        return Wait(wait_s, "spacing", queued=wait_s <= patience_s) if wait_s > 0 else None

    def paused(self, passage: Passage) -> Wait | None:
        wait_s = max(gate.until for gate in self._gates(passage)) - time.monotonic()
        return Wait(wait_s, "pause") if wait_s > 0 else None

    def hold(self, passage: Passage, scope: Scope, *, seconds: float) -> None:
        """Nobody passes there for so long; pauses never become shorter."""
        gate = self._gate(passage, scope)
        gate.until = max(gate.until, time.monotonic() + seconds)

    def ease(self, passage: Passage, ease: Ease) -> None:
        gate = self._gate(passage, ease.scope)
        gate.gap_s, gate.gap_until = gap_of(ease), time.monotonic() + ease.seconds

    def _spent(self, passage: Passage) -> Wait | None:
        points = self.points
        if points.most and points.used + passage.points > points.most:
            return Wait(points.left_s, "points")
        if passage.automatic and self._is_saving and points.spare() < passage.points:
            return Wait(points.left_s, "points")
        return None

    @property
    def _is_saving(self) -> bool:
        return bool(self.points.most) and self.points.used >= self.points.most * SAVING

    def _lines(self, passage: Passage, now: float) -> Iterable[tuple[Gate, float, float]]:
        """(where it queues, how long it keeps the next one waiting, how much of that is forgiven), in seconds."""
        everywhere, site, endpoint, *issue = self._gates(passage)
        for gate in issue:
            yield gate, max(WRITE_GAP_S, gate.eased(now)), 0.0
        eased = endpoint.eased(now)
        yield endpoint, max(eased, 1 / passage.burst_per_s), 0.0 if eased else _BURST_S
        if not passage.automatic:
            return
        for gate in (everywhere, site):
            if gate.eased(now):
                yield gate, gate.eased(now) * passage.points, 0.0
        if self._is_saving:
            yield self._saving, self.points.left_s * passage.points / max(self.points.spare(), 1), 0.0

    def _gates(self, passage: Passage) -> list[Gate]:
        """Everywhere, the site, its endpoint, and the issue written to, if any."""
        scopes: tuple[Scope, ...] = ("everywhere", "site", "endpoint")
        found = [self._gate(passage, scope) for scope in scopes]
        return [*found, self._gate(passage, "issue")] if passage.issue is not None else found

    def _gate(self, passage: Passage, scope: Scope) -> Gate:
        if scope == "everywhere":
            return self._everywhere
        site = self._sites.setdefault(passage.site, _Site())
        if scope == "endpoint":
            return site.endpoints.setdefault(passage.operation, Gate())
        if scope == "site" or passage.issue is None:
            return site.gate
        gate = site.issues.setdefault(passage.issue, Gate())
        site.issues.move_to_end(passage.issue)
        # Oldest first: an issue that nobody wrote to for so long needs no spacing any more.
        while len(site.issues) > _REMEMBERED:
            site.issues.popitem(last=False)
        return gate


def gap_of(ease: Ease) -> float:
    """Seconds from one point, or call of an endpoint, to the next, so that what is left lasts."""
    return min(ease.seconds / max(ease.left, 1), LONGEST_GAP_S if ease.scope in ("everywhere", "site") else 1.0)
