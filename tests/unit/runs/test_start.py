"""Starting runs: from a webhook in one statement and one commit, from a panel once an issue."""

import asyncio

import pytest
from sqlalchemy import event, select

from addon.errors import NotFound, TooMany
from addon.runs.start import Ask, Delivery, IssueRef
from addon.store.db import Database
from addon.store.repos import audit as audit_rows
from addon.store.secrets import Seals
from addon.store.tables.audit import audit
from addon.store.tables.runs import runs
from tests.rows import add_run, add_tenant, run_of, states
from tests.unit.runs.make import Stage, stage

ISSUE = IssueRef("10001", "ABC-1", "10000")


async def test_webhook_costs_one_statement_that_commits_itself(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        trips: list[str] = []
        engine = database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", lambda *a: trips.append(a[2].split()[0]))
        assert await s.office.starts.webhook(s.tenant, Delivery(ISSUE, "d-1")) == "started"
        assert trips == ["INSERT"]
        async with database.begin() as tx:
            assert await tx.scalar(select(runs.c.delivery_id)) == "d-1"


async def test_webhook_run_carries_what_the_delivery_said(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        await s.office.starts.webhook(s.tenant, Delivery(ISSUE, "d-1"))
        (shown,) = await s.office.runs.of_issue(s.tenant.id, "10001")
    assert (shown["status"], shown["trigger"], shown["issue_key"], shown["project_id"]) == (
        "queued",
        "webhook",
        "ABC-1",
        "10000",
    )


async def test_ten_deliveries_of_one_event_at_once_start_one_run(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        outcomes = await asyncio.gather(*(s.office.starts.webhook(s.tenant, Delivery(ISSUE, "d-1")) for _ in range(10)))
    assert sorted(outcomes) == ["duplicate"] * 9 + ["started"]
    assert await states(database, runs) == {"queued": 1}


async def test_event_delivered_again_under_a_new_id_after_the_run_ended_is_a_duplicate(
    database: Database, seals: Seals
) -> None:
    async with stage(database, seals, at_work=False) as s:
        await s.office.starts.webhook(s.tenant, Delivery(ISSUE, "d-1"))
        async with database.begin() as tx:
            await tx.execute(runs.update().values(state="succeeded"))
        assert await s.office.starts.webhook(s.tenant, Delivery(ISSUE, "d-2")) == "duplicate"
        assert await s.office.starts.webhook(s.tenant, Delivery(ISSUE, None)) == "duplicate"


async def test_same_issue_and_delivery_of_another_site_is_no_duplicate(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        other = await s.office.desk.tenants.by_id(await add_tenant(database, seals=seals))
        assert other is not None
        assert await s.office.starts.webhook(s.tenant, Delivery(ISSUE, "d-1")) == "started"
        assert await s.office.starts.webhook(other, Delivery(ISSUE, "d-1")) == "started"


async def test_asking_starts_a_run_and_notes_who_asked(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run = await s.office.starts.asked(s.tenant, ISSUE, account_id="ann", ask=Ask(params={"force": True}))
        async with database.begin() as tx:
            (noted,) = await audit_rows.latest(tx, s.tenant.id)
    assert (run.state, run.trigger, run.account_id, run.params) == ("queued", "panel", "ann", {"force": True})
    assert (noted.action, noted.account_id, noted.subject, noted.detail["run"]) == ("run.asked", "ann", "ABC-1", run.id)


async def test_asking_while_a_run_is_active_joins_it_and_moves_it_to_the_front(
    database: Database, seals: Seals
) -> None:
    async with stage(database, seals, at_work=False) as s:
        await s.office.starts.webhook(s.tenant, Delivery(ISSUE, "d-1"))
        run = await s.office.starts.asked(s.tenant, ISSUE, account_id="ann")
        again = await s.office.starts.asked(s.tenant, ISSUE, account_id="bob")
        assert again.id == run.id
        async with database.begin() as tx:
            assert (await tx.execute(select(runs.c.queue, runs.c.priority))).all() == [("priority", 10)]
            assert (await tx.execute(select(audit.c.id))).all() == []
    assert await states(database, runs) == {"queued": 1}


async def test_five_people_asking_at_once_share_one_run(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        asked = (s.office.starts.asked(s.tenant, ISSUE, account_id=f"p{n}") for n in range(5))
        assert len({run.id for run in await asyncio.gather(*asked)}) == 1


async def test_waiting_run_is_cancelled_at_once(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run = await s.office.starts.asked(s.tenant, ISSUE, account_id="ann")
        cancelled = await s.office.starts.cancel(s.tenant.id, run.id, account_id="bob")
        async with database.begin() as tx:
            actions = [noted.action for noted in await audit_rows.latest(tx, s.tenant.id)]
    assert cancelled.state == "cancelled"
    assert actions == ["run.cancelled", "run.asked"]


async def test_run_of_another_site_cannot_be_cancelled(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run_id = await theirs(s)
        with pytest.raises(NotFound):
            await s.office.starts.cancel(s.tenant.id, run_id, account_id="ann")
        other = (await states(database, runs)).get("queued")
    assert other == 1


async def theirs(s: Stage) -> str:
    tenant_id = await add_tenant(s.db)
    run_id = await add_run(s.db, tenant_id)
    assert (await run_of(s.db, tenant_id, run_id)).state == "queued"
    return run_id


SUMMARY = Ask("summary", {"jql": "project = ABC", "question": "", "max_issues": 5})


async def wanted(s: Stage, account_id: str = "ann", project_id: str = "10000", ask: Ask = SUMMARY) -> str:
    return (await s.office.starts.asked_in_project(s.tenant, project_id, account_id=account_id, ask=ask)).id


async def test_the_same_wish_on_a_project_is_joined_and_another_begins(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        first = await wanted(s)
        assert await wanted(s) == first
        assert await wanted(s, "bob") != first
        assert await wanted(s, project_id="10001") != first
        run = await run_of(database, s.tenant.id, first)
        async with database.begin() as tx:
            said = (await tx.execute(select(audit.c.action, audit.c.detail))).all()
    assert (run.issue_id, run.project_id, run.account_id, run.params) == (None, "10000", "ann", SUMMARY.params)
    assert [row.action for row in said] == ["run.asked"] * 3
    assert all("jql" not in row.detail for row in said), "a query is its asker's own"


async def test_nobody_fills_the_queue_alone(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        wishes = [Ask("summary", {**SUMMARY.params, "max_issues": n}) for n in range(1, 5)]
        for ask in wishes[:3]:
            await wanted(s, ask=ask)
        with pytest.raises(TooMany):
            await wanted(s, ask=wishes[3])
        assert await wanted(s, "bob", ask=wishes[3])


async def test_a_persons_runs_on_a_project_are_listed_for_them_alone(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run_id = await wanted(s)
        await s.office.starts.webhook(s.tenant, Delivery(ISSUE, "d-1"))
        of_ann, of_bob = [
            await s.office.runs.of_person(s.tenant.id, "10000", account_id=who, kind="summary")
            for who in ("ann", "bob")
        ]
        of_issues = await s.office.runs.of_project(s.tenant.id, "10000")
    assert [(run["id"], run["params"]) for run in of_ann] == [(run_id, SUMMARY.params)]
    assert of_bob == []
    assert [run["kind"] for run in of_issues] == ["analysis"], "a summary is nobody else's business"
