"""One clock for all processes: the database's, however wrong a machine's own may be."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, select, text

from addon.house import work
from addon.house.opening import open_house
from addon.jira.limiter import Limiter
from addon.policy.budgets import Wish
from addon.settings import Settings
from addon.store import leases
from addon.store.clock import FRESH_S, JUMP_S, StoreClock
from addon.store.db import Database
from addon.store.holding import Holding
from addon.store.leases import LEASE_S, Claims
from addon.store.repos import audit, events, reports
from addon.store.repos.spending import Amount
from addon.store.resumed import resumed
from addon.store.tables.runs import run_events, runs
from tests.conftest import administer, in_database
from tests.rows import add_run, add_tenant, row_of

OFF_S = 600.0
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
ASKS = "clock_timestamp"


@dataclass
class Hands:
    """A machine's clocks, set by hand."""

    wall: float = 1_000_000.0
    ticks: float = 50.0

    def clock(self) -> StoreClock:
        return StoreClock(wall=lambda: self.wall, ticks=lambda: self.ticks)

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds


@dataclass
class Machine:
    """A process whose wall clock is off_s away from everybody else's."""

    url: str
    off_s: float
    db: Database = field(init=False)

    def __post_init__(self) -> None:
        self.db = Database.open(self.url, clock=StoreClock(wall=lambda: time.time() + self.off_s))

    def holding(self, name: str) -> Holding:
        return Holding(self.db, Claims(runs, name))


@pytest.fixture
async def url(postgres_url: str, postgres_template: str) -> AsyncIterator[str]:
    """A PostgreSQL database: a SQLite file has one process, and with it one clock."""
    name = f"clocks_{uuid4().hex}"
    await administer(postgres_url, f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}"')
    yield in_database(postgres_url, name)
    await administer(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)')


def test_until_a_database_answers_the_wall_clock_is_all_there_is() -> None:
    hands = Hands()
    clock = hands.clock()
    assert (clock.now(), clock.stale) == (hands.wall, True)


def test_answer_is_carried_on_by_the_clock_that_only_ticks() -> None:
    hands = Hands()
    clock = hands.clock()
    asked = clock.tick()
    hands.pass_by(0.2)
    clock.answered(5_000.0, asked=asked)
    assert clock.now() == pytest.approx(5_000.1)
    hands.pass_by(FRESH_S)
    hands.wall -= 7_200
    assert clock.now() == pytest.approx(5_000.1 + FRESH_S)


def test_answer_grows_stale_with_time_and_when_somebody_sets_the_clock() -> None:
    hands = Hands()
    clock = hands.clock()
    clock.answered(5_000.0, asked=clock.tick())
    assert not clock.stale
    hands.pass_by(FRESH_S + 1)
    assert clock.stale
    clock.answered(5_031.0, asked=clock.tick())
    assert not clock.stale
    # As after a sleep of the machine, through which only the wall clock goes on.
    hands.wall += JUMP_S + 0.1
    assert clock.stale


def test_slow_answer_corrects_only_what_is_surely_wrong() -> None:
    hands = Hands()
    clock = hands.clock()
    clock.answered(5_000.0, asked=clock.tick())
    for said, becomes in ((5_000.0, 5_010.0), (5_900.0, 5_905.0)):
        asked = clock.tick()
        hands.pass_by(10)
        clock.answered(said, asked=asked)
        assert clock.now() == pytest.approx(becomes)
        assert not clock.stale


def test_clock_that_is_far_off_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    hands = Hands()
    clock = hands.clock()
    for _ in range(3):
        clock.answered(hands.wall - OFF_S, asked=clock.tick())
    assert caplog.text.count("600 s off") == 1


