"""What is asked all the time, over tables that grow: no plan reads one of them whole."""

import re
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Table, event, insert, select, text

from addon.store.db import Database
from addon.store.fairness import Share
from addon.store.ids import id_at, new_id
from addon.store.leases import Claims
from addon.store.repos import claimed, deliveries, events, failures, remains, reruns
from addon.store.repos.deliveries import Judged
from addon.store.repos.failures import Window
from addon.store.repos.publications import turn
from addon.store.repos.runs import NewRun
from addon.store.swift import Swift
from addon.store.tables.audit import audit
from addon.store.tables.reruns import reruns as rerun_rows
from addon.store.tables.runs import publications, run_checkpoints, run_events, runs
from tests.rows import add_tenant

SITES = 10
MANY = 6_000
"""Rows of a table; more of them make a plan that reads all only worse."""
DAY_S = 86400.0
OLD = MANY // 100
"""Runs past their retention: one night's."""
GROWS = {table.name for table in (runs, run_events, run_checkpoints, publications, rerun_rows, audit)}
# Of a site what failed, and what is due in its order, are found by the site alone.
WHOLE = re.compile(
    r"(?:SCAN|.*\bSeq Scan on) (\w+)|SEARCH (\w+) USING .*INDEX (?!ix_\w+_(?:failed|site)\b)\w+ \(tenant_id=\?\)$"
)
OWN = "/* the test's own */"
Asked = list[tuple[str, Any]]
Question = Callable[[Database], Awaitable[None]]


