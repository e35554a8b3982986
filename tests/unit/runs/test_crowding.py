"""However much one site asks for, there is room for the next one, in every queue."""

import asyncio

import pytest

from addon.runs.feature import Outcome, Work, Writing, Written
from addon.runs.lanes import EXPORT_SLOTS, PRIORITY_SLOTS, WRITING_SLOTS, Size
from addon.runs.start import IssueRef
from addon.store.db import Database
from addon.store.fairness import ANY
from addon.store.secrets import Seals
from tests.rows import add_tenant
from tests.unit.runs.make import FAST, answer, stage, until, write


def test_both_tables_together_leave_slots_of_a_queue_to_others() -> None:
    size = Size(50, site_slots=20, site_starts_per_minute=300)
    runs, publications = size.run_shares, size.publication_shares
    assert runs["priority"].slots + publications["priority"].slots < PRIORITY_SLOTS
    assert publications["default"].slots < WRITING_SLOTS
    assert runs["exports"].slots < EXPORT_SLOTS
    assert (runs["ai"].slots, runs["ai"].starts_per_minute) == (20, 300)
    assert runs["priority"].starts_per_minute == 0


@pytest.mark.parametrize("site_slots", [1, 2])
def test_what_the_operator_allows_is_never_exceeded(site_slots: int) -> None:
    size = Size(50, site_slots=site_slots)
    for shares in (size.run_shares, size.publication_shares):
        assert {share.slots for share in shares.values()} <= {1, site_slots}


def test_any_number_stays_any_number() -> None:
    size = Size(50)
    assert {share.slots for each in (size.run_shares, size.publication_shares) for share in each.values()} == {ANY}


async def test_person_of_another_site_does_not_wait_for_thirty_that_hang(database: Database, seals: Seals) -> None:
    let_go, begun = asyncio.Event(), asyncio.Event()
    crowd = 0

    async def work(work: Work) -> Outcome:
        nonlocal crowd
        if work.run.issue_id == "lone":
            begun.set()
        else:
            crowd += 1
            await let_go.wait()
        return await answer(work)

    size = Size(20, FAST.pace, lease_s=FAST.lease_s, site_slots=20)
    async with stage(database, seals, work, size=size) as s:
        lone = await s.office.desk.tenants.by_id(await add_tenant(database, seals=seals))
        assert lone is not None
        for number in range(30):
            issue = IssueRef(f"crowd-{number}", f"ABC-{number}", "10000")
            await s.office.starts.asked(s.tenant, issue, account_id=f"ann-{number}")

        async def filled() -> bool:
            return crowd >= size.run_shares["priority"].slots

        await until(filled)
        await s.office.starts.asked(lone, IssueRef("lone", "XYZ-1", "10000"), account_id="bob")
        async with asyncio.timeout(3):
            await begun.wait()
        assert crowd == size.run_shares["priority"].slots
        let_go.set()


async def test_comment_of_another_site_does_not_wait_for_a_jira_that_hangs(database: Database, seals: Seals) -> None:
    let_go, written = asyncio.Event(), asyncio.Event()
    crowd = 0

    async def hang(writing: Writing) -> Written:
        nonlocal crowd
        if writing.tenant.id == lone_id:
            written.set()
        else:
            crowd += 1
            await let_go.wait()
        return await write(writing)

    lone_id = await add_tenant(database, seals=seals)
    size = Size(20, FAST.pace, lease_s=FAST.lease_s, site_slots=20)
    async with stage(database, seals, size=size) as s:
        s.comments.write = hang
        lone = await s.office.desk.tenants.by_id(lone_id)
        assert lone is not None
        for number in range(30):
            issue = IssueRef(f"crowd-{number}", f"ABC-{number}", "10000")
            await s.office.starts.asked(s.tenant, issue, account_id=f"ann-{number}")

        async def filled() -> bool:
            return crowd >= size.publication_shares["default"].slots

        await until(filled)
        await s.office.starts.asked(lone, IssueRef("lone", "XYZ-1", "10000"), account_id="bob")
        async with asyncio.timeout(3):
            await written.wait()
        let_go.set()
