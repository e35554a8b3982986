"""A place that nobody knows the state of: who waits for it, what it costs the row, and who has their turn there."""

import asyncio
from typing import Any

import pytest

from addon.errors import Unavailable
from addon.jira.errors import JiraDown
from addon.runs.feature import NotYet, Writing, Written
from addon.runs.view import publication_view
from addon.store.db import Database
from addon.store.leases import Claims
from addon.store.repos import claimed
from addon.store.repos.publications import turn
from addon.store.secrets import Seals
from addon.store.tables.runs import publications
from tests.rows import add_publication, add_run, add_tenant, row_of, states
from tests.unit.runs.make import stage, until, write
from tests.unit.runs.test_publish import a_run, everything, settled

WAIT_S = 3_600.0
NOBODY_KNOWS = {"error": "jira_unsettled", "detail": "Wait."}


class Wait(NotYet):
    code = "jira_unsettled"


async def test_wait_is_told_and_costs_the_row_nothing(database: Database, seals: Seals) -> None:
    async def troubled(writing: Writing) -> Written:
        if not writing.repeated:
            raise JiraDown(0.01)
        raise Wait("Wait.", wait_s=WAIT_S)

    async with stage(database, seals) as s:
        s.comments.write = troubled
        row_id = await add_publication(database, s.tenant.id, (await a_run(s)).id)

        async def put_off() -> bool:
            return bool((await row_of(database, publications, row_id)).error == NOBODY_KNOWS)

        await until(put_off)
        assert s.office.worker.busy == 0
    row = await row_of(database, publications, row_id)
    assert (row.state, row.worker, row.failures, row.attempts) == ("queued", None, 1, 2)
    assert database.now() < row.run_at <= database.now() + WAIT_S
    (publication,) = await everything(database)
    shown = publication_view(publication)
    assert (shown["status"], shown["error"]) == ("pending", NOBODY_KNOWS)
    assert shown["next_attempt_at"]


async def test_failure_after_a_wait_counts_on_from_those_before_it(database: Database, seals: Seals) -> None:
    async def troubled(writing: Writing) -> Written:
        if writing.publication.attempts % 2:
            raise JiraDown(0.01)
        if writing.publication.attempts < 6:
            raise Wait("Wait.", wait_s=0.0)
        return await write(writing)

    async with stage(database, seals) as s:
        s.comments.write = troubled
        row_id = await add_publication(database, s.tenant.id, (await a_run(s)).id)
        await settled(database, succeeded=1)
    assert (await row_of(database, publications, row_id)).failures == 3


@pytest.mark.parametrize(
    ("left", "known"),
    [
        ({"state": "queued", "attempts": 1}, "put back"),
        ({"state": "cancelled", "attempts": 1, "finished_at": -5.0}, "finished"),
        ({"state": "queued", "attempts": 2, "kept": {"sent_at": 500.0}}, "kept"),
        ({"state": "failed", "attempts": 1, "finished_at": -5.0, "kept": {}}, "nothing"),
        ({"state": "queued", "attempts": 0}, "nothing"),
        ({"state": "failed", "attempts": 1, "finished_at": -5.0, "remote_id": "77"}, "nothing"),
        ({"state": "failed", "attempts": 1, "finished_at": -claimed.RECENT_S - 60.0}, "nothing"),
        ({"state": "queued", "attempts": 1, "slot": "criteria"}, "nothing"),
    ],
)
async def test_newer_one_hears_what_an_older_one_may_have_sent_to_its_place(
    database: Database, seals: Seals, left: dict[str, Any], known: str
) -> None:
    now = database.now()
    if "finished_at" in left:
        left = {**left, "finished_at": now + left["finished_at"]}
    async with stage(database, seals, at_work=False) as s:
        run_id = (await a_run(s)).id
        # Due in an hour: what it would do then is not what this is about.
        older = {"run_at": now + WAIT_S, "created_at": now - 20.0}
        await add_publication(database, s.tenant.id, run_id, **{**older, **left})
        mine = await add_publication(database, s.tenant.id, run_id, created_at=now)
        async with s.office.at_work():

            async def written() -> bool:
                return bool((await row_of(database, publications, mine)).state == "succeeded")

            await until(written)
        (writing,) = s.comments.seen
    expected = {"put back": now, "finished": now - 5.0, "kept": 500.0, "nothing": 0.0}[known]
    # Due in an hour means: sent by now at the latest, by the clock of that moment.
    assert expected <= writing.others_at <= (writing.now() if known == "put back" else expected)


