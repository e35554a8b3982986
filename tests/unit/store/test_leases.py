"""Claiming, holding and giving back rows: the rules that keep work from being lost or done twice."""

import asyncio
import time
from dataclasses import replace

import pytest
from sqlalchemy import event

from addon.store import leases
from addon.store.db import Database
from addon.store.leases import Again, Claims, Ending, Lease
from addon.store.repos import troubles
from addon.store.repos.publications import turn
from addon.store.repos.troubles import Trouble
from addon.store.tables.runs import publications, runs
from tests.rows import add_publication, add_run, add_tenant, row_of, set_tenant

ANN = Claims(runs, "ann")
BOB = Claims(runs, "bob")


async def claim(
    db: Database, claims: Claims, *, limit: int = 10, queue: str = "ai", now: float | None = None
) -> list[Lease]:
    async with db.begin() as tx:
        return await claims.claim(tx, queue, limit=limit, now=now or time.time())


async def finish(db: Database, lease: Lease, state: str = "succeeded") -> bool:
    async with db.begin() as tx:
        return await leases.finish(tx, runs, lease=lease, ending=Ending(state), now=time.time())


async def test_claim_takes_no_more_than_asked_and_counts_the_attempt(database: Database) -> None:
    tenant_id = await add_tenant(database)
    for _ in range(3):
        await add_run(database, tenant_id)
    taken = await claim(database, ANN, limit=2)
    assert [lease.attempts for lease in taken] == [1, 1]
    row = await row_of(database, runs, taken[0].id)
    assert (row.state, row.worker, row.attempts) == ("running", "ann", 1)
    assert row.lease_until > time.time() + 25
    assert row.started_at is not None


async def test_claim_is_one_statement(database: Database) -> None:
    await add_run(database, await add_tenant(database))
    said: list[str] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    await claim(database, ANN)
    assert [statement for statement in said if "BEGIN" not in statement and "runs" in statement] == [
        statement for statement in said if "UPDATE runs" in statement
    ]
    assert sum("UPDATE runs" in statement for statement in said) == 1


async def test_many_workers_never_claim_the_same_row(database: Database) -> None:
    tenant_id = await add_tenant(database)
    ids = {await add_run(database, tenant_id) for _ in range(60)}
    workers = [Claims(runs, f"w{n}") for n in range(8)]
    taken = await asyncio.gather(*(claim(database, w, limit=5) for w in workers for _ in range(3)))
    claimed = [lease.id for batch in taken for lease in batch]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= ids
    assert len(claimed) == 60


async def test_rows_are_claimed_by_priority_then_by_age(database: Database) -> None:
    tenant_id = await add_tenant(database)
    now = time.time()
    late = await add_run(database, tenant_id, run_at=now - 1)
    early = await add_run(database, tenant_id, run_at=now - 9)
    urgent = await add_run(database, tenant_id, run_at=now, priority=5)
    assert [(await claim(database, ANN, limit=1))[0].id for _ in range(3)] == [urgent, early, late]


async def test_rows_not_yet_due_and_of_other_queues_stay(database: Database) -> None:
    tenant_id = await add_tenant(database)
    await add_run(database, tenant_id, run_at=time.time() + 60)
    await add_run(database, tenant_id, queue="priority")
    assert await claim(database, ANN) == []


async def test_rows_of_a_tenant_that_left_stay(database: Database) -> None:
    tenant_id = await add_tenant(database)
    await add_run(database, tenant_id)
    for state in ("disabled", "uninstalled", "superseded"):
        await set_tenant(database, tenant_id, state)
        assert await claim(database, ANN) == []
    await set_tenant(database, tenant_id, "installed")
    assert len(await claim(database, ANN)) == 1


async def test_renewing_holds_only_what_is_still_ours(database: Database) -> None:
    tenant_id = await add_tenant(database)
    for _ in range(2):
        await add_run(database, tenant_id)
    mine, gone = await claim(database, ANN)
    await finish(database, gone)
    async with database.begin() as tx:
        held = await ANN.renew(tx, [mine, gone, replace(mine, id="unknown")], now=time.time() + 100)
        assert await BOB.renew(tx, [mine], now=time.time()) == {}
    assert held == {mine.id: ""}
    assert (await row_of(database, runs, mine.id)).lease_until > time.time() + 120


