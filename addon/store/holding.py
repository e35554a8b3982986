"""The rows of one table in the hands of one worker: leases, each step in a transaction of its own."""

from collections.abc import Collection, Mapping

from addon.store import leases
from addon.store.db import Database
from addon.store.leases import Claims, Due, Lease, Order


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
        async with self._db.begin() as tx:
            return await self._claims.claim(tx, queue, limit=limit, now=self._db.now())

    async def renew(self, ids: Collection[str]) -> Mapping[str, Order]:
        """The rows that are still ours, and what is to become of them."""
        async with self._db.begin() as tx:
            return await self._claims.renew(tx, ids, now=self._db.now())

    async def release(self, ids: Collection[str]) -> None:
        async with self._db.begin() as tx:
            await self._claims.release(tx, ids, now=self._db.now())

    async def reclaim(self) -> None:
        """Takes back every running row: only where no other worker can exist."""
        async with self._db.begin() as tx:
            await leases.reclaim(tx, self._claims.table, now=self._db.now())

    async def sweep(self, *, take_back: bool = True) -> tuple[int, Collection[str]]:
        """How many rows were taken back from silent workers, and the queues in which rows wait."""
        async with self._db.begin() as tx:
            now = self._db.now()
            lost = await leases.sweep(tx, self._claims.table, now=now) if take_back else 0
            return lost, await leases.queues(tx, self._claims.table, now=now)

    async def waiting(self) -> Mapping[str, Due]:
        """What waits, by queue."""
        async with self._db.begin() as tx:
            return await leases.due(tx, self._claims.table, now=self._db.now())