async def test_sub_tasks_of_one_issue_have_their_turn_in_all_queues_and_runs(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database, seals=seals)
    claims = Claims(publications, "worker", turn=turn)
    run_ids = [await add_run(database, tenant_id, state="succeeded") for _ in range(2)]

    async def add(number: int, queue: str, item: int, **values: Any) -> str:
        place = {"target": "subtasks", "slot": "", "created_at": 100.0, **values}
        return await add_publication(database, tenant_id, run_ids[number], queue=queue, item=item, **place)

    async def claim(queue: str) -> list[str]:
        async with database.begin() as tx:
            return [lease.id for lease in await claims.claim(tx, queue, limit=10, now=database.now())]

    automatic = [await add(0, "default", item) for item in (0, 1)]
    asked = await add(1, "priority", 0, created_at=200.0)
    elsewhere = await add(1, "priority", 1, issue_id="10002", created_at=300.0)
    assert await claim("priority") == [elsewhere]
    assert await claim("default") == automatic[:1]
    assert await claim("priority") == await claim("default") == []
    await _ended(database, automatic[0])
    assert await claim("priority") == []
    assert await claim("default") == automatic[1:]
    await _ended(database, automatic[1])
    assert await claim("priority") == [asked]


async def test_nobody_waits_in_a_circle_for_their_turn(database: Database, seals: Seals) -> None:
    # Items of one run asked for in another order than theirs, and one of another run in between.
    tenant_id = await add_tenant(database, seals=seals)
    claims = Claims(publications, "worker", turn=turn)
    first, second = [await add_run(database, tenant_id, state="succeeded") for _ in range(2)]
    wanted = [(first, 1, 5.0), (second, 0, 7.0), (first, 0, 10.0)]
    rows = [
        await add_publication(database, tenant_id, run_id, target="subtasks", slot="", item=item, created_at=created_at)
        for run_id, item, created_at in wanted
    ]
    made: list[str] = []
    for _ in rows:
        async with database.begin() as tx:
            (lease,) = await claims.claim(tx, "default", limit=10, now=database.now())
        made.append(lease.id)
        await _ended(database, lease.id)
    assert made == rows


async def test_automatic_and_asked_sub_tasks_of_an_issue_are_never_written_side_by_side(
    database: Database, seals: Seals
) -> None:
    at_once: list[int] = []
    busy = 0

    async def slowly(writing: Writing) -> Written:
        nonlocal busy
        busy += 1
        at_once.append(busy)
        await asyncio.sleep(0.05)
        busy -= 1
        if not writing.repeated and writing.publication.item == 2:
            raise Unavailable("Cut.", retry_after_s=0.0)
        return await write(writing)

    async with stage(database, seals, at_work=False) as s:
        s.subtasks.write = slowly
        for queue in ("default", "priority"):
            run_id = (await a_run(s)).id
            for item in range(3):
                place = {"target": "subtasks", "slot": "", "queue": queue, "item": item}
                await add_publication(database, s.tenant.id, run_id, **place)
        async with s.office.at_work():
            await until(lambda: _all_over(database))
    assert at_once == [1] * 8


async def _ended(db: Database, row_id: str) -> None:
    async with db.begin() as tx:
        await tx.execute(publications.update().where(publications.c.id == row_id).values(state="succeeded"))


async def _all_over(db: Database) -> bool:
    return set(await states(db, publications)) == {"succeeded"}
