"""Rows that came into a queue after their site had left: called off, and by no means what came after it was back."""

from typing import Any

import pytest
from sqlalchemy import Table, event, text

from addon.store import leases
from addon.store.db import Database
from addon.store.holding import Holding
from addon.store.leases import Claims
from addon.store.leavers import call_off
from addon.store.repos.tenants import STOPPED
from addon.store.tables.runs import publications, runs
from tests.rows import add_publication, add_run, add_tenant, row_of, set_tenant
from tests.unit.store.test_fairness import flood, plan, whole_table

MANY = 20_000
GONE = pytest.mark.parametrize("state", ["uninstalled", "superseded"])


@GONE
@pytest.mark.parametrize("table", [runs, publications], ids=str)
async def test_what_waits_for_a_site_that_left_is_called_off_by_the_sweep(
    database: Database, table: Table, state: str
) -> None:
    gone, here, away = [await add_tenant(database) for _ in range(3)]
    rows = {}
    for tenant_id in (gone, here, away):
        running = await add_run(database, tenant_id, state="succeeded")
        for queue, run_at in (("ai", 1.0), ("priority", 2e9)):
            values = {"queue": queue, "run_at": run_at}
            if table is runs:
                rows[tenant_id, queue] = await add_run(database, tenant_id, **values)
            else:
                rows[tenant_id, queue] = await add_publication(database, tenant_id, running, **values)
    await set_tenant(database, gone, state)
    await set_tenant(database, away, "disabled")
    assert await Holding(database, Claims(table, "w")).sweep() == (0, {"ai": 1.0})
    for (tenant_id, _), row_id in rows.items():
        row = await row_of(database, table, row_id)
        if tenant_id == gone:
            assert (row.state, row.error) == ("cancelled", STOPPED)
            assert row.finished_at == pytest.approx(database.now(), abs=5)
        else:
            assert (row.state, row.error, row.finished_at) == ("queued", None, None)


async def test_what_came_after_a_site_was_back_stays(database: Database) -> None:
    """As between the look at the queues and the ending of what was found."""
    tenant_id = await add_tenant(database)
    row_id = await add_run(database, tenant_id)
    async with database.begin() as tx:
        assert await call_off(tx, runs, tenant_id=tenant_id, queue="ai", now=1.0) == 0
    assert (await row_of(database, runs, row_id)).state == "queued"


async def test_sweep_asks_nothing_more_while_everybody_is_there(database: Database) -> None:
    await add_run(database, await add_tenant(database))
    said: list[str] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    await Holding(database, Claims(runs, "w")).sweep()
    assert len([statement for statement in said if " runs" in statement]) == 2


async def test_rows_of_who_left_are_found_by_index_among_tens_of_thousands(database: Database) -> None:
    here, gone = await add_tenant(database), await add_tenant(database, state="uninstalled")
    await flood(database, here, MANY)
    await flood(database, gone, 10)
    await flood(database, gone, MANY // 4, state="succeeded")
    said: list[tuple[str, Any]] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *a: said.append((a[2], a[3])))
    for analysed in (False, True):
        if analysed:
            async with database.single() as one:
                await one.execute(text("ANALYZE"))
        said.clear()
        async with database.begin() as tx:
            _, left = await leases.queues(tx, runs, now=database.now())
            assert left == ({} if analysed else {"ai": gone})
            assert await call_off(tx, runs, tenant_id=gone, queue="ai", now=2.0) == (0 if analysed else 10)
            for statement, values in [each for each in said if " runs" in each[0]]:
                steps = await plan(tx, statement, values)
                assert whole_table(steps) == [], steps
