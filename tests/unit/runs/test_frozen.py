"""An attempt that cannot be sure of its row any more writes nothing, however long it was stopped."""

import asyncio
import time
from dataclasses import replace

import httpx2
import pytest

from addon.jira import comments
from addon.queue.lane import Pace
from addon.runs.feature import Writing, Written
from addon.runs.lanes import Size
from addon.store import terms
from addon.store.db import Database
from addon.store.secrets import Seals
from addon.store.tables.runs import publications
from tests.rows import add_publication, row_of
from tests.unit.runs.make import FAST, jira_twin, stage, until
from tests.unit.runs.test_publish import a_run, settled

ASLEEP = Size(20, Pace(heartbeat_s=60, sweep_s=0.1), lease_s=30.0)
WORDS = {"type": "doc", "version": 1, "content": []}


class Clock:
    """Time goes by for this process at once, as after a stop."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


@pytest.mark.parametrize(("stopped_s", "attempts"), [(0.0, 1), (20.0, 1), (26.0, 2)])
async def test_write_after_a_stop_goes_out_only_while_the_lease_surely_lasts(
    database: Database, seals: Seals, monkeypatch: pytest.MonkeyPatch, stopped_s: float, attempts: int
) -> None:
    clock, asked = Clock(), []
    for module in ("addon.store.terms", "addon.store.holding"):
        monkeypatch.setattr(f"{module}.ticks", clock)

    def jira(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/comment"):
            asked.append(request.method)
            return httpx2.Response(201, json={"id": "77"})
        return jira_twin(request)

    async def write(writing: Writing) -> Written:
        if not writing.repeated:
            clock.ahead_s += stopped_s
        made = await comments.create(writing.jira, "10001", body_adf=WORDS, properties={})
        return Written(made.id, None, "")

    async with stage(database, seals, size=ASLEEP, jira=jira) as s:
        s.comments.write = write
        publication_id = await add_publication(database, s.tenant.id, (await a_run(s)).id)
        await settled(database, succeeded=1)
    row = await row_of(database, publications, publication_id)
    assert (asked, row.attempts, row.crashes, row.failures) == (["POST"], attempts, 0, 0)
    assert [writing.repeated for writing in s.comments.seen] == [False, True][:attempts]


async def test_renewed_lease_is_sure_again_and_reading_needs_none(
    database: Database, seals: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    for module in ("addon.store.terms", "addon.store.holding"):
        monkeypatch.setattr(f"{module}.ticks", clock)
    wrote = asyncio.Event()

    def jira(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            wrote.set()
            return httpx2.Response(201, json={"id": "77"})
        return jira_twin(request)

    async with stage(database, seals, size=replace(ASLEEP), jira=jira) as s:

        async def write(writing: Writing) -> Written:
            clock.ahead_s += 60
            await writing.jira.get("/rest/api/3/myself", operation="myself")
            await s.office.worker.look()
            made = await comments.create(writing.jira, "10001", body_adf=WORDS, properties={})
            return Written(made.id, None, "")

        s.comments.write = write
        await add_publication(database, s.tenant.id, (await a_run(s)).id)
        await settled(database, succeeded=1)
    assert wrote.is_set()
    assert [writing.repeated for writing in s.comments.seen] == [False]


async def test_nothing_is_begun_by_an_attempt_that_was_stopped_right_after_its_claim(
    database: Database, seals: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([False])
    monkeypatch.setattr(terms.Term, "sure", property(lambda _: next(answers, True)))
    async with stage(database, seals, size=FAST) as s:
        await add_publication(database, s.tenant.id, (await a_run(s)).id)
        await until(lambda: _seen(s.comments.seen))
        await settled(database, succeeded=1)
    assert [writing.repeated for writing in s.comments.seen] == [True]


async def _seen(writings: list[Writing]) -> bool:
    return bool(writings)
