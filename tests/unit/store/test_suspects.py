"""Rows on their last chance are worked one at a time in a process, and keep nobody else waiting."""

import time

from addon.store.db import Database
from addon.store.leases import Claims
from addon.store.repos.publications import turn
from addon.store.suspects import APART_S, LAST_CHANCE
from addon.store.tables.runs import publications, runs
from tests.rows import add_publication, add_run, add_tenant, row_of

ANN = Claims(runs, "ann")
BOB = Claims(runs, "bob")
ANN_WRITES = Claims(publications, "ann", turn=turn)
BOB_WRITES = Claims(publications, "bob", turn=turn)


async def claimed(db: Database, claims: Claims, *, limit: int = 10, later_s: float = 0.0) -> list[str]:
    queue = "ai" if claims.table is runs else "default"
    async with db.begin() as tx:
        return [lease.id for lease in await claims.claim(tx, queue, limit=limit, now=time.time() + later_s)]


async def test_of_several_suspects_a_worker_gets_one_and_of_the_others_all(database: Database) -> None:
    tenant_id = await add_tenant(database)
    now = time.time()
    suspects = [await add_run(database, tenant_id, crashes=LAST_CHANCE, run_at=now - 9 + n) for n in range(5)]
    others = [await add_run(database, tenant_id, crashes=LAST_CHANCE - 1, run_at=now - 1) for _ in range(3)]
    assert await claimed(database, ANN, limit=4) == [suspects[0], *others]
    waiting = await row_of(database, runs, suspects[1])
    assert (waiting.state, waiting.worker, waiting.lease_until) == ("queued", None, None)
    assert waiting.run_at > now + APART_S - 1


async def test_next_suspect_comes_when_the_one_before_it_is_over_and_each_worker_has_its_own(
    database: Database,
) -> None:
    tenant_id = await add_tenant(database)
    suspects = [await add_run(database, tenant_id, crashes=LAST_CHANCE) for _ in range(3)]
    (first,) = await claimed(database, ANN)
    assert await claimed(database, ANN, later_s=2 * APART_S) == []
    (second,) = await claimed(database, BOB, later_s=4 * APART_S)
    assert {first, second} < set(suspects)
    assert first != second


async def test_suspect_of_the_other_table_counts_as_well(database: Database) -> None:
    """Else the next death would end both, and one of them is innocent."""
    tenant_id = await add_tenant(database)
    run_id = await add_run(database, tenant_id, crashes=LAST_CHANCE)
    suspect = await add_publication(database, tenant_id, run_id, crashes=LAST_CHANCE)
    other = await add_publication(database, tenant_id, run_id, issue_id="10002")
    assert await claimed(database, ANN) == [run_id]
    assert await claimed(database, ANN_WRITES) == [other]
    assert await claimed(database, BOB_WRITES, later_s=2 * APART_S) == [suspect]
    next_id = await add_run(database, tenant_id, crashes=LAST_CHANCE)
    assert await claimed(database, BOB, later_s=2 * APART_S) == []
    async with database.begin() as tx:
        await tx.execute(publications.update().where(publications.c.id == suspect).values(state="succeeded"))
    assert await claimed(database, BOB, later_s=4 * APART_S) == [next_id]
