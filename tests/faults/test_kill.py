"""F1, T31: kill -9 at any moment, or by the work itself: every run ends, its effect exists once."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import Table, func, select

from addon.policy.tenants import Tenant, Tenants
from addon.queue.broker import Wakes
from addon.runs.bus import Bus
from addon.runs.start import Delivery, IssueRef, Starts
from addon.settings import Settings
from addon.store.db import Database
from addon.store.leases import MOST_CRASHES
from addon.store.secrets import Seals
from addon.store.tables.runs import publications, runs
from tests.faults.killable import KEY, POISON
from tests.rows import add_tenant, states

ROOT = Path(__file__).parents[2]
PER_KILL = 25
MOMENTS = (runs, publications)
"""What is under way when a worker is killed. Two kills: a row that met three would rightly be given up."""
RUNS = PER_KILL * len(MOMENTS)

pytestmark = [pytest.mark.faults, pytest.mark.process]


async def test_every_run_ends_and_every_comment_is_written_once_however_often_workers_are_killed(
    database_url: str, tmp_path: Path
) -> None:
    jira = tmp_path / "jira"
    jira.touch()
    # A SQLite file has one server; on PostgreSQL a second worker takes over what the killed one held.
    side = 1 if database_url.startswith("sqlite") else 2
    waiting = await asyncio.gather(*(prepared(database_url, jira) for _ in range(len(MOMENTS) + side)))
    workers = [await begin(waiting.pop()) for _ in range(side)]
    db = Database.open(database_url)
    try:
        starts, tenant = await door(db)
        for n, table in enumerate(MOMENTS):
            await deliver(starts, tenant, range(n * PER_KILL, (n + 1) * PER_KILL))
            await under_way(db, table)
            await asyncio.sleep(random.uniform(0.0, 0.2))
            await kill(workers.pop(0))
            workers.append(await begin(waiting.pop()))
        await finished(db)
        await check(db, Counter(jira.read_text().split()))
    finally:
        await db.close()
        for worker in [*workers, *waiting]:
            await kill(worker)


async def test_work_that_kills_its_workers_is_given_up_and_takes_nobody_with_it(
    database_url: str, tmp_path: Path
) -> None:
    jira = tmp_path / "jira"
    jira.touch()
    waiting = await asyncio.gather(*(prepared(database_url, jira) for _ in range(MOST_CRASHES + 1)))
    worker = await begin(waiting.pop())
    db = Database.open(database_url)
    try:
        starts, tenant = await door(db)
        await deliver(starts, tenant, range(10))
        poisoned = Delivery(IssueRef("666", POISON, "1"), "poisoned")
        assert await starts.webhook(tenant, poisoned) == "started"
        for turn in range(1, MOST_CRASHES + 1):
            assert await asyncio.wait_for(worker.wait(), 60) == -signal.SIGKILL
            worker = await begin(waiting.pop())
            await deliver(starts, tenant, range(10 * turn, 10 * turn + 10))
        innocent = 10 * (MOST_CRASHES + 1)
        async with asyncio.timeout(120):
            while (await states(db, runs)).get("failed", 0) + (await states(db, runs)).get("succeeded", 0) <= innocent:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            while (await states(db, publications)) != {"succeeded": innocent}:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert await states(db, runs) == {"succeeded": innocent, "failed": 1}
        async with db.begin() as tx:
            (dead,) = (await tx.execute(select(runs).where(runs.c.state == "failed"))).all()
        assert (dead.issue_key, dead.crashes) == (POISON, MOST_CRASHES)
        assert dead.error["error"] == "worker_lost"
        assert set(Counter(jira.read_text().split()).values()) == {1}
        assert worker.returncode is None
    finally:
        await db.close()
        for each in [worker, *waiting]:
            await kill(each)


async def door(db: Database) -> tuple[Starts, Tenant]:
    seals = Seals([KEY])
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    tenant = await Tenants(db, seals, settings=settings).by_id(await add_tenant(db, seals=seals))
    assert tenant is not None
    return Starts(db, Wakes(), bus=Bus()), tenant


async def deliver(starts: Starts, tenant: Tenant, numbers: Iterable[int]) -> None:
    for n in numbers:
        assert await starts.webhook(tenant, Delivery(IssueRef(str(10_000 + n), f"ABC-{n}", "1"), f"d-{n}")) == "started"


async def under_way(db: Database, table: Table) -> None:
    async with asyncio.timeout(30):
        while not (await states(db, table)).get("running"):  # noqa: ASYNC110 - the condition lives in the database
            await asyncio.sleep(0.01)


async def prepared(url: str, jira: Path) -> asyncio.subprocess.Process:
    """A worker that has loaded everything and waits for the word."""
    pipe = asyncio.subprocess.PIPE
    arguments = ("-m", "tests.faults.killable", url, str(jira))
    child = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT, stdin=pipe, stdout=pipe)
    assert child.stdout is not None
    assert await asyncio.wait_for(child.stdout.readline(), 60) == b"waiting\n"
    return child


async def begin(child: asyncio.subprocess.Process) -> asyncio.subprocess.Process:
    assert child.stdin is not None
    child.stdin.write(b"go\n")
    await child.stdin.drain()
    return child


async def kill(child: asyncio.subprocess.Process) -> None:
    os.kill(child.pid, signal.SIGKILL)
    await child.wait()


async def finished(db: Database) -> None:
    everything = {"succeeded": RUNS}
    async with asyncio.timeout(120):
        while [await states(db, table) for table in MOMENTS] != [everything] * 2:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def check(db: Database, written: Counter[str]) -> None:
    assert set(written.values()) == {1}
    assert len(written) == RUNS
    async with db.begin() as tx:
        ended = (await tx.execute(select(runs.c.attempts, runs.c.result))).all()
        repeated = await tx.scalar(select(func.count()).where(publications.c.attempts > 1))
    # What is stored is what the last attempt made; and the kills did hit somebody at work.
    assert all(row.result == {"attempt": row.attempts} for row in ended)
    assert repeated or any(row.attempts > 1 for row in ended)
