"""What the nightly clean-up deletes, and what it leaves."""

from typing import Any

from sqlalchemy import Table, func, insert, select

from addon.clockwork.presence import Presence
from addon.policy.retention import ACCOUNTS_S, TRACES_S, tidy
from addon.store.db import Database
from addon.store.ids import id_at, new_id
from addon.store.repos import processes
from addon.store.repos.audit import record
from addon.store.tables.audit import audit
from addon.store.tables.clockwork import processes as process_rows
from addon.store.tables.money import budget_alerts, person_minutes, spending
from addon.store.tables.runs import run_checkpoints, run_events, runs
from tests.rows import add_run, add_tenant

DAY_S = 86400.0


async def add(db: Database, table: Table, **values: Any) -> None:
    async with db.begin() as tx:
        await tx.execute(insert(table).values(**values))


async def count(db: Database, table: Table) -> int:
    async with db.begin() as tx:
        return int(await tx.scalar(select(func.count()).select_from(table)) or 0)


async def run_of(db: Database, tenant_id: str, created_at: float, **values: Any) -> str:
    """A run of that time with two events and a finished piece."""
    run_id = id_at(created_at)[:-12] + new_id()[-12:]
    await add_run(db, tenant_id, id=run_id, created_at=created_at, **values)
    for seq in (1, 2):
        event = {"run_id": run_id, "seq": seq, "tenant_id": tenant_id}
        await add(db, run_events, **event, event="stage", data={}, at=created_at)
    await add(db, run_checkpoints, run_id=run_id, name="x", tenant_id=tenant_id, value={})
    return run_id


async def test_old_traces_go_and_results_stay(database: Database) -> None:
    tenant_id, now = await add_tenant(database), database.now()
    old, young = now - TRACES_S - DAY_S, now - TRACES_S + DAY_S
    for _ in range(3):
        await run_of(database, tenant_id, old, state="succeeded", finished_at=old + 5, result={"a": 1})
    kept = {
        await run_of(database, tenant_id, young, state="succeeded", finished_at=young + 5),
        await run_of(database, tenant_id, old, state="succeeded", finished_at=young),
        await run_of(database, tenant_id, old, state="queued"),
    }
    gone = await tidy(database, now)
    assert gone["runs"] == 3
    async with database.begin() as tx:
        assert set((await tx.execute(select(run_events.c.run_id))).scalars()) == kept
        assert set((await tx.execute(select(run_checkpoints.c.run_id))).scalars()) == kept
    assert await count(database, runs) == 6
    assert (await tidy(database, now))["runs"] == 0


async def test_old_accounts_go_and_the_audit_stays(database: Database) -> None:
    tenant_id, now = await add_tenant(database), database.now()
    for at in (now - ACCOUNTS_S - 2 * DAY_S, now - ACCOUNTS_S + 2 * DAY_S):
        day, spent = int(at // DAY_S), {"asks": 1, "input_tokens": 1, "output_tokens": 1, "unpriced_tokens": 0}
        whom = {"tenant_id": tenant_id, "payer": "site", "provider": "openai", "model": "m"}
        await add(database, spending, **whom, **spent, day=day, cost_usd=0.0)
        alert = {"tenant_id": tenant_id, "owner": "site", "budget": "usd_per_day"}
        await add(database, budget_alerts, **alert, period=day, level=80, at=at)
    for minutes_ago in (3 * 24 * 60, 10):
        minute = int(now // 60) - minutes_ago
        await add(database, person_minutes, tenant_id=tenant_id, account_id="a", minute=minute, tokens=1)
    async with database.begin() as tx:
        await record(tx, tenant_id, action="something")
    gone = await tidy(database, now)
    assert (gone["accounts"], gone["minutes"]) == (2, 1)
    assert [await count(database, table) for table in (spending, budget_alerts, person_minutes, audit)] == [1, 1, 1, 1]


async def test_the_dead_are_forgotten_after_a_day(database: Database) -> None:
    async with database.begin() as tx:
        for name in ("dead", "silent"):
            await processes.report(tx, processes.Identity(name, "worker", "h", 1, "1"), load=processes.Load({}, {}))
        await tx.execute(
            process_rows.update().where(process_rows.c.name == "dead").values(seen_at=database.now() - DAY_S - 60)
        )
    assert (await tidy(database, database.now()))["processes"] == 1
    async with database.begin() as tx:
        assert [row.identity.name for row in await processes.known(tx)] == ["silent"]


async def test_a_process_shows_itself_and_goes(database: Database) -> None:
    identity = processes.Identity("me", "worker", "h", 7, "1")
    beats: list[int] = []
    busy = {"ai": (50, 3)}
    presence = Presence(database, identity, busy=lambda: busy, beat=lambda: beats.append(1))
    async with presence.shown():
        await presence.drain()
        async with database.begin() as tx:
            (row,) = await processes.known(tx)
        assert (row.identity, row.alive) == (identity, True)
        assert row.load == processes.Load({"ai": 50}, {"ai": 3}, draining=True)
    assert await count(database, process_rows) == 0
