"""How much waits and works: counted right, by site and queue, and cheap where very much waits."""

import time
from typing import Any

from sqlalchemy import event, insert, text

from addon.store.db import Database
from addon.store.ids import new_id
from addon.store.repos import load
from addon.store.repos.load import Heap, Pace
from addon.store.tables.runs import runs
from tests.rows import add_publication, add_run, add_tenant

QUEUES = ("priority", "ai", "default", "exports")
MANY = 6_000


async def heaps(db: Database, tenant_id: str | None = None) -> list[Heap]:
    async with db.single() as tx:
        return await load.heaps(tx, QUEUES, now=time.time(), tenant_id=tenant_id)


async def test_what_waits_and_works_is_counted_by_site_and_queue(database: Database) -> None:
    mine, other = await add_tenant(database), await add_tenant(database)
    now = time.time()
    for age_s in (30.0, 90.0, -60.0):
        await add_run(database, mine, run_at=now - age_s)
    await add_run(database, mine, state="running", run_at=now - 500)
    run_id = await add_run(database, mine, state="succeeded")
    await add_publication(database, mine, run_id, queue="ai")
    await add_publication(database, mine, run_id, state="running")
    await add_publication(database, mine, run_id, state="failed")
    await add_run(database, other, queue="priority", run_at=now + 60)
    found = {(each.tenant_id, each.queue): each for each in await heaps(database)}
    ai = found[mine, "ai"]
    assert (ai.waiting, ai.later, ai.working) == (4, 1, 1)
    assert 89 < ai.oldest_s < 100
    default = found[mine, "default"]
    assert (default.waiting, default.working, default.oldest_s) == (0, 1, 0.0)
    put_off = found[other, "priority"]
    assert (put_off.waiting, put_off.later, put_off.oldest_s) == (1, 1, 0.0)
    assert len(found) == 3
    assert {(each.tenant_id, each.queue) for each in await heaps(database, mine)} == {(mine, "ai"), (mine, "default")}


async def test_what_began_and_what_failed_lately_is_counted_by_queue(database: Database) -> None:
    mine, other = await add_tenant(database), await add_tenant(database)
    now = time.time()
    for state, started in (("running", 5), ("succeeded", 50), ("queued", 20), ("succeeded", 70)):
        await add_run(database, mine, state=state, started_at=now - started, finished_at=now)
    for ended in (10, 3_500, 3_700):
        await add_run(database, mine, state="failed", queue="priority", finished_at=now - ended)
    run_id = await add_run(database, other, state="failed", finished_at=now, started_at=now)
    await add_publication(database, other, run_id, state="failed", finished_at=now)
    async with database.single() as tx:
        assert await load.paces(tx, now=time.time()) == {
            "ai": Pace(4, 1),
            "priority": Pace(0, 2),
            "default": Pace(0, 1),
        }
    async with database.single() as tx:
        assert await load.paces(tx, now=time.time(), tenant_id=mine) == {"ai": Pace(3, 0), "priority": Pace(0, 2)}


async def test_the_database_says_what_time_it_is(database: Database) -> None:
    async with database.single() as tx:
        assert abs(await load.moment(tx) - time.time()) < 5


async def test_nothing_at_all_is_no_trouble(database: Database) -> None:
    assert await heaps(database) == []
    async with database.single() as tx:
        assert await load.paces(tx, now=time.time()) == {}
    async with database.single() as tx:
        assert await load.soonest(tx, limit=5) == []


async def test_sites_are_named_and_told_apart_when_they_pause(database: Database) -> None:
    tenant_id = await add_tenant(database)
    async with database.begin() as tx:
        await tx.execute(text("UPDATE tenants SET paused_until = 5"))
    async with database.single() as tx:
        found = await load.sites(tx, [tenant_id, "unknown"])
    assert found == {tenant_id: load.Site("https://acme.atlassian.net", "installed", True)}


async def test_where_very_much_waits_the_indexes_are_asked(database: Database) -> None:
    """Fewer here; the plan is what matters: what has ended is never read."""
    tenant_id = await add_tenant(database)
    await fill(database, tenant_id)
    plans = await plans_of(database)
    if database.dialect == "sqlite":
        counted = [line for line in plans[0] if "runs" in line or "publications" in line]
        assert len(counted) == 4
        assert all("_waiting (queue=?" in line or "_working (queue=?" in line for line in counted), counted
        looked = [line for line in plans[1] if "runs" in line or "publications" in line]
        assert all("_started" in line or "_failed" in line for line in looked), looked
    else:
        assert any("Index Only Scan using ix_runs_waiting" in line for line in plans[0]), plans[0]
        assert not any("Seq Scan on runs" in line for plan in plans for line in plan), plans


async def fill(db: Database, tenant_id: str) -> None:
    """Many waiting runs, and twice as many that have ended."""
    now = time.time()
    common = {"tenant_id": tenant_id, "kind": "analysis", "trigger": "webhook", "params": {}, "queue": "ai"}
    states = ("queued", "succeeded", "succeeded")
    rows: list[dict[str, Any]] = [
        {**common, "id": new_id(), "state": states[n % 3], "run_at": now, "created_at": now, "started_at": now - 3600}
        for n in range(MANY)
    ]
    async with db.begin() as tx:
        await tx.execute(insert(runs), rows)
    if db.dialect == "postgresql":
        # It marks what an index may answer alone.
        async with db.single() as tx:
            await tx.execute(text("VACUUM ANALYZE runs"))
    else:
        async with db.single() as tx:
            await tx.execute(text("ANALYZE"))


async def plans_of(db: Database) -> list[list[str]]:
    """How the database goes about the two looks over all sites."""
    said: list[tuple[str, Any]] = []
    engine = db.engine.sync_engine

    def listen(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", listen)
    await heaps(db)
    async with db.single() as tx:
        await load.paces(tx, now=time.time())
    event.remove(engine, "before_cursor_execute", listen)
    looks = [each for each in said if "runs" in each[0]]
    assert len(looks) == 2
    explain = "EXPLAIN QUERY PLAN " if db.dialect == "sqlite" else "EXPLAIN "
    plans = []
    for statement, parameters in looks:
        async with db.single() as tx:
            rows = (await tx.exec_driver_sql(explain + statement, parameters)).all()
        plans.append([str(row[-1]).strip() for row in rows])
    return plans
