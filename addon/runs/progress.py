"""What one attempt at a run reports and keeps before its end, as long as it holds its lease."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.runs.bus import Bus
from addon.runs.feature import LeaseLost, Stored
from addon.runs.moments import iso
from addon.store.clock import utc
from addon.store.db import Database
from addon.store.leases import Lease
from addon.store.repos import checkpoints, events, reports
from addon.store.repos import runs as rows
from addon.store.repos.reports import Stage
from addon.store.repos.runs import Run

PARTIAL_EVERY_S = 0.4
"""Each partial result is a commit: faster than this nobody reads, and the disk would feel it."""


class RunProgress:
    """Progress of one attempt, kept so that a watcher who comes late or comes back misses nothing.

    after: the highest number an earlier attempt has used.
    """

    def __init__(
        self, db: Database, bus: Bus, *, lease: Lease, after: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._db = db
        self._bus = bus
        self._lease = lease
        self._seq = after
        self._clock = clock
        self._stage = Stage("queued")
        self._next_partial = 0.0

    async def stage(self, name: str, done: int = 0, *, total: int = 0) -> None:
        """Raises LeaseLost, DatabaseDown."""
        self._stage = Stage(name, done, total)
        await self._report(events.stage(self._next(), name, done=done, total=total))

    async def partial(self, made: Callable[[], dict[str, Any]]) -> None:
        """Raises LeaseLost, DatabaseDown."""
        now = self._clock()
        # Of what nobody watches only the result is wanted, and who begins to watch is shown the next words.
        if now < self._next_partial or not self._bus.is_watched(self._lease.id):
            return
        self._next_partial = now + PARTIAL_EVERY_S
        await self._report(events.partial(self._next(), made()))

    async def _report(self, event: events.Event) -> None:
        if not await reports.report(self._db, self._lease, stage=self._stage, event=event):
            raise LeaseLost
        self._bus.tell(self._lease.id)

    def _next(self) -> int:
        self._seq += 1
        return self._seq


@dataclass(frozen=True, slots=True)
class RunLedger:
    """What a later attempt, or a later run of the same issue, can use."""

    db: Database
    run: Run
    lease: Lease

    async def save_facts(self, facts: Mapping[str, Any], input_hash: str) -> None:
        """Raises LeaseLost, DatabaseDown."""
        async with self.db.single() as tx:
            if not await rows.save_facts(tx, self.lease, facts=facts, input_hash=input_hash):
                raise LeaseLost

    async def earlier(self, input_hash: str) -> Stored | None:
        async with self.db.single() as tx:
            found = await rows.earlier(tx, self.run, input_hash=input_hash)
        return Stored(found.origin, found.result) if found and found.result is not None else None

    async def kept(self, name: str) -> dict[str, Any] | None:
        async with self.db.single() as tx:
            return await checkpoints.get(tx, self.run.tenant_id, run_id=self.run.id, name=name)

    async def keep(self, name: str, value: Mapping[str, Any]) -> None:
        """Raises LeaseLost, DatabaseDown."""
        async with self.db.begin() as tx:
            if not await checkpoints.save(tx, self.lease, name=name, value=value):
                raise LeaseLost


async def back_in_the_queue(tx: AsyncConnection, lease: Lease) -> None:
    """Tells who watches the run why it waits again, and until when. In the transaction that put it back."""
    await rows.back_to_start(tx, lease.tenant_id, run_id=lease.id)
    run = await rows.get(tx, lease.tenant_id, run_id=lease.id)
    if run is None or run.error is None:
        return
    # Before partial results go: a number that was given once must not be given again.
    seq = await events.last_seq(tx, lease.tenant_id, run_id=lease.id) + 1
    waiting = {"error": run.error, "next_attempt_at": iso(run.run_at)}
    await events.add(tx, lease, event=events.stage(seq, "queued", done=0, total=0, **waiting), now=utc(tx))
