"""The rows in work: one task each, that ends by itself, when it is told to, or in the end without its consent."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal

from addon.errors import Unavailable
from addon.observe.unbroken import gone
from addon.queue.lane import End, Holding, L, Lane, Pace

log = logging.getLogger(__name__)

RECORD_S = 10.0
"""How long the end of a row whose job hangs may take to record."""
LEAVE_S = 3.0
"""How long jobs may take to hear that the process goes."""
GIVE_BACK_S = 4.0
"""How long rows may take to be given back then; after that their leases run out."""

Stop = Literal["", "cancel", "pause", "lost", "leaving"]


@dataclass(slots=True, eq=False)
class Working(Generic[L]):
    """One attempt. ended: called once, when its slot is free again. stop: why it was told to end."""

    lane: Lane[L]
    lease: L
    ended: Callable[[], None]
    since: float = field(default_factory=time.monotonic)
    stop: Stop = ""
    task: asyncio.Task[None] | None = None
    timers: list[asyncio.TimerHandle] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        return self.lane.holding.name, self.lease.id

    def alive(self) -> bool:
        return self.task is not None and not self.task.done()


class Attempts(Generic[L]):
    """All of one worker."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        # By the attempt, in the order they began: of a row that came back to us an older one may still be ending.
        self._working: dict[Working[L], None] = {}
        self._deaf: set[asyncio.Task[None]] = set()
        self._owed: dict[tuple[str, str], tuple[Holding[L], L]] = {}

    @property
    def at_work(self) -> Collection[Working[L]]:
        """In the order they began."""
        return list(self._working)

    @property
    def deaf(self) -> int:
        """How many jobs run on although they were given up."""
        return len(self._deaf)

    def start(self, lane: Lane[L], lease: L, *, ended: Callable[[], None]) -> None:
        """Works a claimed row in a task of its own."""
        working = Working(lane, lease, ended)
        for older in self.at_work:
            if older.key == working.key:
                self.interrupt(older, "lost")
        self._working[working] = None
        working.task = asyncio.create_task(self._run(working), name=":".join(working.key))
        working.task.add_done_callback(lambda task: self._done(working, task))
        self._give_up_after(working, self._pace.hard_s)

    def interrupt(self, working: Working[L], reason: Stop) -> None:
        """Tells a job to end, once; one that does not hear is given up."""
        if working.task is not None and not working.stop:
            working.stop = reason
            working.task.cancel()
            self._give_up_after(working, self._pace.hard_s - self._pace.soft_s)

    async def leave(self) -> None:
        """Ends what still runs and gives it back for others to start over, within a few seconds, heard or not."""
        left = self.at_work
        for working in left:
            self.interrupt(working, "leaving")
        await gone([*(working.task for working in left if working.task), *self._deaf], within_s=LEAVE_S)
        for working in left:
            _stop_timers(working)
        try:
            async with asyncio.timeout(GIVE_BACK_S):
                for holding in {w.lane.holding.name: w.lane.holding for w in left}.values():
                    await self.give_back(holding, [w.lease for w in left if w.lane.holding.name == holding.name])
        except TimeoutError:
            log.warning("cannot give %d rows back: their leases will run out", len(left))

    async def make_good(self) -> None:
        """Gives back what a database that was away kept us from giving back."""
        # What we hold again by now is another attempt and no debt of this one.
        held = {working.key for working in self.at_work}
        owed, self._owed = [each for key, each in self._owed.items() if key not in held], {}
        for holding in {holding.name: holding for holding, _ in owed}.values():
            await self.give_back(holding, [lease for of, lease in owed if of.name == holding.name])

    async def give_back(self, holding: Holding[L], held: Sequence[L]) -> None:
        """What cannot be given back now is owed until `make_good`."""
        try:
            if held:
                await holding.release(held)
        except Unavailable:
            log.warning("cannot give %d %s back: the database is away", len(held), holding.name)
            self._owed.update({(holding.name, lease.id): (holding, lease) for lease in held})

    async def _run(self, working: Working[L]) -> None:
        end = await self._attempt(working)
        if end == "back":
            await self.give_back(working.lane.holding, [working.lease])
        elif end is not None:
            await self._record(working, end)

    async def _attempt(self, working: Working[L]) -> End | Literal["back"] | None:
        """How the worker itself has to end the row, "back" when it has to let go of it, None when neither."""
        limit = asyncio.timeout(self._pace.soft_s)
        try:
            async with limit:
                await working.lane.job.execute(working.lease)
        except asyncio.CancelledError:
            # Ours only when the reason was noted before; otherwise the loop is going down.
            if working.stop in ("", "leaving"):
                raise
            if working.task is not None:
                working.task.uncancel()
            return _end_for(working.stop)
        except Unavailable:
            log.warning("lost the database while working on %s", working.lease.id)
            return "back"
        except Exception as error:  # noqa: BLE001 - one broken row must neither stop the worker nor stay running for ever
            if limit.expired():
                return "timed_out"
            report(f"{' '.join(working.key)} failed unexpectedly", error)
            return "crashed"
        return None

    async def _record(self, working: Working[L], end: End) -> None:
        try:
            await working.lane.job.cut_short(working.lease, end)
        except Unavailable:
            log.warning("cannot record the end of %s: its lease will run out", working.lease.id)
        except Exception as error:  # noqa: BLE001 - as above
            report(f"cannot record the end of {working.lease.id}: its lease will run out", error)

    def _give_up_after(self, working: Working[L], seconds: float) -> None:
        working.timers.append(asyncio.get_running_loop().call_later(seconds, self._give_up, working))

    def _give_up(self, working: Working[L]) -> None:
        """Its slot is free and its lease is no longer renewed, whatever the job still does."""
        if not working.alive() or working not in self._working:
            return
        log.error("%s %s does not end although it was told to; it is given up", *working.key)
        if working.task is not None:
            self._deaf.add(working.task)
            working.task.cancel()
        self._let_go(working)
        background(self._end_for_it(working))

    async def _end_for_it(self, working: Working[L]) -> None:
        """So that the row is not worked a second time beside a job that may still be alive."""
        end = _end_for(working.stop) if working.stop else "timed_out"
        try:
            async with asyncio.timeout(RECORD_S):
                if end == "back":
                    await self.give_back(working.lane.holding, [working.lease])
                elif end is not None:
                    await self._record(working, end)
        except TimeoutError:
            log.warning("cannot record the end of %s: its lease will run out", working.lease.id)

    def _done(self, working: Working[L], task: asyncio.Task[None]) -> None:
        self._deaf.discard(task)
        if not task.cancelled() and (error := task.exception()):
            report(f"{' '.join(working.key)} ended unexpectedly", error)
        self._let_go(working)

    def _let_go(self, working: Working[L]) -> None:
        _stop_timers(working)
        if working in self._working:
            del self._working[working]
            working.ended()


def _end_for(stop: Stop) -> End | Literal["back"] | None:
    return "cancelled" if stop == "cancel" else "back" if stop == "pause" else None


def _stop_timers(working: Working[L]) -> None:
    while working.timers:
        working.timers.pop().cancel()


def report(what: str, error: BaseException) -> None:
    log.error("%s", what, exc_info=error)


_tasks: set[asyncio.Task[None]] = set()


def background(work: Coroutine[Any, Any, None]) -> None:
    # The loop keeps only weak references to its tasks.
    task = asyncio.ensure_future(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
