"""What is tried again, for how long and at what pace; and what a site in trouble means for its work."""

import asyncio
import time
from dataclasses import replace

import httpx2
import pytest

from addon.errors import TooMany
from addon.jira.errors import JiraDown, JiraError, JiraForbidden, JiraUnauthorized
from addon.runs.feature import Outcome, Work, Writing, Written
from addon.runs.moments import iso
from addon.runs.patience import Patience, failures_with
from addon.runs.start import IssueRef
from addon.store.db import Database
from addon.store.leases import Lease
from addon.store.repos import audit, events, troubles
from addon.store.repos.runs import Run
from addon.store.secrets import Seals
from addon.store.tables.runs import publications, runs
from addon.store.tables.tenants import tenants
from tests.rows import add_publication, add_run, row_of, run_of, set_tenant, states
from tests.unit.runs.make import Stage, answer, ended, jira_twin, stage, until

ISSUE = IssueRef("10001", "ABC-1", "10000")
REFUSALS = [JiraUnauthorized("Reinstall the add-on."), JiraForbidden("A scope is missing.")]


async def ask(s: Stage) -> Run:
    return await s.office.starts.asked(s.tenant, ISSUE, account_id="ann")


async def waits(db: Database, run_id: str) -> bool:
    row = await row_of(db, runs, run_id)
    return row.state == "queued" and row.error is not None


async def are(db: Database, **expected: int) -> bool:
    return await states(db, publications) == expected


async def test_run_that_jira_fails_many_times_goes_on_when_jira_is_back(database: Database, seals: Seals) -> None:
    tries: list[int] = []

    async def work(work: Work) -> Outcome:
        tries.append(work.run.failures)
        if len(tries) < 9:
            raise JiraDown(0.01)
        return await answer(work)

    async with stage(database, seals, work) as s:
        run = await ended(s.office, await ask(s))
    assert (run.state, run.attempts, tries) == ("succeeded", 9, list(range(9)))


async def test_publication_that_jira_fails_many_times_is_written_in_the_end(database: Database, seals: Seals) -> None:
    async def down_for_long(writing: Writing) -> Written:
        if len(s.comments.seen) < 6:
            raise JiraDown(0.01, uncertain=True)
        return Written("1", None, "u")

    async with stage(database, seals) as s:
        s.comments.write = down_for_long
        run_id = await add_run(database, s.tenant.id, state="succeeded")
        await add_publication(database, s.tenant.id, run_id)
        await until(lambda: are(database, succeeded=1))
    assert [writing.repeated for writing in s.comments.seen] == [False, *[True] * 5]


async def test_while_a_run_waits_for_its_next_try_it_says_why_and_when(database: Database, seals: Seals) -> None:
    async def work(work: Work) -> Outcome:
        await work.progress.stage("reading", 1, total=3)
        with s.office.desk.bus.watch(work.run.id, asyncio.Event()):
            await work.progress.partial(lambda: {"summary": "A"})
        raise JiraDown(40.0)

    async with stage(database, seals, work) as s:
        asked = await ask(s)
        await until(lambda: waits(database, asked.id))
        run = await run_of(database, asked.tenant_id, asked.id)
        shown = await s.office.runs.shown(run)
        async with database.begin() as tx:
            told = (await events.since(tx, run.tenant_id, run_id=run.id, after=0))[-1]
    assert (shown["status"], shown["progress"]) == ("queued", {"stage": "queued", "done": 0, "total": 0})
    assert shown["error"] == {"error": "jira_down", "detail": "Jira did not answer as it should."}
    assert shown["next_attempt_at"] == iso(run.run_at)
    assert 10 < run.run_at - time.time() < 45
    # Numbered above the partial result that is gone, so that whoever has seen that sees this as well.
    assert (told.seq, told.event, told.data["error"]) == (3, "stage", shown["error"])
    assert told.data["next_attempt_at"] == shown["next_attempt_at"]


async def test_whoever_asks_again_does_not_wait_for_the_next_try(database: Database, seals: Seals) -> None:
    async def work(work: Work) -> Outcome:
        if not work.run.failures:
            raise JiraDown(600.0)
        return await answer(work)

    async with stage(database, seals, work) as s:
        run = await ask(s)
        await until(lambda: waits(database, run.id))
        again = await ended(s.office, await ask(s))
    assert (again.id, again.state) == (run.id, "succeeded")


