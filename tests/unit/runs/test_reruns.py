"""Changed issues that wait for a new analysis: one each, started once, never lost, never pushed away."""

import asyncio
import time
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.llm.errors import ModelBusy
from addon.runs import reruns as module
from addon.runs.feature import Outcome, Work
from addon.runs.reruns import BUSY_S, HOUR_S, IDLE_S, LOOK_S, MOST_PER_HOUR, PORTION, Reruns, due_at
from addon.store.db import Database
from addon.store.repos import reruns as repo
from addon.store.repos import runs as run_rows
from addon.store.repos.reruns import Intake, Rerun
from addon.store.secrets import Seals
from addon.store.tables.reruns import reruns as table
from addon.store.tables.runs import runs
from addon.store.trouble import DatabaseDown
from tests.rows import add_run, add_tenant, run_of, set_tenant
from tests.unit.runs.make import Stage, ended, stage, until

ON = {"rerun_on_update": True}
ISSUE = "10023"


def rerun(s: Stage, due: float = 1.0, issue: str = ISSUE) -> Rerun:
    return Rerun(s.tenant.id, issue, "ABC-7", "10000", due)


async def wanted(s: Stage, changes: dict[str, Any] | None = None) -> Reruns:
    await s.office.desk.projects.save(
        s.tenant.id, "10000", changes=ON if changes is None else changes, account_id="ann"
    )
    return s.office.reruns


async def waiting(db: Database) -> list[tuple[str, float]]:
    async with db.single() as tx:
        return [tuple(row) for row in (await tx.execute(select(table.c.issue_id, table.c.due_at))).all()]


async def started(db: Database) -> list[Any]:
    columns = (runs.c.trigger, runs.c.issue_id, runs.c.issue_key, runs.c.queue)
    async with db.single() as tx:
        return list((await tx.execute(select(*columns).where(runs.c.trigger == "update"))).all())


async def bulk(s: Stage, tenant_id: str, *, count: int, due: float = 1.0) -> None:
    """So many changes of one site, of a project that wants them."""
    await s.office.desk.projects.save(tenant_id, "10000", changes=ON, account_id="ann")
    row = {"tenant_id": tenant_id, "project_id": "10000"}
    rows = [{**row, "issue_id": str(n), "issue_key": f"ABC-{n}", "due_at": due + n / 1000} for n in range(count)]
    async with s.db.begin() as tx:
        await tx.execute(insert(table), rows)


async def started_by_site(db: Database) -> dict[str, int]:
    query = select(runs.c.tenant_id, func.count()).where(runs.c.trigger == "update").group_by(runs.c.tenant_id)
    async with db.single() as tx:
        return {row[0]: row[1] for row in (await tx.execute(query)).all()}