async def test_renewing_tells_of_a_request_to_cancel_and_of_a_tenant_that_left(database: Database) -> None:
    tenant_id = await add_tenant(database)
    run_id = await add_run(database, tenant_id)
    mine = await claim(database, ANN)
    async with database.begin() as tx:
        await leases.request_cancel(tx, runs, tenant_id=tenant_id, row_id=run_id, now=time.time())
        assert await ANN.renew(tx, mine, now=time.time()) == {run_id: "cancel"}
    other = await add_tenant(database)
    theirs = await add_run(database, other)
    held = await claim(database, ANN)
    for state, order in (("uninstalled", "cancel"), ("superseded", "cancel"), ("disabled", "pause"), ("installed", "")):
        await set_tenant(database, other, state)
        async with database.begin() as tx:
            assert await ANN.renew(tx, held, now=time.time()) == {theirs: order}


async def test_row_whose_lease_ran_out_goes_to_another_worker_and_the_first_one_is_fenced_off(
    database: Database,
) -> None:
    await add_run(database, await add_tenant(database))
    (first,) = await claim(database, ANN)
    async with database.begin() as tx:
        assert await leases.sweep(tx, runs, now=time.time() + 29) == 0
        assert await leases.sweep(tx, runs, now=time.time() + 31) == 1
    (second,) = await claim(database, BOB, now=time.time() + 60)
    assert second.attempts == 2
    assert not await finish(database, first)
    assert await finish(database, second)
    assert not await finish(database, second, "failed")
    assert (await row_of(database, runs, first.id)).state == "succeeded"


async def test_same_worker_with_an_older_attempt_is_fenced_off_too(database: Database) -> None:
    await add_run(database, await add_tenant(database))
    (first,) = await claim(database, ANN)
    async with database.begin() as tx:
        await ANN.release(tx, [first], now=time.time())
    (second,) = await claim(database, ANN, now=time.time() + 1)
    async with database.begin() as tx:
        assert await ANN.renew(tx, [first], now=time.time()) == {}
        assert await ANN.release(tx, [first], now=time.time()) == 0
    assert not await finish(database, first)
    assert await finish(database, second)


async def test_row_that_lost_its_worker_too_often_fails_in_words(database: Database) -> None:
    run_id = await add_run(database, await add_tenant(database))
    for attempt in (1, 2, 3):
        await claim(database, ANN, now=time.time() + 100 * attempt)
        assert (await row_of(database, runs, run_id)).crashes == attempt - 1
        async with database.begin() as tx:
            await leases.sweep(tx, runs, now=time.time() + 100 * attempt + 31)
    row = await row_of(database, runs, run_id)
    assert (row.state, row.error["error"]) == ("failed", "worker_lost")
    assert row.finished_at is not None


async def test_row_that_was_to_be_cancelled_when_its_worker_died_is_cancelled(database: Database) -> None:
    tenant_id = await add_tenant(database)
    run_id = await add_run(database, tenant_id)
    await claim(database, ANN)
    async with database.begin() as tx:
        await leases.request_cancel(tx, runs, tenant_id=tenant_id, row_id=run_id, now=time.time())
        await leases.sweep(tx, runs, now=time.time() + 31)
    row = await row_of(database, runs, run_id)
    assert (row.state, row.error) == ("cancelled", None)


async def test_reclaim_takes_back_everything_at_once(database: Database) -> None:
    tenant_id = await add_tenant(database)
    for _ in range(3):
        await add_run(database, tenant_id)
    await claim(database, ANN)
    async with database.begin() as tx:
        assert await leases.reclaim(tx, runs, now=time.time()) == 3
    assert len(await claim(database, BOB)) == 3


