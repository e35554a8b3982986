"""Two processes that both lead for a moment: one was frozen, or cut off, and does not know yet that it was replaced.

What the clock does is fenced by the office. These are the other duties: done twice, at once or late, they do no harm.
"""

import asyncio

from sqlalchemy import func, select

from addon.jira.errors import JiraUnauthorized
from addon.jira.site import Site
from addon.policy.retention import purge
from addon.policy.trouble import Troubles
from addon.store.db import Database
from addon.store.repos import audit, troubles
from addon.store.repos.reruns import Rerun
from addon.store.secrets import Seals
from addon.store.tables.audit import audit as audit_rows
from addon.store.tables.runs import runs
from addon.store.tables.tenants import tenants
from tests.rows import add_run, add_tenant
from tests.unit.runs.make import Stage, stage

LEADERS = 4
PROBED_S = 60.0


class Jira:
    """Says who the add-on is, as soon as it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = asyncio.Event()

    async def __call__(self, _: Site) -> str:
        self.asked += 1
        await self.answers.wait()
        return "the-add-on"


async def noted(db: Database, tenant_id: str) -> list[str]:
    async with db.begin() as tx:
        return [event.action for event in await audit.latest(tx, tenant_id)]


async def pause(s: Stage, *, probe_at: float) -> None:
    async with s.db.begin() as tx:
        assert await troubles.begin(tx, s.tenant.id, code=JiraUnauthorized.code, now=0.0, probe_at=probe_at)


async def test_of_two_that_probe_at_once_one_asks(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        await pause(s, probe_at=1.0)
        jira = Jira()
        jira.answers.set()
        both = [Troubles(database, s.office.desk.tenants, ask=jira, probe_every_s=PROBED_S) for _ in range(LEADERS)]
        found = await asyncio.gather(*(each.probe() for each in both))
        assert (sum(found), jira.asked) == (1, 1)
        assert await noted(database, s.tenant.id) == ["tenant.resumed"]


async def test_answer_to_a_leader_of_yesterday_does_not_end_the_trouble_of_today(
    database: Database, seals: Seals
) -> None:
    async with stage(database, seals, at_work=False) as s:
        await pause(s, probe_at=1.0)
        frozen, quick = Jira(), Jira()
        quick.answers.set()
        late = asyncio.create_task(Troubles(database, s.office.desk.tenants, ask=frozen, probe_every_s=-1.0).probe())
        async with asyncio.timeout(60):
            while not frozen.asked:  # noqa: ASYNC110 - asked from another task
                await asyncio.sleep(0.01)
        # The next leader asks, and all is well; then the site refuses the add-on again.
        assert await Troubles(database, s.office.desk.tenants, ask=quick).probe() == 1
        await pause(s, probe_at=2.0)
        frozen.answers.set()
        assert await late == 0
        async with database.begin() as tx:
            assert await troubles.of(tx, s.tenant.id) is not None
        assert await noted(database, s.tenant.id) == ["tenant.resumed"]


async def test_change_becomes_one_run_whoever_looks(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        await s.office.desk.projects.save(s.tenant.id, "10000", changes={"rerun_on_update": True}, account_id="ann")
        for number in range(5):
            await s.office.reruns.note(Rerun(s.tenant.id, str(number), "ABC-7", "10000", 1.0))
        found = await asyncio.gather(*(s.office.reruns.start_due() for _ in range(LEADERS)))
        async with database.single() as tx:
            assert (await tx.execute(select(func.count()).select_from(runs))).scalar_one() == 5
        assert sum(found) == 5


async def test_tenant_is_superseded_once_whoever_settles(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        after = await add_tenant(database, seals=seals)
        async with database.begin() as tx:
            mine = tenants.update().where(tenants.c.id == after)
            await tx.execute(mine.values(app_account_id=None, installed_at=2.0))

        async def account(_: Site) -> str:
            await asyncio.sleep(0)
            return "the-add-on"

        await asyncio.gather(*(s.office.desk.tenants.settle(account) for _ in range(LEADERS)))
        assert await noted(database, s.tenant.id) == ["tenant.superseded"]
        assert await noted(database, after) == []
        async with database.single() as tx:
            states = {row.id: row.state for row in await tx.execute(select(tenants.c.id, tenants.c.state))}
        assert states == {s.tenant.id: "superseded", after: "installed"}


async def test_site_past_its_retention_is_deleted_once_whoever_cleans_up(database: Database, seals: Seals) -> None:
    gone, stays = await add_tenant(database, state="uninstalled"), await add_tenant(database)
    for tenant_id in (gone, stays):
        await add_run(database, tenant_id)
    async with database.begin() as tx:
        await tx.execute(tenants.update().where(tenants.c.id == gone).values(purge_after=1.0))
    assert sum(await asyncio.gather(*(purge(database, 2.0) for _ in range(LEADERS)))) == 1
    async with database.begin() as tx:
        assert (await tx.execute(select(tenants.c.id))).scalars().all() == [stays]
        assert (await tx.execute(select(runs.c.tenant_id))).scalars().all() == [stays]
        assert (await tx.execute(select(audit_rows.c.tenant_id).where(audit_rows.c.tenant_id == gone))).all() == []
