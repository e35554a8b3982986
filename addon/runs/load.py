"""The load of a deployment and of one site, from the database alone, as documents for people and programs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from addon.queue.broker import QUEUES
from addon.runs.moments import iso
from addon.store.db import Database
from addon.store.repos import leaders, load, processes
from addon.store.repos.leaders import Term
from addon.store.repos.load import Heap, Pace, Site
from addon.store.repos.processes import Process

MOST_SITES = 20
"""Sites that are told one by one; the others are summed."""
MOST_SCHEDULES = 5
OFFICE = "scheduler"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Loads:
    """Each look is a few statements, none of which waits for a row or holds up a writer. All raise DatabaseDown."""

    db: Database

    async def of_site(self, tenant_id: str) -> Json:
        """What a site's administrators may know: their own queues, and whether anybody works at all."""
        # One statement each instead of a transaction: on SQLite that would stand in line with every writer.
        now = await self._now()
        async with self.db.single() as tx:
            heaps = await load.heaps(tx, QUEUES, now=now, tenant_id=tenant_id)
        async with self.db.single() as tx:
            paces = await load.paces(tx, now=now, tenant_id=tenant_id)
        async with self.db.single() as tx:
            known = await processes.known(tx)
        return {
            "at": iso(now),
            **_sums(heaps),
            "queues": [_queue(name, heaps, pace=paces.get(name, Pace())) for name in QUEUES],
            "workers": sum(process.alive and _works(process) for process in known),
        }

    async def of_all(self) -> Json:
        """What the operator may know. Sites by host name, the most loaded first; nothing of any issue."""
        now = await self._now()
        async with self.db.single() as tx:
            heaps = await load.heaps(tx, QUEUES, now=now)
        async with self.db.single() as tx:
            paces = await load.paces(tx, now=now)
        async with self.db.single() as tx:
            known = await processes.known(tx)
        async with self.db.single() as tx:
            term = await leaders.term(tx, OFFICE)
        async with self.db.single() as tx:
            slots = await load.soonest(tx, limit=MOST_SCHEDULES)
        # Names of workers stand in rows for longer than the workers do.
        names = {process.identity.name: process for process in known}
        return {
            "at": iso(now),
            **_sums(heaps),
            "queues": [_queue(name, heaps, pace=paces.get(name, Pace())) for name in QUEUES],
            **await self._sites(heaps),
            "processes": [_process(process) for process in known],
            "leader": _leader(term, names),
            "schedules": [{"name": slot.name, "next_at": iso(slot.next_at)} for slot in slots],
        }

    async def _now(self) -> float:
        async with self.db.single() as tx:
            return await load.moment(tx)

    async def _sites(self, heaps: Sequence[Heap]) -> Json:
        of_tenant: dict[str, list[Heap]] = {}
        for heap in heaps:
            of_tenant.setdefault(heap.tenant_id, []).append(heap)
        ranked = sorted(of_tenant, key=lambda each: (-_weight(of_tenant[each]), each))
        first, others = ranked[:MOST_SITES], ranked[MOST_SITES:]
        async with self.db.single() as tx:
            sites = await load.sites(tx, first)
        rest = [heap for tenant_id in others for heap in of_tenant[tenant_id]]
        return {
            "sites": [_site(of_tenant[each], sites.get(each)) for each in first],
            "other_sites": {"number": len(others), **_sums(rest)} if others else None,
        }


def host(base_url: str) -> str:
    """A site as the operator reads it."""
    return urlsplit(base_url).netloc or base_url


def _works(process: Process) -> bool:
    return bool(process.load.slots) and not process.load.draining


def _weight(heaps: Iterable[Heap]) -> int:
    return sum(heap.waiting + heap.working for heap in heaps)


def _sums(heaps: Sequence[Heap]) -> Json:
    return {
        **{name: sum(getattr(heap, name) for heap in heaps) for name in ("waiting", "later", "working")},
        "oldest_s": round(max((heap.oldest_s for heap in heaps), default=0.0), 1),
    }


def _queue(name: str, heaps: Iterable[Heap], *, pace: Pace) -> Json:
    mine = [heap for heap in heaps if heap.queue == name]
    return {"queue": name, **_sums(mine), "started_last_minute": pace.started, "failed_last_hour": pace.failed}


def _site(heaps: Sequence[Heap], site: Site | None) -> Json:
    queues = {heap.queue: heap.waiting + heap.working for heap in heaps}
    return {
        "site": host(site.base_url) if site else "",
        "state": "paused" if site and site.paused else site.state if site else "",
        **_sums(heaps),
        "queues": {name: queues[name] for name in QUEUES if name in queues},
    }


def _process(process: Process) -> Json:
    who, load_ = process.identity, process.load
    return {
        "name": who.name,
        "kind": who.kind,
        "host": who.host,
        "pid": who.pid,
        "version": who.version,
        "state": "silent" if not process.alive else "draining" if load_.draining else "alive",
        "seen_s": round(process.silent_s, 1),
        "up_s": round(process.age_s),
        "busy": dict(load_.busy),
        "slots": dict(load_.slots),
    }


def _leader(term: Term | None, known: Mapping[str, Process]) -> Json | None:
    """None while nobody leads."""
    if term is None or term.over:
        return None
    process = known.get(term.holder)
    where = {"host": process.identity.host, "pid": process.identity.pid} if process else {"host": None, "pid": None}
    return {"name": term.holder, **where, "since_s": round(max(0.0, term.now - term.since))}