async def test_end_asked_for_during_a_failing_try_is_not_forgotten(database: Database, seals: Seals) -> None:
    async def work(work: Work) -> Outcome:
        async with database.begin() as tx:
            await tx.execute(runs.update().values(cancel_requested=True))
        raise JiraDown(600.0)

    async with stage(database, seals, work) as s:
        run = await ended(s.office, await ask(s))
    assert run.state == "cancelled"


@pytest.mark.parametrize("age_s", [7_201.0, 30 * 86_400.0])
async def test_run_is_given_up_in_words_once_it_is_old_and_still_fails(
    database: Database, seals: Seals, age_s: float
) -> None:
    """Its tries and not its age: one of a month that is run again has been tried for minutes."""

    async def work(_: Work) -> Outcome:
        raise TooMany("Slow down.", retry_after_s=0.0)

    async with stage(database, seals, work, at_work=False) as s:
        run_id = await add_run(database, s.tenant.id, created_at=time.time() - age_s)
        async with s.office.at_work():
            run = await ended(s.office, await run_of(database, s.tenant.id, run_id))
    assert (run.state, run.attempts) == ("failed", 6)
    assert run.error is not None
    assert (run.error["error"], run.error["cause"]) == ("gave_up", "too_many_requests")
    assert run.error["detail"] == "Given up after 6 tries in a row. The last time: Slow down."


@pytest.mark.parametrize(
    ("said", "failures", "code", "least", "most"),
    [
        (30, 1, "jira_busy", 30, 33),
        (0, 1, "jira_down", 5, 5.5),
        (0, 2, "jira_down", 15, 16.5),
        (0, 3, "database_down", 45, 49.5),
        (0, 500, "jira_down", 600, 660),
        (0, 1, "model_busy", 1, 1.1),
        (9e9, 1, "jira_busy", 3700, 4070),
    ],
)
def test_wait_honours_the_other_side_grows_and_is_capped(
    said: float, failures: int, code: str, least: float, most: float
) -> None:
    assert all(least <= Patience().wait_s(said, failures, code=code) <= most for _ in range(50))


def test_patience_ends_with_age_but_never_at_the_first_failures() -> None:
    patience, old = Patience(), Lease("1", "t", "w", 9, created_at=0.0)
    assert not patience.over("runs", old, failures=5, now=1e9)
    assert patience.over("runs", old, failures=6, now=7_201)
    assert not patience.over("publications", old, failures=99, now=7_201)
    assert patience.over("publications", old, failures=99, now=21_601)
    # Dated by a clock that was days ahead: then the tries tell how long it has been.
    young = replace(old, created_at=1e9)
    assert not patience.over("publications", young, failures=36, now=0.0)
    assert patience.over("publications", young, failures=37, now=0.0)


def test_failures_of_another_side_are_counted_anew() -> None:
    lease = Lease("1", "t", "w", 5, failures=4, failing="jira_down")
    assert failures_with(lease, "jira_busy") == 5
    assert failures_with(lease, "model_busy") == 1


# Sites that refuse the add-on


class Site:
    """A Jira that refuses the add-on for as long as `error` says so."""

    def __init__(self, error: JiraError | None) -> None:
        self.error = error
        self.asked = 0

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        if self.error is None:
            return jira_twin(request)
        return httpx2.Response(401 if isinstance(self.error, JiraUnauthorized) else 403)

    async def work(self, work: Work) -> Outcome:
        if self.error is not None:
            raise self.error
        return await answer(work)


@pytest.mark.parametrize("error", REFUSALS)
async def test_site_that_refuses_the_add_on_is_left_alone_until_a_probe_goes_well(
    database: Database, seals: Seals, error: JiraError
) -> None:
    site = Site(error)
    async with stage(database, seals, site.work, jira=site.answer) as s:
        run = await ask(s)
        await until(lambda: waits(database, run.id))
        for _ in range(5):
            await add_run(database, s.tenant.id)
        await asyncio.sleep(0.4)
        async with database.begin() as tx:
            found = await troubles.of(tx, s.tenant.id)
        assert found is not None
        assert found.code == error.code
        assert (await row_of(database, runs, run.id)).error == {"error": error.code, "detail": error.detail}
        assert len(s.feature.seen) == 1
        # Not well yet: one question, and only when it is due.
        before, began = site.asked, time.monotonic()
        assert [await s.office.desk.troubles.probe() for _ in range(3)] == [0, 0, 0]
        assert site.asked - before <= 2 * (1 + (time.monotonic() - began) / 0.3)
        site.error = None
        await asyncio.sleep(0.35)
        await until(s.office.desk.troubles.probe)
        await until(lambda: are(database, succeeded=6))
        async with database.begin() as tx:
            noted = [event.action for event in await audit.latest(tx, s.tenant.id)]
            assert await troubles.of(tx, s.tenant.id) is None
    assert noted[:2] == ["tenant.resumed", "tenant.paused"]
    assert (await row_of(database, runs, run.id)).failures == 0


