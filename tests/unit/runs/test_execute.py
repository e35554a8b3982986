"""The life of a claimed run, from its first step to its one end."""

import asyncio
import time
from dataclasses import replace

import pytest

from addon.errors import Invalid
from addon.jira.errors import JiraNotFound
from addon.llm.errors import ModelBusy, ModelRefused
from addon.runs.feature import LeaseLost, Outcome, Stored, Work
from addon.runs.start import Delivery, IssueRef
from addon.store.db import Database
from addon.store.leases import Claims
from addon.store.repos import events
from addon.store.repos.runs import Run
from addon.store.secrets import Seals
from addon.store.tables.runs import publications, runs
from tests.rows import add_run, row_of, run_of, set_tenant, states
from tests.unit.runs.make import FAST, Stage, answer, comment, ended, stage, until

ISSUE = IssueRef("10001", "ABC-1", "10000")


async def ask(s: Stage) -> Run:
    return await s.office.starts.asked(s.tenant, ISSUE, account_id="ann")


async def test_run_ends_with_its_result_and_its_comment_is_written(database: Database, seals: Seals) -> None:
    async with stage(database, seals) as s:
        run = await ended(s.office, await ask(s))
        await until(lambda: _are(database, {"succeeded": 1}))
        shown = await s.office.runs.shown(run)
    assert (run.state, run.result, run.usage) == ("succeeded", {"overall": 80}, {"input_tokens": 5})
    (publication,) = shown["publications"]
    assert (publication["target"], publication["status"]) == ("comment", "done")
    assert publication["remote_id"] == f"remote-comment:10001:{run.id}"


async def test_webhook_is_worked_without_anybody_asking(database: Database, seals: Seals) -> None:
    async with stage(database, seals) as s:
        await s.office.starts.webhook(s.tenant, Delivery(ISSUE, "d-1"))
        await until(lambda: _are(database, {"succeeded": 1}))
    assert len(s.feature.seen) == 1
    assert s.feature.seen[0].jira.site == s.tenant.site
    assert s.feature.seen[0].model is None


@pytest.mark.parametrize("error", [ModelRefused("It declined."), Invalid("No such thing.")])
async def test_error_that_repeating_cannot_mend_fails_at_once(
    database: Database, seals: Seals, error: Exception
) -> None:
    async def work(_: Work) -> Outcome:
        raise error

    async with stage(database, seals, work) as s:
        run = await ended(s.office, await ask(s))
    assert run.state == "failed"
    assert run.error == {"error": error.code, "detail": error.detail}  # type: ignore[attr-defined]
    assert run.attempts == 1
    assert await states(database, publications) == {}


async def test_busy_provider_is_asked_again_no_sooner_than_it_said(database: Database, seals: Seals) -> None:
    times: list[float] = []

    async def work(work: Work) -> Outcome:
        times.append(time.monotonic())
        if len(times) < 3:
            raise ModelBusy("Later.", retry_after_s=0.2)
        return await answer(work)

    async with stage(database, seals, work) as s:
        run = await ended(s.office, await ask(s))
    assert (run.state, run.attempts, run.error) == ("succeeded", 3, None)
    assert times[1] - times[0] >= 0.2
    assert times[2] - times[1] >= 0.2


async def test_deleted_issue_ends_quietly(database: Database, seals: Seals) -> None:
    async def work(_: Work) -> Outcome:
        raise JiraNotFound("Gone.")

    async with stage(database, seals, work) as s:
        run = await ended(s.office, await ask(s))
    assert (run.state, run.attempts) == ("cancelled", 1)
    assert run.error is not None
    assert run.error["error"] == "issue_deleted"


async def test_facts_survive_an_attempt_and_earlier_results_are_found_by_their_input(
    database: Database, seals: Seals
) -> None:
    earlier: list[object] = []

    async def work(work: Work) -> Outcome:
        if work.run.facts is None:
            await work.save_facts({"sections": [{"name": "summary"}, {"name": "comment"}, {"name": "comment"}]}, "hash")
            raise ModelBusy("Later.", retry_after_s=0.0)
        earlier.append(await work.earlier("hash"))
        return Outcome({"overall": len(earlier)}, None)

    async with stage(database, seals, work) as s:
        first = await ended(s.office, await ask(s))
        await ended(s.office, await ask(s))
        shown = await s.office.runs.shown(first)
    assert first.input_hash == "hash"
    assert shown["facts_read"] == ["summary", "comment"]
    assert earlier == [None, Stored(first.id, {"overall": 1})]