async def test_any_number_of_changes_wait_as_one_and_keep_the_first_date(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        reruns = await wanted(s)
        assert await reruns.note(rerun(s, 5.0))
        for due in (1.0, 9.0):
            assert not await reruns.note(rerun(s, due))
        assert await waiting(database) == [(ISSUE, 5.0)]


async def test_what_is_due_becomes_a_run_once(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        reruns = await wanted(s)
        await reruns.note(rerun(s))
        await reruns.note(rerun(s, time.time() + 60, issue="2"))
        assert [await reruns.start_due() for _ in range(2)] == [1, 0]
        assert await started(database) == [("update", ISSUE, "ABC-7", "ai")]
        assert [issue for issue, _ in await waiting(database)] == ["2"]


@pytest.mark.parametrize("changes", [{}, {"rerun_on_update": True, "auto_analyze": False}])
async def test_what_was_switched_off_meanwhile_is_dropped(
    database: Database, seals: Seals, changes: dict[str, Any]
) -> None:
    async with stage(database, seals, at_work=False) as s:
        reruns = await wanted(s, changes)
        await reruns.note(rerun(s))
        assert await reruns.start_due() == 0
        assert (await waiting(database), await started(database)) == ([], [])


async def test_run_that_has_read_nothing_yet_will_read_the_change(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        reruns = await wanted(s)
        await add_run(database, s.tenant.id, issue_id=ISSUE)
        await reruns.note(rerun(s))
        assert await reruns.start_due() == 0
        assert (await waiting(database), await started(database)) == ([], [])


async def test_a_change_in_the_middle_of_a_run_waits_for_its_end(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        reruns = await wanted(s)
        await add_run(database, s.tenant.id, issue_id=ISSUE, state="running")
        await reruns.note(rerun(s))
        assert await reruns.start_due() == 0
        ((_, due),) = await waiting(database)
        assert due == pytest.approx(time.time() + BUSY_S, abs=5)


@pytest.mark.parametrize("known", [{"facts": {"old": True}}, {"params": {"regenerate": {"item": 0}, "based_on": "x"}}])
async def test_change_waits_for_the_end_of_a_queued_run_that_will_not_read_it(
    database: Database, seals: Seals, known: dict[str, Any]
) -> None:
    async with stage(database, seals, at_work=False) as s:
        reruns = await wanted(s)
        later = database.now() + HOUR_S
        run_id = await add_run(database, s.tenant.id, issue_id=ISSUE, attempts=1, run_at=later, **known)
        await reruns.note(rerun(s))
        assert await reruns.start_due() == 0
        # Before its next try it cannot be over.
        assert await waiting(database) == [(ISSUE, later + BUSY_S)]
        async with database.begin() as tx:
            await tx.execute(update(runs).where(runs.c.id == run_id).values(state="succeeded"))
            await tx.execute(update(table).values(due_at=1.0))
        assert await reruns.start_due() == 1
        assert await waiting(database) == []


async def test_change_is_kept_when_the_run_in_its_way_has_just_ended(
    database: Database, seals: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def just_ended(tx: AsyncConnection, *_: object, **__: object) -> None:
        await tx.execute(update(runs).values(state="succeeded"))

    async with stage(database, seals, at_work=False) as s:
        reruns = await wanted(s)
        await add_run(database, s.tenant.id, issue_id=ISSUE, state="running")
        await reruns.note(rerun(s))
        with monkeypatch.context() as patched:
            patched.setattr(run_rows, "active", just_ended)
            assert await reruns.start_due() == 0
        assert await reruns.start_due() == 1
        assert await waiting(database) == []


async def test_what_was_changed_between_two_attempts_is_analysed_in_the_end(database: Database, seals: Seals) -> None:
    text, judged = "old", list[str]()

    async def judge(work: Work) -> Outcome:
        if work.run.facts is None:
            await work.save_facts({"text": text, "sections": []}, f"hash of {text}")
            if not judged:
                judged.append("not yet")
                raise ModelBusy("Too many asks.", retry_after_s=HOUR_S)
        judged.append(str(work.run.facts["text"]) if work.run.facts else text)
        return Outcome({"overall": 1}, None)

    async def put_off() -> object:
        async with database.single() as tx:
            waits = select(runs.c.id).where(runs.c.state == "queued", runs.c.facts.is_not(None))
            return (await tx.execute(waits)).first()

    async def caught_up() -> bool:
        await s.office.reruns.start_due()
        return judged[-1] == "new"

    async with stage(database, seals, judge) as s:
        reruns = await wanted(s)
        run_id = await add_run(database, s.tenant.id, issue_id=ISSUE)
        await until(put_off)
        text = "new"
        await reruns.note(rerun(s))
        assert await reruns.start_due() == 0
        # An hour later.
        async with database.begin() as tx:
            await tx.execute(update(runs).values(run_at=1.0))
            await tx.execute(update(table).values(due_at=1.0))
        await ended(s.office, await run_of(database, s.tenant.id, run_id))
        await until(caught_up)
        assert judged == ["not yet", "old", "new"]
        assert await waiting(database) == []


async def test_nothing_starts_for_a_site_that_left(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        reruns = await wanted(s)
        await reruns.note(rerun(s))
        await set_tenant(database, s.tenant.id, "uninstalled")
        assert await reruns.start_due() == 0


async def test_the_intake_knows_the_last_analysis_and_how_many_came_by_themselves(
    database: Database, seals: Seals
) -> None:
    async with stage(database, seals, at_work=False) as s:
        reruns = await wanted(s)
        assert await reruns.intake(s.tenant, "10000", issue_id=ISSUE) == Intake(ON, None, 0)
        now = time.time()
        for trigger, at in (("webhook", now - 2 * HOUR_S), ("update", now - 60), ("panel", now - 30)):
            await add_run(database, s.tenant.id, issue_id=ISSUE, trigger=trigger, created_at=at, state="succeeded")
        await add_run(database, s.tenant.id, issue_id=ISSUE, kind="criteria", state="succeeded")
        await add_run(database, s.tenant.id, issue_id=ISSUE, preview=True, state="succeeded")
        found = await reruns.intake(s.tenant, "10000", issue_id=ISSUE)
        assert found.last_at == pytest.approx(now - 30)
        assert found.recent_runs == 1
        assert (await reruns.intake(s.tenant, "2", issue_id=ISSUE)).settings is None


def test_a_change_rests_cools_down_and_is_held_back_when_there_are_too_many() -> None:
    never, just = Intake(None, None, 0), Intake(None, 1000.0, 1)
    assert due_at(never, now=1000.0, settle_s=30, cooldown_s=600) == 1030
    assert due_at(just, now=1010.0, settle_s=30, cooldown_s=600) == 1600
    assert due_at(just, now=5000.0, settle_s=30, cooldown_s=600) == 5030
    many = Intake(None, 1000.0, MOST_PER_HOUR)
    assert due_at(many, now=1010.0, settle_s=30, cooldown_s=60) == 1010 + HOUR_S


async def test_while_nothing_waits_nobody_looks_until_something_does(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        reruns = await wanted(s)
        assert await reruns.start_due() == 0
        resting = asyncio.create_task(reruns.rest())
        await asyncio.sleep(0.05)
        assert not resting.done()
        await reruns.note(rerun(s))
        await asyncio.wait_for(resting, IDLE_S / 2)
        assert await reruns.start_due() == 1


async def test_bulk_edit_of_one_site_is_not_before_the_change_of_another(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        quiet = await add_tenant(database)
        await bulk(s, s.tenant.id, count=2 * PORTION)
        await bulk(s, quiet, count=1, due=time.time() - 1)
        assert await s.office.reruns.start_due() == PORTION // 2 + 1
        assert await started_by_site(database) == {s.tenant.id: PORTION // 2, quiet: 1}


async def test_of_more_sites_than_a_look_starts_changes_each_has_one(
    database: Database, seals: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PORTION", 2)
    async with stage(database, seals, at_work=False) as s:
        sites = [s.tenant.id, await add_tenant(database), await add_tenant(database)]
        for number, tenant_id in enumerate(sites):
            await bulk(s, tenant_id, count=2, due=1.0 + number)
        later = await add_tenant(database)
        await bulk(s, later, count=1, due=time.time() + 60)
        assert await s.office.reruns.start_due() == 3
        assert await started_by_site(database) == dict.fromkeys(sites, 1)


async def test_after_a_full_portion_nobody_rests(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        await bulk(s, s.tenant.id, count=PORTION + 1)
        reruns = s.office.reruns
        assert await reruns.start_due() == PORTION
        async with asyncio.timeout(LOOK_S / 2):
            await reruns.rest()
        await reruns.note(rerun(s, time.time() + 60, issue="waits"))
        assert await reruns.start_due() == 1
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(LOOK_S / 2):
                await reruns.rest()


async def test_look_that_fails_after_a_full_portion_is_followed_by_a_rest(
    database: Database, seals: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(_: object) -> dict[str, float]:
        raise DatabaseDown

    async with stage(database, seals, at_work=False) as s:
        await bulk(s, s.tenant.id, count=PORTION + 1)
        assert await s.office.reruns.start_due() == PORTION
        monkeypatch.setattr(repo, "fronts", down)
        with pytest.raises(DatabaseDown):
            await s.office.reruns.start_due()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(LOOK_S / 2):
                await s.office.reruns.rest()
