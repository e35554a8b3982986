"""Rows of runs, events and publications: unique where they must be, and never another tenant's."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from addon.store.db import Database
from addon.store.leases import Claims, Lease
from addon.store.repos import audit, claimed, events, publications
from addon.store.repos import runs as rows
from addon.store.repos.publications import Item
from addon.store.repos.reports import Stage, report
from addon.store.repos.runs import NewRun
from addon.store.tables.runs import publications as publication_table
from addon.store.tables.runs import runs
from tests.rows import add_publication, add_run, add_tenant, row_of, run_of, states

NEW = NewRun(
    kind="analysis",
    trigger="webhook",
    issue_id="10001",
    issue_key="ABC-1",
    project_id="10000",
    start_key="created:10001",
)


async def insert(db: Database, tenant_id: str, new: NewRun) -> str | None:
    async with db.single() as tx:
        return await rows.insert(tx, tenant_id, new=new, now=time.time())


async def test_one_issue_has_one_active_run_of_a_kind(database: Database) -> None:
    tenant_id = await add_tenant(database)
    first = await insert(database, tenant_id, replace(NEW, start_key=None))
    assert first is not None
    assert await insert(database, tenant_id, replace(NEW, start_key=None)) is None
    assert await insert(database, tenant_id, replace(NEW, start_key=None, kind="summary")) is not None
    assert await insert(database, await add_tenant(database), replace(NEW, start_key=None)) is not None
    async with database.begin() as tx:
        await tx.execute(runs.update().where(runs.c.id == first).values(state="failed"))
    assert await insert(database, tenant_id, replace(NEW, start_key=None)) is not None


async def test_start_key_is_unique_for_ever_in_its_tenant(database: Database) -> None:
    tenant_id = await add_tenant(database)
    first = await insert(database, tenant_id, NEW)
    async with database.begin() as tx:
        await tx.execute(runs.update().values(state="succeeded"))
        found = await rows.started_by(tx, tenant_id, start_key="created:10001")
    assert await insert(database, tenant_id, NEW) is None
    assert found is not None
    assert found.id == first
    assert await insert(database, await add_tenant(database), NEW) is not None


async def test_delivery_is_known_by_its_id_even_for_another_issue(database: Database) -> None:
    tenant_id = await add_tenant(database)
    assert await insert(database, tenant_id, replace(NEW, delivery_id="d-1")) is not None
    assert await insert(database, tenant_id, replace(NEW, delivery_id="d-1", issue_id="2", start_key="2")) is None


async def test_ten_equal_inserts_at_once_make_one_row(database: Database) -> None:
    tenant_id = await add_tenant(database)
    made = await asyncio.gather(*(insert(database, tenant_id, replace(NEW, delivery_id="d")) for _ in range(10)))
    assert len([run_id for run_id in made if run_id]) == 1
    assert await states(database, runs) == {"queued": 1}


async def test_run_is_not_found_by_another_tenant(database: Database) -> None:
    tenant_id, other = await add_tenant(database), await add_tenant(database)
    run_id = await add_run(
        database, tenant_id, issue_id="1", start_key="k", input_hash="h", state="succeeded", result={}
    )
    run = await run_of(database, tenant_id, run_id)
    async with database.begin() as tx:
        assert await rows.get(tx, other, run_id=run_id) is None
        assert await rows.started_by(tx, other, start_key="k") is None
        assert await rows.of_issue(tx, other, issue_id="1") == []
        assert await rows.of_project(tx, other, project_id="10000") == []
        assert await rows.earlier(tx, replace(run, id="x", tenant_id=other), input_hash="h") is None
        assert await rows.earlier(tx, replace(run, id="x"), input_hash="h") == run
        assert await events.since(tx, other, run_id=run_id, after=0) == []


async def test_history_is_newest_first_and_limited(database: Database) -> None:
    tenant_id = await add_tenant(database)
    ids = [await add_run(database, tenant_id, issue_id="1", created_at=float(n), state="succeeded") for n in range(4)]
    await add_run(database, tenant_id, issue_id="2", state="failed")
    async with database.begin() as tx:
        assert [run.id for run in await rows.of_issue(tx, tenant_id, issue_id="1", limit=3)] == ids[:0:-1]
        assert len(await rows.of_project(tx, tenant_id, project_id="10000")) == 5
        assert [run.state for run in await rows.of_project(tx, tenant_id, project_id="10000", state="failed")] == [
            "failed"
        ]


async def test_facts_and_progress_are_refused_without_the_lease(database: Database) -> None:
    tenant_id = await add_tenant(database)
    run_id = await add_run(database, tenant_id)
    async with database.begin() as tx:
        (lease,) = await Claims(runs, "ann").claim(tx, "ai", limit=1, now=time.time())
        assert await rows.save_facts(tx, lease, facts={"sections": []}, input_hash="hash")
    foreign = (replace(lease, attempts=0), replace(lease, worker="bob"), replace(lease, tenant_id="other"))
    for stale in foreign:
        async with database.begin() as tx:
            assert not await rows.save_facts(tx, stale, facts={}, input_hash="other")
    reading = Stage("reading", 1, 3)
    assert await report(database, lease, stage=reading, event=events.stage(1, "reading", done=1, total=3))
    for stale in foreign:
        for event in (events.stage(2, "x", done=0, total=0), events.partial(3, {"summary": "B"})):
            assert not await report(database, stale, stage=Stage("x"), event=event)
    async with database.begin() as tx:
        assert [event.seq for event in await events.since(tx, tenant_id, run_id=lease.id, after=0)] == [1]
    run = await run_of(database, tenant_id, run_id)
    assert (run.facts, run.input_hash, run.stage, run.done, run.total) == ({"sections": []}, "hash", "reading", 1, 3)


async def test_events_come_back_in_order_after_a_number_and_partials_can_be_dropped(database: Database) -> None:
    tenant_id = await add_tenant(database)
    lease = Lease(await add_run(database, tenant_id), tenant_id, "ann", 1)
    async with database.begin() as tx:
        assert await events.last_seq(tx, tenant_id, run_id=lease.id) == 0
        for event in (
            events.stage(1, "reading", done=0, total=0),
            events.partial(2, {"summary": "A"}),
            events.stage(3, "checking", done=0, total=0),
        ):
            await events.add(tx, lease, event=event, now=1.0)
        assert [event.seq for event in await events.since(tx, tenant_id, run_id=lease.id, after=1)] == [2, 3]
        await events.drop_partials(tx, tenant_id, run_id=lease.id)
        assert [event.seq for event in await events.since(tx, tenant_id, run_id=lease.id, after=0)] == [1, 3]
        assert await events.last_seq(tx, tenant_id, run_id=lease.id) == 3


async def test_item_written_before_stays_and_a_failed_one_starts_over_counting_on(database: Database) -> None:
    tenant_id = await add_tenant(database)
    run = await run_of(database, tenant_id, await add_run(database, tenant_id, issue_id="1"))
    items = [Item("subtasks", n, f"subtasks:{run.id}:{n}", {"title": "old"}) for n in range(3)]
    async with database.begin() as tx:
        await publications.add(tx, run, items=items, now=1.0)
        table = publication_table
        await tx.execute(table.update().where(table.c.item == 0).values(state="succeeded", remote_key="ABC-9"))
        failed = {
            "state": "failed",
            "attempts": 3,
            "crashes": 3,
            "failures": 2,
            "error": {"error": "x", "detail": "y"},
            "finished_at": 2.0,
        }
        await tx.execute(table.update().where(table.c.item == 1).values(failed))
        await publications.add(tx, run, items=[replace(item, content={"title": "new"}) for item in items], now=9.0)
        done, again, waiting = await publications.by_markers(tx, tenant_id, markers=[item.marker for item in items])
        counted = (await tx.execute(select(table.c.crashes, table.c.failures).where(table.c.id == again.id))).one()
    assert (done.state, done.content, done.remote_key) == ("succeeded", {"title": "old"}, "ABC-9")
    assert (again.state, again.content, again.attempts, again.error, again.finished_at) == (
        "queued",
        {"title": "new"},
        3,
        None,
        None,
    )
    assert tuple(counted) == (0, 0)
    assert (waiting.state, waiting.content, waiting.created_at) == ("queued", {"title": "new"}, 9.0)


async def test_item_being_written_is_left_alone(database: Database) -> None:
    tenant_id = await add_tenant(database)
    run = await run_of(database, tenant_id, await add_run(database, tenant_id, issue_id="1"))
    item = Item("comment", 0, "comment:1:x", {"v": 1})
    async with database.begin() as tx:
        await publications.add(tx, run, items=[item], now=1.0)
        await tx.execute(publication_table.update().values(state="running"))
        await publications.add(tx, run, items=[replace(item, content={"v": 2})], now=2.0)
        (found,) = await publications.by_markers(tx, tenant_id, markers=[item.marker])
    assert (found.state, found.content) == ("running", {"v": 1})


async def test_newer_result_sets_aside_only_waiting_ones_of_the_same_place(database: Database) -> None:
    tenant_id = await add_tenant(database)
    old = await add_run(database, tenant_id, issue_id="1", state="succeeded")
    new = await run_of(database, tenant_id, await add_run(database, tenant_id, issue_id="1"))
    waiting = await add_publication(database, tenant_id, old, issue_id="1")
    others = [
        await add_publication(database, tenant_id, old, issue_id="1", state="running"),
        await add_publication(database, tenant_id, old, issue_id="2"),
        await add_publication(database, tenant_id, old, issue_id="1", target="subtasks"),
        await add_publication(database, tenant_id, old, issue_id="1", slot="criteria"),
        await add_publication(database, tenant_id, old, issue_id="1", undoing=True),
        await add_publication(database, tenant_id, new.id, issue_id="1"),
    ]
    async with database.begin() as tx:
        assert await publications.supersede(tx, new, target="comment", slot="analysis", now=5.0) == 1
    row = await row_of(database, publication_table, waiting)
    assert (row.state, row.error["error"]) == ("cancelled", "superseded")
    assert {(await row_of(database, publication_table, id_)).state for id_ in others} == {"running", "queued"}


async def test_a_writer_is_told_what_was_written_last_at_its_place(database: Database) -> None:
    tenant_id, other = await add_tenant(database), await add_tenant(database)
    run_id = await add_run(database, tenant_id)
    for asked in (3.0, 7.0, 5.0):
        await add_publication(database, tenant_id, run_id, state="succeeded", created_at=asked, remote_id=str(asked))
    await add_publication(database, tenant_id, run_id, state="failed", created_at=9.0)
    await add_publication(database, tenant_id, run_id, state="succeeded", created_at=9.0, slot="criteria")
    theirs = await add_run(database, other)
    await add_publication(database, other, theirs, state="succeeded", created_at=9.0)
    mine = await add_publication(
        database, tenant_id, run_id, state="running", created_at=8.0, content={"kind": "é"}, error={"error": "x"}
    )
    found = await claimed.read(database, tenant_id, publication_id=mine)
    assert found is not None
    assert found.previous is not None
    assert (found.previous.remote_id, found.newer, found.writing) == ("7.0", False, False)
    async with database.begin() as tx:
        assert await publications.get(tx, tenant_id, publication_id=mine) == found.publication
        assert await publications.get(tx, tenant_id, publication_id=found.previous.id) == found.previous
    assert await claimed.read(database, other, publication_id=mine) is None


@pytest.mark.parametrize(
    ("rival", "newer", "writing"),
    [
        ({"state": "queued", "created_at": 9.0}, True, False),
        ({"state": "succeeded", "created_at": 9.0}, True, False),
        ({"state": "running", "created_at": 9.0}, True, True),
        ({"state": "running", "created_at": 7.0}, False, True),
        ({"state": "running", "created_at": 9.0, "undoing": True}, False, True),
        ({"state": "queued", "created_at": 9.0, "undoing": True}, False, False),
        ({"state": "queued", "created_at": 7.0}, False, False),
        ({"state": "cancelled", "created_at": 9.0}, False, False),
        ({"state": "running", "created_at": 9.0, "slot": "criteria"}, False, False),
        ({"state": "running", "created_at": 9.0, "issue_id": "2"}, False, False),
    ],
)
async def test_a_writer_is_told_who_else_is_at_its_place(
    database: Database, rival: dict[str, Any], newer: bool, writing: bool
) -> None:
    tenant_id, other = await add_tenant(database), await add_tenant(database)
    run_id, theirs = await add_run(database, tenant_id), await add_run(database, other)
    mine = await add_publication(database, tenant_id, run_id, state="running", created_at=8.0)
    await add_publication(database, other, theirs, state="running", created_at=9.0)
    await add_publication(database, tenant_id, run_id, **rival)
    found = await claimed.read(database, tenant_id, publication_id=mine)
    assert found is not None
    assert (found.newer, found.writing) == (newer, writing)


async def test_audit_is_read_newest_first_by_its_tenant_only(database: Database) -> None:
    tenant_id, other = await add_tenant(database), await add_tenant(database)
    async with database.begin() as tx:
        await audit.record(tx, tenant_id, action="first", account_id="ann", subject="ABC-1", detail={"n": 1})
        await audit.record(tx, tenant_id, action="second")
        await audit.record(tx, other, action="theirs")
        found = await audit.latest(tx, tenant_id, limit=5)
    assert [event.action for event in found] == ["second", "first"]
    assert (found[1].account_id, found[1].subject, found[1].detail) == ("ann", "ABC-1", {"n": 1})
