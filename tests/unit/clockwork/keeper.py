"""A process that keeps schedules: `python -m tests.unit.clockwork.keeper DATABASE_URL NAME [hang]`.

hang: it says "taken" between taking a slot and doing it, and then nothing for ever.
"""

import asyncio
import sys

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.clockwork.leader import Leader, Tenure
from addon.clockwork.schedules import Clock, Kinds, Slot
from addon.store.db import Database
from addon.store.repos.audit import record

QUICK = Tenure(lease_s=1.5, renew_s=0.3)


async def keep(url: str, name: str, *, hang: bool) -> None:
    db = Database.open(url)

    async def hung() -> None:
        if hang:
            print("taken", flush=True)
            await asyncio.Event().wait()

    async def start(tx: AsyncConnection, slot: Slot) -> str:
        await hung()
        assert slot.schedule.tenant_id is not None
        await record(tx, slot.schedule.tenant_id, action="made.up", subject=str(slot.at))
        return ""

    async def chore(slot: Slot) -> None:
        await hung()
        async with db.begin() as tx:
            assert slot.schedule.tenant_id is not None
            await record(tx, slot.schedule.tenant_id, action="made.up", subject=str(slot.at))

    async def wake(_: str) -> None:
        return

    clock = Clock(db, Kinds({"start": start}, {"chore": chore}), holder=name, wake=wake)
    print("up", flush=True)
    await Leader(db, name, tenure=QUICK).lead(clock.keep)


if __name__ == "__main__":
    asyncio.run(keep(sys.argv[1], sys.argv[2], hang="hang" in sys.argv[3:]))
