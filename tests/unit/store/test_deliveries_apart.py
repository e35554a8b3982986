"""What one site has is nothing to a delivery of another: ids of issues are the same on many sites."""

from dataclasses import replace

import pytest

from addon.store.db import Database
from addon.store.repos import deliveries
from addon.store.repos.deliveries import Intake, Judged
from addon.store.repos.runs import NewRun
from tests.rows import add_publication, add_run, add_tenant

ISSUE = "10001"
NEW = NewRun(
    kind="analysis",
    trigger="webhook",
    issue_id=ISSUE,
    issue_key="ABC-1",
    project_id="10000",
    start_key=f"analysis:created:{ISSUE}",
    delivery_id="d-1",
)
LIMIT = 5
JUDGED = Judged(changed_at=0.0, since=0.0, most=LIMIT)
NOTHING = Intake(settings=None, changed_at=0.0, written_by_us=False, recent_runs=0)


async def told(database: Database, tenant_id: str) -> Intake:
    async with database.single() as tx:
        return await deliveries.intake(tx, tenant_id, project_id="10000", issue_id=ISSUE, since=0.0)


@pytest.mark.parametrize("target", ["subtasks", "xray"])
async def test_an_issue_that_we_created_elsewhere_is_not_taken_for_this_one(database: Database, target: str) -> None:
    here, elsewhere = await add_tenant(database), await add_tenant(database)
    run_id = await add_run(database, elsewhere, trigger="user")
    await add_publication(database, elsewhere, run_id, target=target, state="succeeded", remote_id=ISSUE)
    assert await told(database, here) == NOTHING
    assert await deliveries.insert(database, here, new=NEW, judged=JUDGED)
    # There it is ours, and stays unread.
    assert (await told(database, elsewhere)).written_by_us
    assert not await deliveries.insert(database, elsewhere, new=NEW, judged=JUDGED)


async def test_runs_of_an_issue_elsewhere_do_not_count_against_this_one(database: Database) -> None:
    here, elsewhere = await add_tenant(database), await add_tenant(database)
    for _ in range(LIMIT):
        await add_run(database, elsewhere, issue_id=ISSUE, state="succeeded")
    assert await told(database, here) == NOTHING
    assert await deliveries.insert(database, here, new=NEW, judged=JUDGED)
    assert (await told(database, elsewhere)).recent_runs == LIMIT
    assert not await deliveries.insert(database, elsewhere, new=replace(NEW, delivery_id="d-2"), judged=JUDGED)