@pytest.fixture
async def grown(database: Database) -> Database:
    """Ten sites, one of which has nearly all; most is done, a hundredth has failed, some waits."""
    now = time.time()
    sites = [await add_tenant(database) for _ in range(SITES)]
    made = [_run(n, sites[0 if n % SITES else n // SITES % SITES], now=now) for n in range(MANY)]
    told = [{"run_id": run["id"], "tenant_id": run["tenant_id"]} for run in made]
    await _fill(database, runs, made)
    await _fill(database, run_events, [{**row, "seq": 1, "event": "stage", "data": {}, "at": now} for row in told])
    await _fill(database, run_checkpoints, [{**row, "name": "piece", "value": {}} for row in told])
    await _fill(database, publications, [_publication(n, run, now=now) for n, run in enumerate(made)])
    busy = ({"tenant_id": sites[0], "issue_id": str(n), "due_at": now - 1000 + n / 1000} for n in range(MANY))
    few = ({"tenant_id": tenant_id, "issue_id": "1", "due_at": now - 1} for tenant_id in sites[1:])
    done = ({"tenant_id": run["tenant_id"], "at": run["created_at"]} for run in made)
    await _fill(database, audit, [{**row, "id": new_id(), "action": "run.asked", "detail": {}} for row in done])
    await _fill(database, rerun_rows, [{**row, "issue_key": "A-1", "project_id": "1"} for row in (*busy, *few)])
    return database


def _run(n: int, tenant_id: str, *, now: float) -> dict[str, Any]:
    at = now - (60 * DAY_S if n < OLD else n)
    state = "failed" if n % 97 == 3 else "succeeded"
    return {
        "id": id_at(at + n / 1000) if n < OLD else new_id(),
        "tenant_id": tenant_id, "kind": "analysis", "trigger": "webhook", "params": {}, "queue": "ai",
        "issue_id": str(n), "project_id": "1", "state": state, "error": {"error": "internal"},
        "run_at": at, "created_at": at, "started_at": at, "finished_at": at,
    }  # fmt: skip


def _publication(n: int, run: dict[str, Any], *, now: float) -> dict[str, Any]:
    state = "queued" if n % 10 == 0 else "running" if n % 1000 == 1 else run["state"]
    return {
        "id": new_id(), "tenant_id": run["tenant_id"], "run_id": run["id"], "issue_id": run["issue_id"],
        "target": ("comment", "subtasks")[n % 2], "slot": "", "item": 0, "marker": f"m{n}", "content": {},
        "remote_id": str(n), "queue": "default", "state": state, "error": run["error"],
        "run_at": now - 1, "created_at": run["created_at"], "finished_at": run["finished_at"],
    }  # fmt: skip


async def _fill(db: Database, table: Table, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 1000):
        async with db.begin() as tx:
            await tx.execute(insert(table), rows[start : start + 1000])


async def _failures(db: Database) -> None:
    async with db.single() as tx:
        page = await failures.listed(tx, None, window=Window(20))
    last = page[-1]
    async with db.single() as tx:
        assert len(await failures.listed(tx, None, window=Window(20, before=(last.failed_at, last.id)))) == 20
    async with db.single() as tx:
        await failures.listed(tx, last.tenant_id, window=Window(20, before=(last.failed_at, last.id)))


async def _delivery(db: Database) -> None:
    tenant_id, _ = await _one(db)
    async with db.single() as tx:
        await deliveries.intake(tx, tenant_id, project_id="1", issue_id="5", since=0.0)
    new = NewRun(kind="analysis", trigger="webhook", issue_id=new_id()[-12:], issue_key="A-1", project_id="1")
    assert await deliveries.insert(db, tenant_id, new=new, judged=Judged(0.0, 0.0, 9))


async def _retention(db: Database) -> None:
    async with db.begin() as tx:
        assert await remains.traces(tx, before=time.time() - 30 * DAY_S, limit=OLD // 2) == OLD // 2


async def _nothing_to_retain(db: Database) -> None:
    async with db.begin() as tx:
        assert await remains.traces(tx, before=time.time() - 90 * DAY_S, limit=OLD) == 0


async def _leaving(db: Database) -> None:
    async with db.single() as tx:
        tenant_id = (await tx.execute(text(f"{OWN} SELECT tenant_id FROM runs ORDER BY id DESC LIMIT 1"))).scalar_one()
    for many in remains.OF_SITE:
        since: float | str | None = many.least
        for _ in range(2):
            async with db.begin() as tx:
                assert since is not None
                since = await remains.of_site(tx, many, tenant_id=tenant_id, since=since, limit=20)


async def _standing(db: Database) -> None:
    async with db.single() as tx:
        some = (await tx.execute(text(f"{OWN} SELECT tenant_id, id FROM runs LIMIT 20"))).all()
    async with db.single() as tx:
        assert len(await events.standing(tx, [(row[0], row[1]) for row in some])) == 20


async def _claim(db: Database) -> None:
    claims = Claims(publications, "w", turn=turn, shares={"default": Share(15, each_worker=True)})
    async with db.begin() as tx:
        assert len(await claims.claim(tx, "default", limit=4, now=db.now())) == 4


async def _claimed(db: Database) -> None:
    tenant_id, publication_id = await _one(db)
    assert await claimed.read(db, tenant_id, publication_id=publication_id) is not None


async def _alone(db: Database) -> None:
    tenant_id, publication_id = await _one(db)
    found = await claimed.read(db, tenant_id, publication_id=publication_id)
    assert found
    async with db.begin() as tx:
        assert await claimed.is_alone(tx, found.publication)


async def _changes(db: Database) -> None:
    async with db.single() as tx:
        sites = await reruns.fronts(tx)
    assert len(sites) == SITES
    for tenant_id in sites:
        async with db.single() as tx:
            assert await reruns.soonest(tx, tenant_id, limit=10)


async def _one(db: Database) -> tuple[str, str]:
    """A publication that is done."""
    query = text(f"{OWN} SELECT tenant_id, id FROM publications WHERE state = 'succeeded' ORDER BY id LIMIT 1")
    async with db.single() as tx:
        row = (await tx.execute(query)).one()
    return row[0], row[1]


BY_DAY = (_failures, _delivery, _standing, _claim, _claimed, _alone, _changes)
BY_NIGHT = (_retention, _nothing_to_retain, _leaving)
"""Of what has been there for long: statistics know it."""


async def test_no_plan_reads_a_table_that_grows(grown: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # Statistics are as old as the last time somebody looked: the plan has to be right before and after.
    await _asked(grown, BY_DAY, patch=monkeypatch)
    async with grown.single() as one:
        await one.execute(text("ANALYZE"))
    await _asked(grown, (*BY_DAY, *BY_NIGHT), patch=monkeypatch)


async def test_a_plan_that_reads_a_table_is_found(grown: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    other = runs.alias("other")

    async def every_stage(db: Database) -> None:
        async with db.single() as tx:
            await tx.execute(select(other).where(other.c.stage == "queued"))

    with pytest.raises(AssertionError, match="every_stage"):
        await _asked(grown, (every_stage,), patch=monkeypatch)


async def _asked(db: Database, questions: Sequence[Question], *, patch: pytest.MonkeyPatch) -> None:
    for question in questions:
        with _heard(db, patch) as said:
            await question(db)
        assert said
        for statement, values in said:
            steps = await _plan(db, statement, values)
            assert _whole(statement, steps) == [], "\n".join((question.__name__, statement, *steps))


@contextmanager
def _heard(db: Database, patch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """What is said to the database inside the block, apart from the test's own questions."""
    said: Asked = []
    given: Callable[..., tuple[str, list[Any]]] = Swift.given

    def swiftly(statement: Swift, *args: Any) -> tuple[str, list[Any]]:
        said.append(given(statement, *args))
        return said[-1]

    def listen(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        if re.match(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b", statement) and OWN not in statement:
            said.append((statement, parameters))

    engine = db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", listen)
    with patch.context() as patched:
        patched.setattr(Swift, "given", swiftly)
        yield said
    event.remove(engine, "before_cursor_execute", listen)


async def _plan(db: Database, statement: str, values: Any) -> list[str]:
    """How the database goes about it, one step a line."""
    explain = "EXPLAIN QUERY PLAN " if db.dialect == "sqlite" else "EXPLAIN "
    async with db.single() as tx:
        rows = (await tx.exec_driver_sql(explain + statement, tuple(values))).all()
    return [" ".join(str(row[-1]).split()) for row in rows]


def _whole(statement: str, steps: list[str]) -> list[str]:
    """The steps that read every row of a table that grows, or every entry of an index of it, or all that a site has."""
    # SQLite calls a table by its alias.
    called = {alias for name, alias in re.findall(r"\b(\w+) AS (\w+)", statement) if name in GROWS}
    read = (WHOLE.match(step) for step in steps)
    return [found[0] for found in read if found and (found[1] or found[2]) in GROWS | called]
