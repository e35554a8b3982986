"""A delivery is written by the same statement that asks whether what it was judged by still holds."""

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import select

from addon.store.db import Database
from addon.store.ids import new_id
from addon.store.repos import deliveries, projects
from addon.store.repos import runs as run_rows
from addon.store.repos.deliveries import Judged
from addon.store.repos.projects import ProjectRow
from addon.store.repos.runs import NewRun
from addon.store.tables.runs import publications, runs
from addon.store.trouble import DatabaseDown, Unstorable
from tests.unit.policy.test_projects import add_tenant

NEW = NewRun(
    kind="analysis",
    trigger="webhook",
    issue_id="1",
    issue_key="ABC-1",
    project_id="10000",
    start_key="analysis:created:1",
    delivery_id="d-1",
)
UNTOUCHED = Judged(changed_at=0.0, since=0.0, most=5)


@pytest.fixture
async def tenant_id(database: Database) -> str:
    return await add_tenant(database)


async def rows(db: Database) -> list[dict[str, Any]]:
    async with db.begin() as tx:
        return [dict(row) for row in (await tx.execute(select(runs).order_by(runs.c.id))).mappings()]


async def test_it_writes_what_a_plain_insert_writes(database: Database, tenant_id: str) -> None:
    other = replace(NEW, issue_id="2", start_key="analysis:created:2", delivery_id="d-2")
    assert await deliveries.insert(database, tenant_id, new=NEW, judged=UNTOUCHED)
    async with database.single() as tx:
        assert await run_rows.insert(tx, tenant_id, new=other, now=database.now())
    first, second = await rows(database)
    varying = {"id", "issue_id", "start_key", "delivery_id", "run_at", "created_at"}
    assert {k: v for k, v in first.items() if k not in varying} == {k: v for k, v in second.items() if k not in varying}
    assert second["created_at"] - first["created_at"] < 60
    assert first["run_at"] == first["created_at"]


async def test_of_ten_at_once_one_is_written(database: Database, tenant_id: str) -> None:
    asked = (deliveries.insert(database, tenant_id, new=NEW, judged=UNTOUCHED) for _ in range(10))
    assert sorted(await asyncio.gather(*asked)) == [False] * 9 + [True]
    assert len(await rows(database)) == 1


@pytest.mark.parametrize("seen", [0.0, 6.0])
async def test_settings_that_were_saved_since_stop_it(database: Database, tenant_id: str, seen: float) -> None:
    async with database.begin() as tx:
        await projects.save(tx, tenant_id, project_id="10000", row=ProjectRow({"auto_analyze": False}, "ann", 7.25))
    assert not await deliveries.insert(database, tenant_id, new=NEW, judged=replace(UNTOUCHED, changed_at=seen))
    assert await deliveries.insert(database, tenant_id, new=NEW, judged=replace(UNTOUCHED, changed_at=7.25))


async def test_settings_of_another_site_or_project_do_not(database: Database, tenant_id: str) -> None:
    other = await add_tenant(database, "jira:other")
    async with database.begin() as tx:
        await projects.save(tx, other, project_id="10000", row=ProjectRow({}, "ann", 1.0))
        await projects.save(tx, tenant_id, project_id="10001", row=ProjectRow({}, "ann", 1.0))
    assert await deliveries.insert(database, tenant_id, new=NEW, judged=UNTOUCHED)


@pytest.mark.parametrize(("target", "goes"), [("subtasks", False), ("xray", False), ("comment", True)])
async def test_an_issue_that_we_created_stops_it(database: Database, tenant_id: str, target: str, goes: bool) -> None:
    async with database.begin() as tx:
        run_id = await run_rows.insert(tx, tenant_id, new=replace(NEW, issue_id="9", start_key=None), now=1.0)
        item: dict[str, Any] = {"id": new_id(), "tenant_id": tenant_id, "run_id": run_id, "issue_id": "9"}
        item |= {"target": target, "marker": "m", "content": {}, "state": "succeeded", "queue": "default"}
        await tx.execute(publications.insert().values(**item, remote_id="1", run_at=1.0, created_at=1.0))
    new = replace(NEW, delivery_id="d-2")
    assert await deliveries.insert(database, tenant_id, new=new, judged=UNTOUCHED) is goes


@pytest.mark.parametrize(("most", "since", "goes"), [(2, 0.0, False), (3, 0.0, True), (2, 150.0, True)])
async def test_an_issue_with_many_runs_of_late_stops_it(
    database: Database, tenant_id: str, most: int, since: float, goes: bool
) -> None:
    async with database.begin() as tx:
        for number, at in enumerate((100.0, 200.0)):
            before = replace(NEW, start_key=f"old-{number}", delivery_id=None)
            run_id = await run_rows.insert(tx, tenant_id, new=before, now=at)
            await tx.execute(runs.update().where(runs.c.id == run_id).values(state="succeeded"))
    judged = Judged(changed_at=0.0, since=since, most=most)
    assert await deliveries.insert(database, tenant_id, new=NEW, judged=judged) is goes


async def test_a_text_that_no_column_holds_is_the_callers_fault(database: Database, tenant_id: str) -> None:
    long = replace(NEW, delivery_id="x" * 129)
    if database.dialect == "sqlite":
        assert await deliveries.insert(database, tenant_id, new=long, judged=UNTOUCHED)
        return
    with pytest.raises(Unstorable):
        await deliveries.insert(database, tenant_id, new=long, judged=UNTOUCHED)
    # The connection that brought the refusal is as good as before.
    assert await deliveries.insert(database, tenant_id, new=NEW, judged=UNTOUCHED)


async def test_a_site_that_is_not_there_is_a_mistake_of_ours(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key") as raised:
        await deliveries.insert(database, new_id(), new=NEW, judged=UNTOUCHED)
    assert not isinstance(raised.value, DatabaseDown)


async def test_who_is_called_off_leaves_no_connection_behind(database: Database, tenant_id: str) -> None:
    for _ in range(30):
        asking = asyncio.create_task(deliveries.insert(database, tenant_id, new=NEW, judged=UNTOUCHED))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    async with asyncio.timeout(60):
        await deliveries.insert(database, tenant_id, new=NEW, judged=UNTOUCHED)
    assert len(await rows(database)) == 1


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced(database: Database, tenant_id: str) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has no server")
    assert await deliveries.insert(database, tenant_id, new=NEW, judged=UNTOUCHED)
    address = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    other = await asyncpg.connect(address)
    of_ours = "pid <> pg_backend_pid() AND datname = current_database()"
    await other.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {of_ours}")
    async with asyncio.timeout(60):
        while await other.fetchval(f"SELECT count(*) FROM pg_stat_activity WHERE {of_ours}"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await other.close()
    # Until the word of it has come here.
    await asyncio.sleep(0.2)
    assert not await deliveries.insert(database, tenant_id, new=NEW, judged=UNTOUCHED)
