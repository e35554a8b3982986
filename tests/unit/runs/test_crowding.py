"""However much one site asks for, there is room for the next one, in every queue."""

import asyncio
from dataclasses import dataclass, field

import pytest

from addon.runs.feature import Outcome, Work, Writing, Written
from addon.runs.lanes import EXPORT_SLOTS, PRIORITY_SLOTS, WRITING_SLOTS, Size
from addon.runs.start import IssueRef
from addon.store.db import Database
from addon.store.fairness import ANY
from addon.store.secrets import Seals
from tests.rows import add_tenant
from tests.unit.runs.make import FAST, Stage, answer, stage, until, write


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


SIZE = Size(20, FAST.pace, lease_s=FAST.lease_s, site_slots=20)


@dataclass
class Crowd:
    """What is worked for one site hangs; what is worked for another one is noted. slots: places the crowd may take."""

    slots: int
    crowd: int = 0
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def comes(self, *, lone: bool) -> None:
        if lone:
            self.begun.set()
        else:
            self.crowd += 1
            await self.let_go.wait()

    async def filled(self) -> bool:
        return self.crowd >= self.slots

    async def lets_another_in(self, s: Stage, lone_id: str) -> None:
        """Thirty people of one site ask, then one of another; that one has to begin while the others hang."""
        lone = await s.office.desk.tenants.by_id(lone_id)
        assert lone is not None
        for number in range(30):
            issue = IssueRef(f"crowd-{number}", f"ABC-{number}", "10000")
            await s.office.starts.asked(s.tenant, issue, account_id=f"ann-{number}")
        await until(self.filled)
        await s.office.starts.asked(lone, IssueRef("lone", "XYZ-1", "10000"), account_id="bob")
        async with asyncio.timeout(3):
            await self.begun.wait()
        assert self.crowd == self.slots
        self.let_go.set()


async def test_person_of_another_site_does_not_wait_for_thirty_that_hang(database: Database, seals: Seals) -> None:
    crowd = Crowd(SIZE.run_shares["priority"].slots)

    async def work(work: Work) -> Outcome:
        await crowd.comes(lone=work.run.issue_id == "lone")
        return await answer(work)

    async with stage(database, seals, work, size=SIZE) as s:
        await crowd.lets_another_in(s, await add_tenant(database, seals=seals))


async def test_comment_of_another_site_does_not_wait_for_a_jira_that_hangs(database: Database, seals: Seals) -> None:
    crowd = Crowd(SIZE.publication_shares["default"].slots)
    lone_id = await add_tenant(database, seals=seals)

    async def hang(writing: Writing) -> Written:
        await crowd.comes(lone=writing.tenant.id == lone_id)
        return await write(writing)

    async with stage(database, seals, size=SIZE) as s:
        s.comments.write = hang
        await crowd.lets_another_in(s, lone_id)