async def test_retry_waits_and_counts(database: Database) -> None:
    run_id = await add_run(database, await add_tenant(database))
    (lease,) = await claim(database, ANN)
    soon = time.time() + 20
    async with database.begin() as tx:
        again = Again(soon, {"error": "busy", "detail": "Later."}, failures=4)
        assert await leases.retry(tx, runs, lease=lease, again=again, now=time.time()) == "queued"
        assert await leases.retry(tx, runs, lease=lease, again=again, now=time.time()) is None
    row = await row_of(database, runs, run_id)
    assert (row.state, row.attempts, row.error, row.worker) == (
        "queued",
        1,
        {"error": "busy", "detail": "Later."},
        None,
    )
    assert await claim(database, ANN) == []
    (next_one,) = await claim(database, ANN, now=soon + 1)
    assert (next_one.attempts, next_one.failures, next_one.failing) == (2, 4, "busy")


@pytest.mark.parametrize("way", ["retry", "release"])
async def test_row_to_be_cancelled_does_not_go_back_into_the_queue(database: Database, way: str) -> None:
    tenant_id = await add_tenant(database)
    run_id = await add_run(database, tenant_id)
    (lease,) = await claim(database, ANN)
    async with database.begin() as tx:
        await leases.request_cancel(tx, runs, tenant_id=tenant_id, row_id=run_id, now=time.time())
        if way == "retry":
            assert await leases.retry(tx, runs, lease=lease, again=Again(0.0), now=5.0) == "cancelled"
        else:
            await ANN.release(tx, [lease], now=5.0)
    row = await row_of(database, runs, run_id)
    assert (row.state, row.finished_at, row.worker) == ("cancelled", 5.0, None)


async def test_rows_of_a_site_in_trouble_stay(database: Database) -> None:
    tenant_id = await add_tenant(database)
    await add_run(database, tenant_id)
    async with database.begin() as tx:
        assert await troubles.begin(tx, tenant_id, code="jira_unauthorized", now=1.0, probe_at=2.0)
        assert not await troubles.begin(tx, tenant_id, code="jira_forbidden", now=3.0, probe_at=9.0)
        assert await troubles.of(tx, tenant_id) == Trouble("jira_unauthorized", 1.0, 2.0)
        assert await leases.due(tx, runs, now=time.time()) == {}
    assert await claim(database, ANN) == []
    async with database.begin() as tx:
        assert await troubles.to_probe(tx, now=1.5, next_at=4.0) == []
        assert await troubles.to_probe(tx, now=2.5, next_at=4.0) == [tenant_id]
        assert await troubles.to_probe(tx, now=2.5, next_at=4.0) == []
        assert not await troubles.end(tx, tenant_id, probe_at=2.0)
        assert await troubles.end(tx, tenant_id, probe_at=4.0)
        assert await troubles.of(tx, tenant_id) is None
    assert len(await claim(database, ANN)) == 1


async def test_waiting_for_a_turn_and_being_released_cost_nothing(database: Database) -> None:
    run_id = await add_run(database, await add_tenant(database), crashes=2)
    (lease,) = await claim(database, ANN)
    async with database.begin() as tx:
        assert await leases.retry(tx, runs, lease=lease, again=Again(0.0), now=time.time()) == "queued"
    (lease,) = await claim(database, ANN)
    async with database.begin() as tx:
        assert await ANN.release(tx, [lease], now=0) == 1
        assert await leases.sweep(tx, runs, now=time.time() + 100) == 0
    (lease,) = await claim(database, BOB)
    # The number itself never goes down: a target must know that an earlier attempt may have left its mark.
    assert lease.attempts == 3
    row = await row_of(database, runs, run_id)
    assert (row.crashes, row.failures) == (2, 0)


async def test_released_row_of_another_worker_is_left_alone(database: Database) -> None:
    await add_run(database, await add_tenant(database))
    (lease,) = await claim(database, ANN)
    async with database.begin() as tx:
        assert await BOB.release(tx, [lease], now=time.time()) == 0