def test_own_clock_goes_on_when_it_is_set_back_and_follows_when_it_is_set_forward() -> None:
    hands = Hands()
    clock = hands.clock()
    before = clock.now()
    hands.pass_by(10)
    hands.wall -= HOUR_S
    assert clock.now() == pytest.approx(before + 10)
    # What others signed is dated by true time, whatever this machine believed before.
    assert clock.utc() == hands.wall
    hands.wall += HOUR_S + 60
    assert clock.now() == clock.utc() == pytest.approx(hands.wall)


def test_server_that_sets_its_clock_back_is_followed() -> None:
    hands = Hands()
    clock = hands.clock()
    for said in (hands.wall + OFF_S, hands.wall - OFF_S):
        clock.answered(said, asked=clock.tick())
        assert clock.now() == clock.utc() == pytest.approx(said)


async def claimed_after_setback(file: str, *, wait_s: float = 0.0, restart: bool) -> int:
    """How many of the rows that waited are claimed once the wall clock was set back by an hour."""
    hands = Hands(wall=time.time())
    db = Database.open(file, clock=hands.clock())
    tenant_id = await add_tenant(db)
    await add_run(db, tenant_id, run_at=db.now() + wait_s, created_at=db.now())
    hands.wall -= HOUR_S
    if restart:
        await db.close()
        db = Database.open(file, clock=hands.clock())
        await resumed(db)
    hands.pass_by(wait_s)
    try:
        return len(await Holding(db, Claims(runs, "worker")).claim("ai", 5))
    finally:
        await db.close()


@pytest.fixture
def sqlite_file(tmp_path: Path, sqlite_template: Path) -> Path:
    file = tmp_path / "jiravision.db"
    file.write_bytes(sqlite_template.read_bytes())
    return file


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("wait_s", [0.0, 30.0])
async def test_sqlite_row_is_not_put_off_by_a_clock_that_was_set_back(
    sqlite_file: Path, restart: bool, wait_s: float
) -> None:
    assert await claimed_after_setback(f"sqlite+aiosqlite:///{sqlite_file}", wait_s=wait_s, restart=restart) == 1


async def test_clock_that_was_years_ahead_is_forgotten_once_that_work_is_over(database: Database) -> None:
    years = time.time() + 3 * 365 * 24 * HOUR_S
    await add_run(database, await add_tenant(database), state="succeeded", created_at=years, started_at=years)
    await resumed(database)
    assert database.now() == pytest.approx(time.time(), abs=5)
    await add_run(database, await add_tenant(database), created_at=years)
    await resumed(database)
    expected = years if database.dialect == "sqlite" else time.time()
    assert database.now() == pytest.approx(expected, abs=5)
    assert database.utc() == pytest.approx(time.time(), abs=5)


