"""Who is next: the urgent first, then the sites in turn, none beyond its share, whatever another site has piled up."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store import leases
from addon.store.db import Database
from addon.store.fairness import BURST_S, Share, at_any_time, next_rows
from addon.store.ids import new_id
from addon.store.leases import Claims, Ending, Lease
from addon.store.repos.publications import turn
from addon.store.tables.runs import publications, runs
from tests.rows import add_publication, add_run, add_tenant, set_tenant

MANY = 50_000
OTHERS = 100
READ = "SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_index"
LANES = {
    "ai": Claims(runs, "w", shares={"ai": Share(20, 300)}),
    "priority": Claims(runs, "w", shares={"priority": Share(20, each_worker=True)}),
    "default": Claims(publications, "w", turn=turn, shares={"default": Share(20, each_worker=True)}),
}


def sharing(*, slots: int = 1000, starts: int = 0, worker: str = "w") -> Claims:
    return Claims(runs, worker, shares={"ai": Share(slots, starts)})


def own(*, slots: int, workers: int) -> list[Claims]:
    """Of so many workers each with shares of its own."""
    shares = {"ai": Share(slots, each_worker=True)}
    return [Claims(runs, f"w{number}", shares=shares) for number in range(workers)]


async def take(db: Database, claims: Claims, limit: int = 10, *, queue: str = "ai", now: float = 0.0) -> list[Lease]:
    async with db.begin() as tx:
        return await claims.claim(tx, queue, limit=limit, now=now or db.now())


async def flood(db: Database, tenant_id: str, count: int, **values: Any) -> None:
    """That many due runs of one site at once."""
    now = time.time() - 1000
    row = {
        "kind": "analysis", "trigger": "webhook", "params": {}, "state": "queued", "queue": "ai", "priority": 0,
        "tenant_id": tenant_id, "run_at": now, "created_at": now,
    }  # fmt: skip
    for start in range(0, count, 5000):
        size = min(5000, count - start)
        some = [{**row, "id": new_id(), **values} for _ in range(size)]
        async with db.begin() as tx:
            await tx.execute(insert(runs), some)


def sites(taken: Sequence[Lease]) -> Counter[str]:
    return Counter(lease.tenant_id for lease in taken)


async def test_site_with_few_rows_is_not_behind_one_with_many(database: Database) -> None:
    big, small = await add_tenant(database), await add_tenant(database)
    await flood(database, big, 300)
    await flood(database, small, 3, run_at=time.time() - 1)
    assert sites(await take(database, sharing(), 6)) == {big: 3, small: 3}


async def test_site_with_fewer_rows_at_work_is_next_however_young_its_rows_are(database: Database) -> None:
    big, small = await add_tenant(database), await add_tenant(database)
    await flood(database, big, 8)
    assert len(await take(database, sharing(), 3)) == 3
    await flood(database, small, 5, run_at=time.time() - 1)
    assert sites(await take(database, sharing(), 3)) == {small: 3}
    assert sites(await take(database, sharing(), 2)) == {small: 1, big: 1}


async def test_more_urgent_row_goes_first_even_of_the_busiest_site(database: Database) -> None:
    busy, idle = await add_tenant(database), await add_tenant(database)
    await flood(database, busy, 3)
    await take(database, sharing(), 3)
    await flood(database, idle, 1)
    urgent = await add_run(database, busy, priority=10)
    assert [lease.id for lease in await take(database, sharing(), 1)] == [urgent]


async def test_no_site_has_more_rows_at_work_than_its_slots(database: Database) -> None:
    big, small = await add_tenant(database), await add_tenant(database)
    await flood(database, big, 30)
    await flood(database, small, 2)
    claims = sharing(slots=5)
    taken = await take(database, claims, 20)
    assert sites(taken) == {big: 5, small: 2}
    assert await take(database, claims, 20) == []
    async with database.begin() as tx:
        await leases.finish(tx, runs, lease=_of(taken, big), ending=Ending("succeeded"), now=time.time())
    assert sites(await take(database, claims, 20)) == {big: 1}


async def test_slots_count_for_all_priorities_together(database: Database) -> None:
    tenant_id = await add_tenant(database)
    await flood(database, tenant_id, 4, priority=10)
    await flood(database, tenant_id, 4, priority=0)
    await flood(database, tenant_id, 4, priority=5)
    assert len(await take(database, sharing(slots=6), 12)) == 6


async def test_slots_of_a_queue_are_its_own(database: Database) -> None:
    tenant_id = await add_tenant(database)
    await flood(database, tenant_id, 4)
    await flood(database, tenant_id, 4, queue="priority")
    claims = Claims(runs, "w", shares={name: Share(2) for name in ("ai", "priority")})
    assert len(await take(database, claims)) == 2
    assert len(await take(database, claims, queue="priority")) == 2


async def test_claims_at_the_same_time_never_exceed_the_slots_and_lose_no_row(database: Database) -> None:
    tenants = [await add_tenant(database) for _ in range(3)]
    for tenant_id in tenants:
        await flood(database, tenant_id, 40)
    workers = [sharing(slots=7, worker=f"w{n}") for n in range(6)]
    taken = [lease for batch in await asyncio.gather(*(take(database, w, 4) for w in workers * 3)) for lease in batch]
    assert len({lease.id for lease in taken}) == len(taken)
    assert sites(taken) == dict.fromkeys(tenants, 7)


async def test_where_each_worker_has_shares_more_of_them_are_more_for_a_site(database: Database) -> None:
    tenant_id = await add_tenant(database)
    await flood(database, tenant_id, 60)
    four = own(slots=5, workers=4)
    assert [len(await take(database, claims, 20)) for claims in four] == [5] * 4
    assert [len(await take(database, claims, 20)) for claims in four] == [0] * 4
    # A place that comes free is one of that worker's.
    async with database.begin() as tx:
        held = (await tx.execute(select(runs.c.id, runs.c.attempts).where(runs.c.worker == "w2").limit(1))).one()
        lease = Lease(held.id, tenant_id, "w2", held.attempts)
        await leases.finish(tx, runs, lease=lease, ending=Ending("succeeded"), now=time.time())
    assert [len(await take(database, claims, 20)) for claims in four] == [0, 0, 1, 0]


async def test_share_of_each_worker_keeps_places_for_others_on_every_one(database: Database) -> None:
    crowd = [await add_tenant(database) for _ in range(2)]
    for tenant_id in crowd:
        await flood(database, tenant_id, 60)
    four = own(slots=5, workers=4)
    for claims in four:
        assert sites(await take(database, claims, 20)) == dict.fromkeys(crowd, 5)
    late = await add_tenant(database)
    await flood(database, late, 40)
    for claims in four:
        assert sites(await take(database, claims, 20)) == {late: 5}


async def test_worker_prefers_the_site_that_has_less_of_its_own_places(database: Database) -> None:
    here, elsewhere = await add_tenant(database), await add_tenant(database)
    first, second = own(slots=10, workers=2)
    await flood(database, elsewhere, 6)
    assert sites(await take(database, second, 6)) == {elsewhere: 6}
    await flood(database, here, 6)
    assert sites(await take(database, first, 2)) == {here: 2}
    await flood(database, elsewhere, 6)
    assert sites(await take(database, first, 2)) == {elsewhere: 2}


async def test_claims_at_the_same_time_never_exceed_the_share_of_a_worker(database: Database) -> None:
    tenants = [await add_tenant(database) for _ in range(3)]
    for tenant_id in tenants:
        await flood(database, tenant_id, 40)
    workers = own(slots=7, workers=4)
    batches = await asyncio.gather(*(take(database, w, 4) for w in workers * 6))
    taken = [lease for batch in batches for lease in batch]
    assert len({lease.id for lease in taken}) == len(taken)
    assert Counter((lease.tenant_id, lease.worker) for lease in taken) == {
        (tenant_id, worker.worker): 7 for tenant_id in tenants for worker in workers
    }


async def test_site_begins_no_more_in_a_minute_than_its_rate_and_a_burst(database: Database) -> None:
    tenant_id, other = await add_tenant(database), await add_tenant(database)
    await flood(database, tenant_id, 200)
    claims, now = sharing(starts=60), time.time()
    begun = 0
    for second in range(60):
        begun += len(await take(database, claims, 50, now=now + second))
        if second == 0:
            assert begun == 60 * BURST_S / 60
    assert begun == 60 + 60 * BURST_S / 60 - 1
    # Whoever has nothing to do with it is not kept.
    await flood(database, other, 1)
    assert sites(await take(database, claims, 50, now=now + 59)) == {other: 1}


async def test_rate_holds_over_all_workers(database: Database) -> None:
    await flood(database, await add_tenant(database), 40)
    now = time.time()
    workers = [sharing(starts=60, worker=f"w{n}") for n in range(5)]
    taken = await asyncio.gather(*(take(database, worker, 4, now=now) for worker in workers * 2))
    assert sum(len(batch) for batch in taken) == 10


async def test_even_one_start_a_minute_is_begun(database: Database) -> None:
    await flood(database, await add_tenant(database), 3)
    claims, now = sharing(starts=1), time.time()
    assert [len(await take(database, claims, now=now + s)) for s in (0, 30, 59, 60.5, 90)] == [1, 0, 0, 1, 0]


async def test_what_a_person_waits_for_has_no_rate(database: Database) -> None:
    tenant_id = await add_tenant(database)
    await flood(database, tenant_id, 3)
    await flood(database, tenant_id, 30, queue="priority", priority=10)
    claims = Claims(runs, "w", shares={"ai": Share(1000, 1), "priority": Share(1000)})
    assert len(await take(database, claims)) == 1
    assert len(await take(database, claims, 30, queue="priority")) == 30


async def test_sites_that_cannot_be_worked_take_nobodys_turn(database: Database) -> None:
    gone = [await add_tenant(database) for _ in range(12)]
    for tenant_id in gone:
        await flood(database, tenant_id, 2)
        await set_tenant(database, tenant_id, "disabled")
    there = await add_tenant(database)
    await flood(database, there, 1, run_at=time.time() - 1)
    assert sites(await take(database, sharing(), 1)) == {there: 1}


async def test_rows_that_wait_for_their_next_try_hide_none_behind_them(database: Database) -> None:
    tenant_id = await add_tenant(database)
    await flood(database, tenant_id, 20, priority=10, run_at=time.time() + 600)
    await flood(database, tenant_id, 1)
    assert len(await take(database, sharing(), 5)) == 1


async def test_items_that_wait_for_their_turn_hide_no_other_site(database: Database) -> None:
    waiting, other = [await add_tenant(database) for _ in range(10)], await add_tenant(database)
    for tenant_id in waiting:
        run_id = await add_run(database, tenant_id, state="succeeded")
        await add_publication(database, tenant_id, run_id, target="subtasks", item=0, state="running", queue="default")
        for item in range(1, 4):
            await add_publication(database, tenant_id, run_id, target="subtasks", item=item, run_at=1.0)
    run_id = await add_run(database, other, state="succeeded")
    theirs = await add_publication(database, other, run_id)
    taken = await take(database, LANES["default"], 1, queue="default")
    assert [lease.id for lease in taken] == [theirs]


async def test_queues_with_due_rows_are_named_with_the_oldest_of_them(database: Database) -> None:
    tenant_id, away = await add_tenant(database), await add_tenant(database, state="disabled")
    await flood(database, tenant_id, 5, run_at=500.0)
    await flood(database, tenant_id, 5, run_at=400.0, priority=3)
    await flood(database, tenant_id, 5, run_at=2e9, queue="priority")
    await flood(database, away, 5, run_at=100.0, queue="exports")
    async with database.begin() as tx:
        assert await leases.queues(tx, runs, now=1000.0) == ({"ai": 400.0}, {})


async def plan(tx: AsyncConnection, statement: str, parameters: Any) -> str:
    """How the database goes about it, one step a line."""
    driver: Any = (await tx.get_raw_connection()).driver_connection
    if tx.dialect.name == "postgresql":
        return "\n".join(row[0] for row in await driver.fetch(f"EXPLAIN {statement}", *parameters))
    steps = await driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return "\n".join(row[3] for row in await steps.fetchall())


@pytest.fixture
async def crowded(database: Database) -> Database:
    """One site with tens of thousands of waiting runs, many with a few, and as many that are done."""
    big = await add_tenant(database)
    await flood(database, big, MANY)
    for _ in range(OTHERS):
        await flood(database, await add_tenant(database), 10)
    await flood(database, big, MANY // 10, state="succeeded")
    return database


def whole_table(steps: str) -> list[str]:
    """The steps that read every row of `runs`."""
    lines = [" ".join(line.split()) for line in steps.splitlines()]
    return [line for line in lines if line.startswith(("SCAN runs", "-> Seq Scan on runs")) and "heads" not in line]


async def test_claim_and_sweep_find_their_rows_by_index_among_tens_of_thousands(crowded: Database) -> None:
    said: list[tuple[str, Any]] = []
    event.listen(crowded.engine.sync_engine, "before_cursor_execute", lambda *a: said.append((a[2], a[3])))
    over_all = replace(LANES["ai"], worker="other")
    of_each = replace(over_all, shares={"ai": Share(20, each_worker=True)})
    # Statistics are as old as the last time somebody looked: the plan has to be right before and after.
    for analysed in (False, True):
        if analysed:
            async with crowded.single() as one:
                await one.execute(text("ANALYZE"))
        said.clear()
        for claims in (over_all, of_each):
            assert len(sites(await take(crowded, claims, 4))) == 4
        async with crowded.begin() as tx:
            assert await leases.sweep(tx, runs, now=crowded.now()) == 0
            assert list((await leases.queues(tx, runs, now=crowded.now()))[0]) == ["ai"]
        asked = [(statement, values) for statement, values in said if " runs" in statement]
        assert len(asked) == 4
        async with crowded.begin() as tx:
            for statement, values in asked:
                steps = await plan(tx, statement, values)
                assert whole_table(steps) == [], steps
                # Of what is at work there is little: either of its two indexes will do.
                assert any(f"ix_runs_{name}" in steps for name in ("waiting", "lease", "working")), steps


async def test_flood_of_one_site_makes_no_claim_look_at_its_rows(crowded: Database) -> None:
    """PostgreSQL counts what it reads: not a twentieth of what waits."""
    if crowded.dialect == "sqlite":
        # What SQLite reads cannot be counted from outside; that it leaps shows in the condition on both columns.
        statement = next_rows(runs, at_any_time, dialect="sqlite", rated=False, own=False)
        compiled = statement.compile(dialect=crowded.engine.dialect)
        given = {**compiled.params, **Share().asked("ai", limit=4, now=crowded.now())}
        async with crowded.begin() as tx:
            steps = await plan(tx, str(compiled), [given[name] for name in compiled.positiontup or ()])
        assert "(queue=? AND (tenant_id,priority)>(?,?))" in steps
        return
    async with crowded.begin() as tx:
        driver: Any = (await tx.get_raw_connection()).driver_connection
        before = await driver.fetchval(READ)
        assert len(await LANES["ai"].claim(tx, "ai", limit=4, now=crowded.now())) == 4
        read = await driver.fetchval(READ) - before
    assert 0 < read < MANY / 20


def _of(taken: Sequence[Lease], tenant_id: str) -> Lease:
    return next(lease for lease in taken if lease.tenant_id == tenant_id)