async def test_due_rows_are_counted_by_queue(database: Database) -> None:
    tenant_id = await add_tenant(database)
    now = time.time()
    await add_run(database, tenant_id, run_at=now - 5)
    await add_run(database, tenant_id)
    await add_run(database, tenant_id, queue="priority")
    await add_run(database, tenant_id, run_at=now + 60)
    await add_run(database, await add_tenant(database, state="uninstalled"))
    async with database.begin() as tx:
        due = await leases.due(tx, runs, now=now + 1)
    assert {queue: d.count for queue, d in due.items()} == {"ai": 2, "priority": 1}
    assert due["ai"].age_s == pytest.approx(6, abs=0.001)


async def test_waiting_row_is_cancelled_at_once_and_an_ended_one_stays_ended(database: Database) -> None:
    tenant_id = await add_tenant(database)
    waiting = await add_run(database, tenant_id)
    ended = await add_run(database, tenant_id, state="succeeded")
    async with database.begin() as tx:
        for run_id in (waiting, ended):
            await leases.request_cancel(tx, runs, tenant_id=tenant_id, row_id=run_id, now=time.time())
    assert (await row_of(database, runs, waiting)).state == "cancelled"
    row = await row_of(database, runs, ended)
    assert (row.state, row.cancel_requested) == ("succeeded", False)


async def test_request_of_another_tenant_cancels_nothing(database: Database) -> None:
    run_id = await add_run(database, await add_tenant(database))
    async with database.begin() as tx:
        await leases.request_cancel(tx, runs, tenant_id="another", row_id=run_id, now=time.time())
    assert (await row_of(database, runs, run_id)).state == "queued"


async def test_finish_may_set_other_columns_and_null_stays_null(database: Database) -> None:
    run_id = await add_run(database, await add_tenant(database))
    (lease,) = await claim(database, ANN)
    async with database.begin() as tx:
        ending = Ending("succeeded", values={"result": {"overall": 40}, "usage": None})
        assert await leases.finish(tx, runs, lease=lease, ending=ending, now=5.0)
        assert await tx.scalar(
            runs.select().with_only_columns(runs.c.id).where(runs.c.usage.is_(None), runs.c.error.is_(None))
        )
    row = await row_of(database, runs, run_id)
    assert (row.result, row.finished_at, row.lease_until) == ({"overall": 40}, 5.0, None)


async def test_publications_are_leased_by_the_same_rules(database: Database) -> None:
    tenant_id = await add_tenant(database)
    publication_id = await add_publication(database, tenant_id, await add_run(database, tenant_id))
    taken = await claim(database, Claims(publications, "ann"), queue="default")
    assert [lease.id for lease in taken] == [publication_id]


async def test_sections_of_one_document_are_claimed_one_at_a_time_whatever_queue_each_is_in(database: Database) -> None:
    """Each is the next one at its moment: the older one has just come back, and for the other claim it has not yet."""
    tenant_id = await add_tenant(database)
    run_id, now = await add_run(database, tenant_id), time.time()
    older, newer = [
        await add_publication(
            database, tenant_id, run_id, target="description", issue_id="5", slot=slot, queue=queue, run_at=run_at,
            created_at=created_at,
        )
        for slot, queue, run_at, created_at in (("criteria", "priority", now, 1.0), ("scenarios", "default", 2.0, 2.0))
    ]  # fmt: skip

    async def claimed(worker: str, queue: str, at: float) -> list[str]:
        async with database.begin() as tx:
            return [each.id for each in await Claims(publications, worker, turn=turn).claim(tx, queue, limit=9, now=at)]

    async with database.begin() as tx:
        (first,) = await Claims(publications, "ann", turn=turn).claim(tx, "priority", limit=9, now=now)
        other = asyncio.create_task(claimed("bob", "default", now - 0.001))
        # Whoever is held up stays so until the first claim is committed.
        await asyncio.wait({other}, timeout=0.3)
    assert (first.id, await other) == (older, [])
    assert (await row_of(database, publications, newer)).state == "queued"