async def test_database_time_is_that_of_the_server_and_asked_for_now_and_then(url: str) -> None:
    hands = Hands(time.time() + OFF_S)
    db = Database.open(url, clock=hands.clock())
    said: list[str] = []
    event.listen(db.engine.sync_engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    for _ in range(3):
        async with db.begin() as tx:
            await tx.execute(select(1))
        async with db.single() as one:
            await one.execute(select(1))
    assert db.now() == pytest.approx(time.time(), abs=2)
    assert sum(ASKS in statement for statement in said) == 1
    hands.pass_by(FRESH_S + 1)
    async with db.begin() as tx:
        await tx.execute(select(1))
    assert sum(ASKS in statement for statement in said) == 2
    assert db.now() == pytest.approx(time.time(), abs=2)
    await db.close()


async def test_sqlite_is_never_asked_for_the_time(database: Database) -> None:
    said: list[str] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    async with database.begin() as tx:
        await tx.execute(text("SELECT 1"))
    assert sum("julianday" in statement for statement in said) == 0
    assert database.now() == pytest.approx(time.time(), abs=2)


@pytest.mark.parametrize("off_s", [OFF_S, -OFF_S])
async def test_process_with_a_wrong_clock_steals_no_live_row_and_lets_no_dead_one_lie(url: str, off_s: float) -> None:
    wrong, right = Machine(url, off_s), Machine(url, 0.0)
    tenant_id = await add_tenant(right.db)
    run_id = await add_run(right.db, tenant_id)
    try:
        for holder, other in ((wrong, right), (right, wrong)):
            (lease,) = await holder.holding("holder").claim("ai", 1)
            row = await row_of(right.db, runs, run_id)
            assert row.lease_until == pytest.approx(time.time() + LEASE_S, abs=5)
            assert (await other.holding("other").sweep())[0] == 0
            await holder.holding("holder").renew([lease])
            assert (await other.holding("other").sweep())[0] == 0
            async with right.db.begin() as tx:
                await tx.execute(runs.update().values(lease_until=time.time() - 5))
            assert (await other.holding("other").sweep())[0] == 1
            row = await row_of(right.db, runs, run_id)
            assert row.run_at == pytest.approx(time.time(), abs=5)
    finally:
        await wrong.db.close()
        await right.db.close()


async def test_row_given_back_by_a_process_ahead_of_time_is_due_at_once(url: str) -> None:
    ahead = Machine(url, OFF_S)
    await add_run(ahead.db, await add_tenant(ahead.db))
    (lease,) = await ahead.holding("ahead").claim("ai", 1)
    await ahead.holding("ahead").release([lease])
    async with ahead.db.begin() as tx:
        assert (await leases.due(tx, runs, now=time.time() + 5))["ai"].count == 1
    await ahead.db.close()


class Hurried(StoreClock):
    """As a machine sees it whose own clock is hours behind everybody else's."""

    def answered(self, moment: float, *, asked: float) -> None:
        super().answered(moment + DAY_S, asked=asked)


def is_theirs(moment: float) -> bool:
    return abs(moment - time.time() - DAY_S) < HOUR_S


async def test_all_rooms_of_a_process_go_by_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("addon.store.db.StoreClock", Hurried)
    given: list[Callable[[], float]] = []
    for name in ("XrayTarget", "ZephyrTarget", "SubtasksTarget"):
        make = getattr(work, name)

        def made(*rooms: object, now: Callable[[], float], make: Callable[..., Any] = make) -> object:
            given.append(now)
            return make(*rooms, now=now)

        monkeypatch.setattr(work, name, made)
    settings = Settings(
        _env_file=None,
        database_url=url,
        app_secret_key="a" * 40,
        ai_service_url="http://127.0.0.1:9",
        ai_shared_secret="b" * 40,
    )
    async with open_house(settings, role="look") as house:
        tenant = await house.tenants.by_id(await add_tenant(house.db, seals=house.seals))
        assert tenant is not None
        service, session = house.outside.service, house.jira.as_app(tenant.site)
        assert service is not None
        limiter = session.limiter
        assert isinstance(limiter, Limiter)
        assert is_theirs(limiter.points.hour * HOUR_S)
        held = await house.budgets.reserve(tenant.id, Wish("operator", "openai", "m", Amount(9, 0, None), lasts_s=60.0))
        assert is_theirs(held.minute * 60.0)
        desk = house.office.desk
        assert len(given) == 3
        for now in (*given, session.clock, service._now, house.places._now, desk.projects._now, desk.prompts._now):
            assert is_theirs(now())


async def test_rows_are_dated_by_it(url: str) -> None:
    db = Database.open(url, clock=Hurried())
    tenant_id = await add_tenant(db)
    await add_run(db, tenant_id)
    (lease,) = await Holding(db, Claims(runs, "ann")).claim("ai", 1)
    event = events.stage(1, "reading", done=0, total=1)
    assert await reports.report(db, lease, stage=reports.Stage("reading"), event=event)
    async with db.begin() as tx:
        await audit.record(tx, tenant_id, action="site.budget")
        (told,) = await audit.latest(tx, tenant_id)
        (at,) = (await tx.execute(select(run_events.c.at))).scalars()
    assert (is_theirs(told.at), is_theirs(at)) == (True, True)
    await db.close()
