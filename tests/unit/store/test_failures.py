"""Dead letters: which rows are, in what order they are told, and what running one again changes of it."""

import asyncio
import time
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from addon.store.db import Database
from addon.store.leases import Claims
from addon.store.repos import failures
from addon.store.repos.failures import Failure, Window
from addon.store.tables.runs import publications, run_checkpoints, runs
from tests.rows import add_publication, add_run, add_tenant, row_of

LOST = {"error": "worker_lost", "detail": "Given up."}
DOWN = {"error": "gave_up", "cause": "jira_down", "detail": "Given up after 2 h."}


async def failed_run(db: Database, tenant_id: str, **values: Any) -> str:
    given = {"state": "failed", "finished_at": 100.0, "error": LOST, "attempts": 3, "crashes": 3, "failures": 2}
    return await add_run(db, tenant_id, **{**given, **values})


async def failed_write(db: Database, tenant_id: str, **values: Any) -> str:
    run_id = await add_run(db, tenant_id, state="succeeded")
    given = {"state": "failed", "finished_at": 100.0, "error": DOWN, "attempts": 7, "failures": 7}
    return await add_publication(db, tenant_id, run_id, **{**given, **values})


async def listed(db: Database, tenant_id: str | None, **window: Any) -> list[Failure]:
    async with db.single() as tx:
        return await failures.listed(tx, tenant_id, window=Window(**{"limit": 100, **window}))


async def again(db: Database, tenant_id: str, row_id: str, what: failures.What = "run") -> failures.Revived | None:
    async with db.begin() as tx:
        return await failures.again(tx, tenant_id, what=what, row_id=row_id, now=500.0)


async def test_runs_and_writes_that_failed_are_told_the_last_ones_first(database: Database) -> None:
    tenant_id = await add_tenant(database)
    first = await failed_run(database, tenant_id, finished_at=100.0)
    last = await failed_run(database, tenant_id, finished_at=300.0, kind="criteria", issue_key="ABC-9")
    write = await failed_write(database, tenant_id, finished_at=200.0, undoing=True)
    found = await listed(database, tenant_id)
    assert [(each.what, each.id) for each in found] == [("run", last), ("publication", write), ("run", first)]
    assert [each.kind for each in found] == ["criteria", "comment", "analysis"]
    assert [each.undoing for each in found] == [False, True, False]
    assert (found[0].issue_key, found[0].failed_at, found[0].attempts) == ("ABC-9", 300.0, 3)
    assert [each.code for each in found] == ["worker_lost", "gave_up", "worker_lost"]
    assert found[1].error == DOWN
    assert found[0].base_url == "https://acme.atlassian.net"


async def test_what_ended_otherwise_was_called_off_or_only_tried_out_is_none(database: Database) -> None:
    tenant_id = await add_tenant(database)
    for state in ("queued", "running", "succeeded", "cancelled"):
        await add_run(database, tenant_id, state=state, error=LOST, finished_at=100.0)
        await failed_write(database, tenant_id, state=state)
    await failed_run(database, tenant_id, cancel_requested=True)
    await failed_write(database, tenant_id, cancel_requested=True)
    await failed_run(database, tenant_id, preview=True)
    assert await listed(database, tenant_id) == []
    async with database.single() as tx:
        assert await failures.by_code(tx, tenant_id) == {}


async def test_a_site_sees_its_own_and_the_operator_those_of_all_that_may_come_back(database: Database) -> None:
    mine, other = await add_tenant(database), await add_tenant(database, state="disabled")
    gone = await add_tenant(database, state="uninstalled")
    ids = [await failed_run(database, each, finished_at=at) for each, at in ((mine, 1.0), (other, 2.0), (gone, 3.0))]
    assert [each.id for each in await listed(database, mine)] == [ids[0]]
    assert [each.id for each in await listed(database, None)] == [ids[1], ids[0]]


async def test_pages_follow_each_other_without_gap_even_where_all_failed_at_once(database: Database) -> None:
    tenant_id = await add_tenant(database)
    made = {await failed_run(database, tenant_id) for _ in range(4)}
    made |= {await failed_write(database, tenant_id) for _ in range(3)}
    seen: list[Failure] = []
    while page := await listed(
        database, tenant_id, limit=2, before=(seen[-1].failed_at, seen[-1].id) if seen else None
    ):
        seen += page
    assert len(seen) == 7
    assert {each.id for each in seen} == made


async def test_only_those_since_a_moment_or_of_a_code_are_told(database: Database) -> None:
    tenant_id = await add_tenant(database)
    old = await failed_run(database, tenant_id, finished_at=100.0)
    new = await failed_write(database, tenant_id, finished_at=200.0)
    assert [each.id for each in await listed(database, tenant_id, since=150.0)] == [new]
    assert [each.id for each in await listed(database, tenant_id, code="worker_lost")] == [old]
    async with database.single() as tx:
        assert await failures.by_code(tx, tenant_id) == {"gave_up": 1, "worker_lost": 1}
        assert await failures.by_code(tx, tenant_id, since=150.0) == {"gave_up": 1}


