"""What projects, models and usage ask of both kinds of database."""

from typing import Any

import pytest

from addon.store.db import Database
from addon.store.repos import deliveries, projects, tenant_models, usage
from addon.store.repos.deliveries import Intake
from addon.store.repos.projects import ProjectRow
from addon.store.repos.tenant_models import TenantModelRow
from addon.store.tables.runs import publications, runs
from tests.unit.policy.test_projects import add_tenant

DAY = 86_400.0
FIXED: dict[str, Any] = {"kind": "analysis", "params": {}, "queue": "ai", "run_at": 5.0, "attempts": 0}


@pytest.fixture
async def tenant_id(database: Database) -> str:
    return await add_tenant(database)


async def add_run(db: Database, tenant_id: str, run_id: str, **values: Any) -> None:
    row = {"trigger": "webhook", "issue_id": "1", "state": "succeeded", "created_at": 100.0, **FIXED, **values}
    async with db.begin() as tx:
        await tx.execute(runs.insert().values(id=run_id, tenant_id=tenant_id, **row))


async def add_publication(db: Database, tenant_id: str, run_id: str, **values: Any) -> None:
    row = {
        "issue_id": "1",
        "target": "subtasks",
        "marker": run_id,
        "content": {},
        "queue": "default",
        "run_at": 7.0,
        **values,
    }
    async with db.begin() as tx:
        await tx.execute(
            publications.insert().values(id=f"p-{run_id}", tenant_id=tenant_id, run_id=run_id, created_at=1.0, **row)
        )


async def test_a_row_of_settings_is_written_twice_and_read_once(database: Database, tenant_id: str) -> None:
    async with database.begin() as tx:
        assert await projects.get(tx, tenant_id, project_id="10000") is None
        await projects.save(tx, tenant_id, project_id="10000", row=ProjectRow({"language": "fr"}, "ann", 1.0))
        await projects.save(tx, tenant_id, project_id="10000", row=ProjectRow({"min_quality": 50}, "bob", 2.0))
        assert await projects.get(tx, tenant_id, project_id="10000", lock=True) == ProjectRow(
            {"min_quality": 50}, "bob", 2.0
        )
        assert await projects.get(tx, "tenant-z", project_id="10000") is None


async def test_a_choice_of_model_is_written_twice_and_read_once(database: Database, tenant_id: str) -> None:
    first, second = TenantModelRow("openai", "x", b"sealed", "ann", 1.0), TenantModelRow(None, None, None, "bob", 2.0)
    async with database.begin() as tx:
        await tenant_models.save(tx, tenant_id, row=first)
        assert await tenant_models.get(tx, tenant_id) == first
        await tenant_models.save(tx, tenant_id, row=second)
        assert await tenant_models.get(tx, tenant_id, lock=True) == second
    assert "sealed" not in repr(first)


async def test_an_untouched_issue_of_an_untouched_project_has_no_history(database: Database, tenant_id: str) -> None:
    async with database.single() as tx:
        assert await deliveries.intake(tx, tenant_id, project_id="10000", issue_id="1", since=0.0) == Intake(
            None, 0.0, False, 0
        )


async def test_one_statement_tells_settings_ledger_and_rate(database: Database, tenant_id: str) -> None:
    async with database.begin() as tx:
        await projects.save(tx, tenant_id, project_id="10000", row=ProjectRow({"auto_analyze": False}, "ann", 1.0))
    await add_run(database, tenant_id, "r1", created_at=50.0)
    await add_run(database, tenant_id, "r2", created_at=150.0)
    await add_run(database, tenant_id, "r3", created_at=150.0, trigger="panel")
    await add_run(database, tenant_id, "r4", created_at=150.0, issue_id="2")
    await add_publication(database, tenant_id, "r4", remote_id="1", state="succeeded")
    async with database.single() as tx:
        assert await deliveries.intake(tx, tenant_id, project_id="10000", issue_id="1", since=100.0) == Intake(
            {"auto_analyze": False}, 1.0, True, 1
        )
        assert await deliveries.intake(tx, "tenant-z", project_id="10000", issue_id="1", since=100.0) == Intake(
            None, 0.0, False, 0
        )


async def test_usage_adds_up_by_state_issue_and_day(database: Database, tenant_id: str) -> None:
    spent = {"input_tokens": 10, "output_tokens": 4}
    other = await add_tenant(database, "tenant-b")
    await add_run(database, tenant_id, "r1", created_at=3 * DAY, usage=spent)
    await add_run(database, tenant_id, "r2", created_at=4 * DAY - 1, usage=spent, issue_id="2")
    await add_run(database, tenant_id, "r3", created_at=4 * DAY, usage=None, issue_id="2", state="failed")
    await add_run(database, tenant_id, "r4", created_at=3 * DAY - 1, usage=spent)
    await add_run(database, other, "r5", created_at=4 * DAY, usage=spent)
    async with database.begin() as tx:
        found = await usage.since(tx, tenant_id, start=3 * DAY)
        nothing = await usage.since(tx, tenant_id, start=9 * DAY)
    assert found == usage.Usage({"succeeded": 2, "failed": 1}, 2, (usage.DayRow(3, 2), usage.DayRow(4, 1)))
    assert nothing == usage.Usage({}, 0, ())


async def test_what_waits_is_counted_by_table(database: Database, tenant_id: str) -> None:
    await add_run(database, tenant_id, "r1", state="queued", run_at=30.0)
    await add_run(database, tenant_id, "r2", state="queued", run_at=20.0, issue_id="2")
    await add_run(database, tenant_id, "r3", state="running", run_at=1.0, issue_id="3")
    async with database.single() as tx:
        found = {row.table: row for row in await usage.waiting(tx)}
    assert found["runs"] == usage.Waiting("runs", 2, 20.0)
    assert found["publications"] == usage.Waiting("publications", 0, None)
