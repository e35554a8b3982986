"""How this process and the deployment around it are, for probes and for the operator."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from sqlalchemy import text

from addon.clockwork.leader import OFFICE
from addon.errors import AddonError, Misconfigured
from addon.house.between import Between
from addon.observe import metrics
from addon.store.db import Database
from addon.store.migrate import at_head
from addon.store.repos import leaders, processes, schedules, usage
from addon.store.trouble import DatabaseDown

CHECK_S = 2.0
CACHE_S = 1.0

T = TypeVar("T")
Check = dict[str, Any]
"""{"status": "ok" | "degraded" | "failed", "latency_ms", "last_error"?}"""


class NotReady(Misconfigured):
    """A check that answered, and answered no."""

    code = "not_ready"


class Checked(Protocol):
    """As much of the house as is looked at."""

    @property
    def db(self) -> Database: ...
    @property
    def between(self) -> Between: ...


class Readiness:
    """The last answer, kept for a second: a flood of probes is no load on the database."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        self._checks: dict[str, Check] = {}
        self._migrated = False
        self._lock = asyncio.Lock()

    async def checks(self, house: Checked) -> dict[str, Check]:
        """By name. Redis is there only where one is configured, and degraded at worst: nothing is lost without it."""
        # Ten probes at once wait for one answer instead of asking ten times.
        async with self._lock:
            if self._until <= self._clock():
                wanted = {
                    "database": _timed(lambda: _select_one(house)),
                    "migrations": _timed(lambda: self._migrations(house)),
                }
                redis = house.between.redis
                if redis is not None:
                    wanted["redis"] = _timed(redis.ping, failing="degraded")
                answers = await asyncio.gather(*wanted.values())
                self._checks = dict(zip(wanted, answers, strict=True))
                self._until = self._clock() + CACHE_S
        return self._checks

    async def _migrations(self, house: Checked) -> None:
        # Once it is so it stays so: asking needs the migration scripts and is not free.
        self._migrated = self._migrated or await at_head(house.db)
        if not self._migrated:
            raise NotReady("The database is not migrated to this release.")


def verdict(checks: dict[str, Check], *, draining: bool) -> str:
    """draining | failed | degraded | ok: only the first two keep requests away."""
    states = {check["status"] for check in checks.values()}
    return "draining" if draining else next((bad for bad in ("failed", "degraded") if bad in states), "ok")


async def waiting(db: Database) -> dict[str, dict[str, float]]:
    """How much waits in each table and for how long; the gauges are set to it. Raises DatabaseDown, soon."""

    async def asked() -> list[usage.Waiting]:
        async with db.single() as tx:
            return await usage.waiting(tx)

    try:
        rows = await _soon(asked)
    except TimeoutError:
        raise DatabaseDown from None
    now = db.now()
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        age_s = max(0.0, now - row.oldest) if row.oldest is not None else 0.0
        metrics.QUEUE_DEPTH.labels(row.table).set(row.rows)
        metrics.QUEUE_OLDEST.labels(row.table).set(age_s)
        found[row.table] = {"waiting": row.rows, "oldest_age_s": round(age_s, 1)}
    return found


async def deployment(db: Database) -> dict[str, Any]:
    """Who is at work, who leads, and when what is due next; without a host or a process id. Raises DatabaseDown."""
    async with db.begin() as tx:
        known = await processes.known(tx)
        term = await leaders.term(tx, OFFICE)
        due = await schedules.of(tx, None)
    alive = [process for process in known if process.alive]
    led = term is not None and not term.over
    return {
        "processes": [
            {
                "kind": process.identity.kind,
                "up_s": round(process.age_s),
                "slots": dict(process.load.slots),
                "busy": dict(process.load.busy),
                "draining": process.load.draining,
                "leads": led and term is not None and process.identity.name == term.holder,
            }
            for process in alive
        ],
        "workers_alive": sum(bool(process.load.slots) and not process.load.draining for process in alive),
        "silent": len(known) - len(alive),
        "leader": {"alive": led, "since_s": round(term.now - term.since) if led and term is not None else None},
        "schedules": [{"name": each.name, "next_at": each.next_at, "last_at": each.last_at} for each in due],
    }


async def _select_one(house: Checked) -> None:
    async with house.db.single() as tx:
        await tx.execute(text("select 1"))


async def _timed(check: Callable[[], Coroutine[Any, Any, None]], *, failing: str = "failed") -> Check:
    started = time.perf_counter()
    failed: str | None = None
    try:
        await _soon(check)
    except AddonError as error:
        failed = error.code
    except TimeoutError:
        failed = "timeout"
    found: Check = {
        "status": failing if failed else "ok",
        "latency_ms": round((time.perf_counter() - started) * 1000, 1),
    }
    return {**found, "last_error": failed} if failed else found


async def _soon(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What it finds. Raises TimeoutError after CHECK_S: probes give up a little later, and a late answer is none."""
    asked = asyncio.create_task(work())
    try:
        await asyncio.wait({asked}, timeout=CHECK_S)
    finally:
        # Not waited for: a connection says good-bye to its server first, for seconds if that does not answer.
        if not asked.done():
            asked.cancel()
            _leaving.add(asked)
            asked.add_done_callback(_left)
    if asked in _leaving:
        raise TimeoutError
    return asked.result()


_leaving: set[asyncio.Task[Any]] = set()


def _left(asked: asyncio.Task[Any]) -> None:
    _leaving.discard(asked)
    # Nobody wants to know any more, the event loop neither.
    if not asked.cancelled():
        asked.exception()