async def test_codes_are_counted_over_both_kinds_of_rows_the_most_first(database: Database) -> None:
    tenant_id = await add_tenant(database)
    for error in (LOST, DOWN, DOWN):
        await failed_run(database, tenant_id, error=error)
    await failed_write(database, tenant_id, error=DOWN)
    await failed_run(database, await add_tenant(database), error=LOST)
    async with database.single() as tx:
        assert list((await failures.by_code(tx, tenant_id)).items()) == [("gave_up", 3), ("worker_lost", 1)]
        assert await failures.by_code(tx, None) == {"gave_up": 3, "worker_lost": 2}


async def test_a_run_that_is_run_again_reads_anew_and_keeps_its_fencing_token(database: Database) -> None:
    tenant_id = await add_tenant(database)
    read = {"facts": {"sections": []}, "input_hash": "x", "stage": "thinking", "done": 1, "total": 2, "started_at": 5.0}
    run_id = await failed_run(database, tenant_id, **read, created_at=50.0, queue="priority", priority=10)
    async with database.begin() as tx:
        kept = {"run_id": run_id, "name": "half", "tenant_id": tenant_id, "value": {}}
        await tx.execute(run_checkpoints.insert().values(kept))
    assert await again(database, tenant_id, run_id) == failures.Revived(run_id, "priority", run_id)
    row = await row_of(database, runs, run_id)
    assert (row.state, row.run_at, row.error, row.finished_at, row.worker) == ("queued", 500.0, None, None, None)
    assert (row.attempts, row.crashes, row.failures, row.created_at, row.priority) == (3, 0, 0, 50.0, 10)
    assert (row.facts, row.input_hash, row.stage, row.done, row.total, row.started_at) == (
        None,
        None,
        "queued",
        0,
        0,
        None,
    )
    async with database.single() as tx:
        assert (await tx.execute(run_checkpoints.select())).all() == []
    async with database.begin() as tx:
        (lease,) = await Claims(runs, "ann").claim(tx, "priority", limit=5, now=time.time())
    assert (lease.id, lease.attempts, lease.failures) == (run_id, 4, 0)


async def test_a_write_that_is_run_again_goes_on_where_it_was(database: Database) -> None:
    tenant_id = await add_tenant(database)
    row_id = await failed_write(database, tenant_id, kept={"step": 1}, created_at=50.0, undoing=True)
    revived = await again(database, tenant_id, row_id, "publication")
    row = await row_of(database, publications, row_id)
    assert revived == failures.Revived(row_id, "default", row.run_id)
    assert (row.state, row.attempts, row.failures, row.kept, row.undoing) == ("queued", 7, 0, {"step": 1}, True)
    # Not as if it were asked for now: a newer result that stands there meanwhile must stay.
    assert row.created_at == 50.0


async def test_nothing_but_a_failure_of_the_site_itself_is_run_again(database: Database) -> None:
    mine, other = await add_tenant(database), await add_tenant(database)
    run_id = await failed_run(database, mine)
    assert await again(database, other, run_id) is None
    for state in ("queued", "running", "succeeded", "cancelled"):
        ended = await add_run(database, mine, state=state)
        assert await again(database, mine, ended) is None
        assert (await row_of(database, runs, ended)).state == state
    assert await again(database, mine, run_id) is not None
    assert await again(database, mine, run_id) is None


@pytest.mark.parametrize("state", ["queued", "running"])
async def test_no_second_run_of_the_kind_begins_on_an_issue(database: Database, state: str) -> None:
    tenant_id = await add_tenant(database)
    run_id = await failed_run(database, tenant_id, issue_id="77")
    await add_run(database, tenant_id, issue_id="77", state=state)
    other_kind = await failed_run(database, tenant_id, issue_id="77", kind="criteria")
    assert await again(database, tenant_id, run_id) is None
    assert (await row_of(database, runs, run_id)).state == "failed"
    assert {each.id for each in await listed(database, tenant_id, startable=True)} == {other_kind}
    assert await again(database, tenant_id, other_kind) is not None


async def test_of_equal_failures_run_again_at_once_one_begins(database: Database) -> None:
    tenant_id = await add_tenant(database)
    ids = [await failed_run(database, tenant_id, issue_id="77") for _ in range(4)]
    found = await asyncio.gather(*(again(database, tenant_id, each) for each in ids), return_exceptions=True)
    begun = [each for each in found if isinstance(each, failures.Revived)]
    assert len(begun) == 1
    assert all(each is None or isinstance(each, IntegrityError | failures.Revived) for each in found)


async def test_an_id_is_found_on_its_own_site_alone(database: Database) -> None:
    mine, other = await add_tenant(database), await add_tenant(database)
    run_id, row_id = await failed_run(database, mine), await failed_write(database, mine)
    preview = await failed_run(database, mine, preview=True)
    async with database.single() as tx:
        assert await failures.find(tx, mine, failure_id=run_id) == ("run", mine, "failed")
    async with database.single() as tx:
        assert await failures.find(tx, None, failure_id=row_id) == ("publication", mine, "failed")
    for tenant_id, unseen in ((other, run_id), (other, row_id), (mine, preview), (mine, "unknown")):
        async with database.single() as tx:
            assert await failures.find(tx, tenant_id, failure_id=unseen) is None