async def test_result_that_is_stored_already_is_not_made_again(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run_id = await add_run(database, s.tenant.id, result={"overall": 7})
        async with s.office.at_work():
            run = await ended(s.office, await run_of(database, s.tenant.id, run_id))
    assert (run.state, run.result) == ("succeeded", {"overall": 7})
    assert s.feature.seen == []


async def test_cancelling_stops_a_running_run_and_nothing_is_written(database: Database, seals: Seals) -> None:
    begun = asyncio.Event()

    async def work(work: Work) -> Outcome:
        begun.set()
        await asyncio.sleep(60)
        return await answer(work)

    async with stage(database, seals, work) as s:
        run = await ask(s)
        await asyncio.wait_for(begun.wait(), 60)
        assert (await s.office.starts.cancel(s.tenant.id, run.id, account_id="ann")).cancel_requested
        assert (await ended(s.office, run)).state == "cancelled"
    assert await states(database, publications) == {}


async def test_site_that_uninstalls_stops_its_running_work(database: Database, seals: Seals) -> None:
    begun = asyncio.Event()

    async def work(work: Work) -> Outcome:
        begun.set()
        await asyncio.sleep(60)
        return await answer(work)

    async with stage(database, seals, work) as s:
        run = await ask(s)
        await asyncio.wait_for(begun.wait(), 60)
        await set_tenant(database, s.tenant.id, "uninstalled")
        s.office.worker.nudge()
        assert (await ended(s.office, run)).state == "cancelled"


async def test_attempt_that_lost_its_lease_stores_nothing(database: Database, seals: Seals) -> None:
    lost: list[bool] = []

    async def work(work: Work) -> Outcome:
        async with database.begin() as tx:
            await tx.execute(runs.update().values(attempts=9))
        for report in (work.progress.stage("thinking"), work.save_facts({}, "x")):
            try:
                await report
            except LeaseLost:
                lost.append(True)
        return Outcome({"overall": 1}, None, (comment(work.run),))

    # The worker itself must not be the first to notice: it would call the attempt off.
    size = replace(FAST, pace=replace(FAST.pace, heartbeat_s=4.0))
    async with stage(database, seals, work, size=size) as s:
        run = await ask(s)
        await until(lambda: _seen(s, 1))
        await until(lambda: _idle(s))
    row = await row_of(database, runs, run.id)
    assert lost == [True, True]
    assert (row.result, row.stage) == (None, "queued")
    assert await states(database, publications) == {}


async def test_partial_results_go_when_the_run_ends_and_stages_stay(database: Database, seals: Seals) -> None:
    async def work(work: Work) -> Outcome:
        await work.progress.stage("reading", 1, total=3)
        with s.office.desk.bus.watch(work.run.id, asyncio.Event()):
            await work.progress.partial(lambda: {"summary": "A"})
            await work.progress.partial(lambda: {"summary": "A login"})
        async with database.begin() as tx:
            told.extend(await events.since(tx, work.run.tenant_id, run_id=work.run.id, after=0))
        return await answer(work)

    told: list[events.Event] = []
    async with stage(database, seals, work) as s:
        run = await ended(s.office, await ask(s))
        async with database.begin() as tx:
            kept = await events.since(tx, run.tenant_id, run_id=run.id, after=0)
    assert [(event.event, event.data) for event in kept] == [("stage", {"stage": "reading", "done": 1, "total": 3})]
    assert [event.event for event in told] == ["stage", "token"]
    assert (run.stage, run.done, run.total) == ("reading", 1, 3)


async def test_kind_this_release_does_not_know_fails_in_words(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run_id = await add_run(database, s.tenant.id, kind="horoscope")
        async with s.office.at_work():
            run = await ended(s.office, await run_of(database, s.tenant.id, run_id))
    assert run.state == "failed"
    assert run.error is not None
    assert run.error["error"] == "unknown_kind"


@pytest.mark.faults
async def test_secret_that_cannot_be_opened_fails_in_words(database: Database, seals: Seals) -> None:
    async with stage(database, Seals(["another key of at least 32 characters, once used"]), at_work=False) as s:
        run_id = await add_run(database, s.tenant.id)
        tenant_id = s.tenant.id
    async with stage(database, seals) as s:
        run = await ended(s.office, await run_of(database, tenant_id, run_id))
    assert run.state == "failed"
    assert run.error is not None
    assert run.error["error"] == "secret_unreadable"


async def test_next_attempt_numbers_its_events_after_those_of_the_first(database: Database, seals: Seals) -> None:
    async def work(work: Work) -> Outcome:
        await work.progress.stage("reading")
        return await answer(work)

    async with stage(database, seals, work, at_work=False) as s:
        run_id = await add_run(database, s.tenant.id)
        async with database.begin() as tx:
            (lease,) = await Claims(runs, "dead", lease_s=0).claim(tx, "ai", limit=1, now=time.time())
            await events.add(tx, lease, event=events.stage(1, "reading", done=0, total=0), now=1.0)
        async with s.office.at_work():
            run = await ended(s.office, replace(await run_of(database, s.tenant.id, run_id)))
        async with database.begin() as tx:
            kept = await events.since(tx, run.tenant_id, run_id=run.id, after=0)
    assert [event.seq for event in kept] == [1, 2]


async def _are(db: Database, expected: dict[str, int]) -> bool:
    return await states(db, publications) == expected


async def _seen(s: Stage, count: int) -> bool:
    return len(s.feature.seen) == count


async def _idle(s: Stage) -> bool:
    return s.office.worker.busy == 0
