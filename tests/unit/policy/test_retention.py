"""What the nightly clean-up deletes, and what it leaves."""

import asyncio
import logging
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Table, event, func, insert, select, update

from addon.clockwork.presence import Presence
from addon.observe.logs import tenant_hash
from addon.policy import retention
from addon.policy.retention import ACCOUNTS_S, TRACES_S, purge, tidy
from addon.store.db import Database
from addon.store.ids import id_at, new_id
from addon.store.repos import processes, remains
from addon.store.repos import tenants as tenant_rows
from addon.store.repos.audit import record
from addon.store.tables.audit import audit
from addon.store.tables.clockwork import processes as process_rows
from addon.store.tables.money import budget_alerts, person_minutes, spending
from addon.store.tables.reruns import reruns
from addon.store.tables.runs import publications, run_checkpoints, run_events, runs
from addon.store.tables.tenants import tenants
from addon.store.trouble import DatabaseDown
from tests.rows import add_publication, add_run, add_tenant

DAY_S = 86400.0
GONE_AT, NOW = 1.0, 2.0
MANY = 5
"""Rows of a site in each table that may be large."""
PORTION = 2
COMMIT = ("commit", 0)
LARGE = (runs, audit, reruns)
OF_A_SITE = (*LARGE, run_events, run_checkpoints, publications)


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


@pytest.fixture
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", PORTION)


async def site_with_much(db: Database, *, left: bool = True) -> str:
    """Id of a site with MANY rows in every large table, past its retention when it left."""
    tenant_id = await add_tenant(db, state="uninstalled" if left else "installed")
    if left:
        await add_values(db, tenant_id, purge_after=GONE_AT)
    for n in range(MANY):
        # Two of a time: a portion may end between them.
        run_id = await run_of(db, tenant_id, 1000.0 + (n + 1) // 2, state="succeeded", finished_at=2000.0)
        await add_publication(db, tenant_id, run_id)
        await add(db, reruns, tenant_id=tenant_id, issue_id=str(n), issue_key="A-1", project_id="1", due_at=1.0)
        async with db.begin() as tx:
            await record(tx, tenant_id, action="something")
    return tenant_id


async def add_values(db: Database, tenant_id: str, **values: Any) -> None:
    async with db.begin() as tx:
        await tx.execute(update(tenants).where(tenants.c.id == tenant_id).values(**values))


async def counts(db: Database, tenant_id: str) -> dict[str, int]:
    async with db.begin() as tx:
        of = {table: select(func.count()).where(table.c.tenant_id == tenant_id) for table in OF_A_SITE}
        return {table.name: int(await tx.scalar(query) or 0) for table, query in of.items()}


@pytest.mark.usefixtures("small_portions")
async def test_large_site_goes_in_portions_its_own_row_last(database: Database) -> None:
    gone, stays = await site_with_much(database), await site_with_much(database, left=False)
    said: list[tuple[str, int]] = []

    def listen(_c: object, cursor: Any, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM "):
            said.append((statement.split()[2], cursor.rowcount))

    def commit(_: object) -> None:
        said.append(COMMIT)

    engine = database.engine.sync_engine
    event.listen(engine, "after_cursor_execute", listen)
    event.listen(engine, "commit", commit)
    assert await purge(database, NOW) == 1
    event.remove(engine, "after_cursor_execute", listen)
    event.remove(engine, "commit", commit)
    portions = [(table.name, count) for table in LARGE for count in (2, 2, 1)]
    assert [each for each in said if each != COMMIT] == [*portions, ("tenants", 1)]
    # Each by itself, so that nobody waits for all of them.
    assert all(COMMIT in pair for pair in pairwise(said))
    assert set((await counts(database, gone)).values()) == {0}
    assert set((await counts(database, stays)).values()) == {MANY, 2 * MANY}


@pytest.mark.usefixtures("small_portions")
async def test_clean_up_that_is_cut_goes_on_where_it_was(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant_id = await site_with_much(database)

    portion, portions = remains.of_site, 0

    async def cut(*args: Any, **named: Any) -> Any:
        nonlocal portions
        portions += 1
        if portions > 2:
            raise asyncio.CancelledError
        return await portion(*args, **named)

    with monkeypatch.context() as patched:
        patched.setattr(remains, "of_site", cut)
        with pytest.raises(asyncio.CancelledError):
            await purge(database, NOW)
    left = await counts(database, tenant_id)
    assert (left["runs"], left["run_events"], left["publications"], left["audit"]) == (1, 2, 1, MANY)
    assert await purge(database, NOW) == 1
    assert set((await counts(database, tenant_id)).values()) == {0}


@pytest.mark.usefixtures("small_portions")
async def test_site_that_comes_back_in_the_middle_keeps_what_is_left(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant_id = await site_with_much(database)
    portion, portions = remains.of_site, 0

    async def then_it_is_installed(*args: Any, **named: Any) -> Any:
        nonlocal portions
        portions += 1
        end = await portion(*args, **named)
        if portions == 2:
            back = update(tenants).where(tenants.c.id == tenant_id).values(state="installed", purge_after=None)
            await args[0].execute(back)
        return end

    monkeypatch.setattr(remains, "of_site", then_it_is_installed)
    assert await purge(database, NOW) == 0
    left = await counts(database, tenant_id)
    assert (left["runs"], left["audit"], left["reruns"]) == (1, MANY, MANY)
    assert await count(database, tenants) == 1


@pytest.mark.parametrize("reason", [DatabaseDown(), RuntimeError("odd rows")])
async def test_site_that_cannot_be_deleted_keeps_no_other_one(
    database: Database, monkeypatch: pytest.MonkeyPatch, reason: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    first, bad, last = sorted([await site_with_much(database) for _ in range(3)])
    portion = remains.of_site

    async def fails_for_one(*args: Any, tenant_id: str, **named: Any) -> Any:
        if tenant_id == bad:
            raise reason
        return await portion(*args, tenant_id=tenant_id, **named)

    with monkeypatch.context() as patched:
        patched.setattr(remains, "of_site", fails_for_one)
        assert await purge(database, NOW) == 2
    (said,) = (each for each in caplog.records if each.levelno == logging.ERROR)
    assert said.__dict__["tenant"] == tenant_hash(bad)
    assert [set((await counts(database, each)).values()) for each in (first, last)] == [{0}, {0}]
    assert await purge(database, NOW) == 1
    assert set((await counts(database, bad)).values()) == {0}


async def test_database_that_is_away_is_no_failure_of_one_site(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site_with_much(database)
    await site_with_much(database)

    async def down(*_: object, **__: object) -> Any:
        raise DatabaseDown

    async def goes_away(*_: object, **__: object) -> Any:
        monkeypatch.setattr(tenant_rows, "due_for_purge", down)
        raise DatabaseDown

    monkeypatch.setattr(remains, "of_site", goes_away)
    with pytest.raises(DatabaseDown):
        await purge(database, NOW)


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
