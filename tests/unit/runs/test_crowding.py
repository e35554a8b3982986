"""However much one site asks for, there is room for the next one, in every queue."""

import asyncio
from dataclasses import dataclass, field

from sqlalchemy import func, select

from addon.runs.feature import Outcome, Work, Writing, Written
from addon.runs.lanes import EXPORT_SLOTS, PRIORITY_SLOTS, WRITING_SLOTS, Size
from addon.runs.start import PANEL_PRIORITY, IssueRef
from addon.store.db import Database
from addon.store.fairness import ANY, Share
from addon.store.leases import Claims
from addon.store.repos.publications import turn
from addon.store.secrets import Seals
from addon.store.tables.runs import publications, runs
from tests.rows import add_publication, add_run, add_tenant
from tests.unit.runs.make import FAST, Stage, answer, stage, until, write


def test_both_tables_together_leave_slots_of_a_queue_to_others() -> None:
    size = Size(50, site_slots=20, site_starts_per_minute=300)
    asked, written = size.run_shares, size.publication_shares
    assert asked["priority"].slots + written["priority"].slots < PRIORITY_SLOTS
    assert written["default"].slots < WRITING_SLOTS
    assert asked["exports"].slots < EXPORT_SLOTS
    assert (asked["ai"].slots, asked["ai"].starts_per_minute) == (20, 300)
    assert asked["priority"].starts_per_minute == 0


def test_slots_of_a_site_bind_over_all_workers_what_nobody_waits_for() -> None:
    few, any_number = Size(50, site_slots=2), Size(50)
    assert few.run_shares["ai"] == Share(2)
    assert any_number.run_shares["ai"] == Share(ANY)
    # What people wait for grows with the workers, whatever is set.
    for shares in (few.run_shares, few.publication_shares):
        assert all(share.each_worker for queue, share in shares.items() if queue != "ai")
    assert few.run_shares["priority"] == any_number.run_shares["priority"]


async def test_more_workers_are_more_for_the_people_of_one_site_and_none_is_full_of_it(database: Database) -> None:
    size = Size(50, site_slots=20)
    asked, written = size.run_shares["priority"].slots, size.publication_shares["priority"].slots
    crowd = await add_tenant(database)
    await _asks(database, crowd, asked=4 * asked + 8, written=4 * written + 8)
    assert [await _begins(database, size, f"w{n}") for n in range(4)] == [(asked, written)] * 4
    # Every worker is asked again: what waits has to wait, however many places are free.
    assert [await _begins(database, size, f"w{n}") for n in range(4)] == [(0, 0)] * 4
    late = await add_tenant(database)
    await _asks(database, late, asked=20, written=4)
    assert [await _begins(database, size, f"w{n}", most=5) for n in range(4)] == [(5, 4), (5, 0), (5, 0), (5, 0)]
    assert await _at_work(database, late) == 24
    assert await _at_work(database, crowd) == 4 * (asked + written)


async def _asks(db: Database, tenant_id: str, *, asked: int, written: int) -> None:
    """Its people want so many analyses, and so many of their drafts written."""
    people = {"queue": "priority", "priority": PANEL_PRIORITY}
    for number in range(asked):
        run_id = await add_run(db, tenant_id, **people)
        if number < written:
            await add_publication(db, tenant_id, run_id, target="questions", issue_id=str(number), **people)


async def _begins(db: Database, size: Size, worker: str, *, most: int = PRIORITY_SLOTS) -> tuple[int, int]:
    """How many runs and publications that worker takes of what people wait for."""
    taken = []
    for claims in (
        Claims(runs, worker, shares=size.run_shares),
        Claims(publications, worker, turn=turn, shares=size.publication_shares),
    ):
        async with db.begin() as tx:
            taken.append(len(await claims.claim(tx, "priority", limit=most, now=db.now())))
    return taken[0], taken[1]


async def _at_work(db: Database, tenant_id: str) -> int:
    async with db.single() as tx:
        counts = [
            select(func.count()).where(table.c.tenant_id == tenant_id, table.c.state == "running")
            for table in (runs, publications)
        ]
        return sum([(await tx.execute(count)).scalar_one() for count in counts])


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
        async with asyncio.timeout(15):
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