async def test_right_that_is_missing_in_one_place_pauses_nobody(database: Database, seals: Seals) -> None:
    async def work(_: Work) -> Outcome:
        raise JiraForbidden("You may not see this issue.")

    async with stage(database, seals, work) as s:
        run = await ended(s.office, await ask(s))
        async with database.begin() as tx:
            assert await troubles.of(tx, s.tenant.id) is None
    assert run.state == "failed"


async def test_publication_of_a_site_that_refuses_us_waits_and_others_go_on(database: Database, seals: Seals) -> None:
    async def refused(writing: Writing) -> Written:
        if writing.tenant.id == s.tenant.id:
            raise JiraUnauthorized("Reinstall the add-on.")
        return Written("1", None, "u")

    async with stage(database, seals) as s, stage(database, seals, at_work=False) as other:
        s.comments.write = refused
        for tenant_id in (s.tenant.id, other.tenant.id):
            run_id = await add_run(database, tenant_id, state="succeeded")
            await add_publication(database, tenant_id, run_id)
        await until(lambda: are(database, succeeded=1, queued=1))
        await asyncio.sleep(0.3)
    assert [writing.tenant.id for writing in s.comments.seen].count(s.tenant.id) == 1


async def test_secret_that_was_replaced_meanwhile_is_no_trouble_of_the_site(database: Database, seals: Seals) -> None:
    async def work(work: Work) -> Outcome:
        if len(s.feature.seen) > 1:
            return await answer(work)
        secret = seals.seal("the secret of a later installation, long enough", s.tenant.id)
        async with database.begin() as tx:
            await tx.execute(tenants.update().values(shared_secret=secret))
        raise JiraUnauthorized("Reinstall the add-on.")

    async with stage(database, seals, work) as s:
        run = await ended(s.office, await ask(s))
        async with database.begin() as tx:
            assert await troubles.of(tx, s.tenant.id) is None
    assert (run.state, len(s.feature.seen)) == ("succeeded", 2)


# Sites that are disabled for a while


async def test_work_of_a_disabled_site_waits_and_goes_on_when_it_is_enabled(database: Database, seals: Seals) -> None:
    begun = asyncio.Event()

    async def work(work: Work) -> Outcome:
        # The other run may well be the first to begin.
        if work.run.issue_id == ISSUE.id and not begun.is_set():
            begun.set()
            await asyncio.sleep(60)
        return await answer(work)

    async with stage(database, seals, work) as s:
        run = await ask(s)
        await add_run(database, s.tenant.id)
        await asyncio.wait_for(begun.wait(), 25)
        await set_tenant(database, s.tenant.id, "disabled")
        s.office.desk.tenants.forget(s.tenant.site.client_key)
        await until(lambda: _queued(database, run.id))
        await set_tenant(database, s.tenant.id, "installed")
        s.office.desk.tenants.forget(s.tenant.site.client_key)
        run = await ended(s.office, run)
        await until(lambda: are(database, succeeded=2))
    row = await row_of(database, runs, run.id)
    assert (row.state, row.crashes, row.failures) == ("succeeded", 0, 0)


async def test_site_disabled_between_the_claim_and_the_work_loses_nothing(database: Database, seals: Seals) -> None:
    async with stage(database, seals) as s:
        # What this process believes for a moment after another one heard the word.
        await set_tenant(database, s.tenant.id, "disabled")
        s.office.desk.tenants.forget(s.tenant.site.client_key)
        assert await s.office.desk.tenants.by_id(s.tenant.id) is None
        await set_tenant(database, s.tenant.id, "installed")
        run = await ask(s)
        await until(lambda: _queued(database, run.id))
        s.office.desk.tenants.forget(s.tenant.site.client_key)
        run = await ended(s.office, run)
    assert (run.state, run.error) == ("succeeded", None)


async def _queued(db: Database, run_id: str) -> bool:
    row = await row_of(db, runs, run_id)
    return bool(row.state == "queued" and row.attempts > 0)
