"""The rows of one table in the hands of one worker: leases, each step in a transaction of its own."""

import logging
from collections.abc import Collection, Mapping

from addon.store import leases
from addon.store.db import Database
from addon.store.leases import Claims, Due, Lease, Order
from addon.store.leavers import call_off
from addon.store.terms import ticks

log = logging.getLogger(__name__)

MOST_WAIT_S = 2.0
"""After a longer wait for the database the others have waited too, and are about to renew what they hold."""


class Holding:
    """What a worker may do with rows whose meaning it does not know. Every method raises DatabaseDown."""

    def __init__(self, db: Database, claims: Claims) -> None:
        self._db = db
        self._claims = claims

    @property
    def name(self) -> str:
        return self._claims.table.name

    async def claim(self, queue: str, limit: int) -> list[Lease]:
        """Up to `limit` due rows, now ours."""
        asked = ticks()
        async with self._db.begin() as tx:
            claimed = await self._claims.claim(tx, queue, limit=limit, now=self._db.now())
        for lease in claimed:
            lease.term.held(self._claims.lease_s, asked=asked)
        return claimed

    async def renew(self, held: Collection[Lease]) -> Mapping[str, Order]:
        """The rows that these attempts still hold, and what is to become of them. held: one attempt of a row."""
        asked = ticks()
        async with self._db.begin() as tx:
            answer = await self._claims.renew(tx, held, now=self._db.now())
        for lease in held:
            if lease.id in answer:
                lease.term.held(self._claims.lease_s, asked=asked)
        return answer

    async def release(self, held: Collection[Lease]) -> None:
        async with self._db.begin() as tx:
            await self._claims.release(tx, held, now=self._db.now())

    async def reclaim(self) -> None:
        """Takes back every running row: only where no other worker can exist."""
        async with self._db.begin() as tx:
            await leases.reclaim(tx, self._claims.table, now=self._db.now())

    async def sweep(self, *, take_back: bool = True) -> tuple[int, Collection[str]]:
        """How many rows were taken back from silent workers, and the queues in which rows wait.

        What waits for a site that has left is called off.
        """
        asked = ticks()
        async with self._db.begin() as tx:
            now = self._db.now()
            # Whoever let us sweep knew nothing of this wait.
            take_back = take_back and ticks() - asked <= MOST_WAIT_S
            table = self._claims.table
            lost = await leases.sweep(tx, table, now=now) if take_back else 0
            found, left = await leases.queues(tx, table, now=now)
            for queue, tenant_id in left.items():
                gone = await call_off(tx, table, tenant_id=tenant_id, queue=queue, now=now)
                log.info("called off %d %s of a site that has left", gone, table.name, extra={"tenant": tenant_id})
            return lost, found

    async def waiting(self) -> Mapping[str, Due]:
        """What waits, by queue."""
        async with self._db.begin() as tx:
            return await leases.due(tx, self._claims.table, now=self._db.now())
