"""How runs begin and how they are called off."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self

from addon.errors import Conflict, NotFound, TooMany
from addon.policy.tenants import Tenant
from addon.queue.broker import Wakes
from addon.runs.bus import Bus
from addon.runs.intake import Intakes
from addon.store import leases
from addon.store.db import Database
from addon.store.repos import audit, deliveries
from addon.store.repos import runs as rows
from addon.store.repos.deliveries import Judged
from addon.store.repos.runs import NewRun, Run
from addon.store.tables.runs import runs

PANEL_PRIORITY = 10
MOST_AT_ONCE = 3
"""Runs of one kind, on whole projects, that one person may have under way."""


class _Project(Protocol):
    @property
    def id(self) -> str: ...


class _Fields(Protocol):
    @property
    def project(self) -> _Project: ...


class _Issue(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def fields(self) -> _Fields: ...


class IssueEvent(Protocol):
    """As much of an issue event as a run needs."""

    @property
    def issue(self) -> _Issue: ...


@dataclass(frozen=True, slots=True)
class IssueRef:
    """The issue a run is about, by Jira's ids."""

    id: str
    key: str | None
    project_id: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that is worth a run. id: the delivery's own, the same when Jira repeats it; None when it had none."""

    issue: IssueRef
    id: str | None

    @classmethod
    def of(cls, event: IssueEvent, delivery_id: str | None) -> Self:
        return cls(IssueRef(event.issue.id, event.issue.key, event.issue.fields.project.id), delivery_id)

    def run(self, kind: str) -> NewRun:
        """The run it starts."""
        return NewRun(
            kind=kind,
            trigger="webhook",
            issue_id=self.issue.id,
            issue_key=self.issue.key,
            project_id=self.issue.project_id,
            start_key=f"{kind}:created:{self.issue.id}",
            delivery_id=self.id,
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """What a person wants done. params: {"force": judge anew although nothing changed, "based_on": run id, …}."""

    kind: str = "analysis"
    params: Mapping[str, Any] = field(default_factory=dict)
    preview: bool = False


ANALYSIS = Ask()


class Starts:
    """Puts runs into the database and wakes the worker."""

    def __init__(self, db: Database, wakes: Wakes, *, bus: Bus) -> None:
        self._db = db
        self._wakes = wakes
        self._bus = bus
        self.intakes = Intakes(db)

    async def webhook(
        self, tenant: Tenant, delivery: Delivery, *, kind: str = "analysis"
    ) -> Literal["started", "duplicate"]:
        """One statement, which commits itself: of any number of repetitions exactly one starts a run.

        An issue is created once, so its id tells a repetition even when the delivery's id is new. Raises DatabaseDown.
        """
        new = delivery.run(kind)
        async with self._db.single() as tx:
            run_id = await rows.insert(tx, tenant.id, new=new, now=self._db.now())
        if run_id is None:
            return "duplicate"
        await self._wakes.wake(new.queue)
        return "started"

    async def judged(self, tenant: Tenant, delivery: Delivery, *, judged: Judged) -> bool:
        """As `webhook`, unless what it was judged by has changed; whether a run started. Raises DatabaseDown."""
        new = delivery.run("analysis")
        started = await deliveries.insert(self._db, tenant.id, new=new, judged=judged)
        if started:
            await self._wakes.wake(new.queue)
        return started

    async def asked(self, tenant: Tenant, issue: IssueRef, *, account_id: str, ask: Ask = ANALYSIS) -> Run:
        """A person wants a run now; one that already waits or works on the issue is theirs too, and moves to the front.

        Raises Conflict when that one was asked for something else, DatabaseDown.
        """
        new = NewRun(
            kind=ask.kind,
            trigger="panel",
            issue_id=issue.id,
            issue_key=issue.key,
            project_id=issue.project_id,
            account_id=account_id,
            params=ask.params,
            preview=ask.preview,
            queue="priority",
            priority=PANEL_PRIORITY,
        )
        # Twice: the run in our way may end between the two looks.
        for _ in range(3):
            run = await self._one(tenant.id, new)
            if run is not None and not _same(run.params, new.params):
                raise Conflict("This issue is being worked on just now; ask again when that is done.", retry_after_s=5)
            if run is not None:
                await self._wakes.wake(new.queue)
                return run
        raise Conflict("This issue is being analysed just now; please try again.", retry_after_s=1)

    async def asked_in_project(self, tenant: Tenant, project_id: str, *, account_id: str, ask: Ask) -> Run:
        """A person wants a run on no single issue; the same wish that still waits or works is joined, not repeated.

        Raises TooMany when that person has as many of the kind under way as one may have, DatabaseDown.
        """
        new = NewRun(
            kind=ask.kind,
            trigger="panel",
            issue_id=None,
            issue_key=None,
            project_id=project_id,
            account_id=account_id,
            params=ask.params,
            queue="priority",
            priority=PANEL_PRIORITY,
        )
        async with self._db.begin() as tx:
            under_way = await rows.active_of_person(tx, tenant.id, kind=ask.kind, account_id=account_id)
            same = (run for run in under_way if run.project_id == project_id and _same(run.params, new.params))
            run = next(same, None)
            if run is None:
                if len(under_way) >= MOST_AT_ONCE:
                    raise TooMany("You have as much of this under way as one person may; wait for one to end.")
                run_id = await rows.insert(tx, tenant.id, new=new, now=self._db.now())
                run = await rows.get(tx, tenant.id, run_id=str(run_id))
                if run is None:  # pragma: no cover - no rule of the table concerns a run without an issue
                    raise Conflict("This could not be started just now; please try again.", retry_after_s=1)
                await _noted(tx, run, account_id=account_id, action="run.asked", detail={"project": project_id})
        await self._wakes.wake(new.queue)
        return run

    async def cancel(self, tenant_id: str, run_id: str, *, account_id: str) -> Run:
        """The run as it then stands: ended, or running and asked to stop. Raises NotFound, DatabaseDown."""
        async with self._db.begin() as tx:
            await leases.request_cancel(tx, runs, tenant_id=tenant_id, row_id=run_id, now=self._db.now())
            run = await rows.get(tx, tenant_id, run_id=run_id)
            if run is None:
                raise NotFound("There is no such run, or you may not see it.")
            await _noted(tx, run, account_id=account_id, action="run.cancelled")
        self._bus.tell(run_id)
        await self._wakes.look()
        return run

    async def _one(self, tenant_id: str, new: NewRun) -> Run | None:
        async with self._db.begin() as tx:
            run_id = await rows.insert(tx, tenant_id, new=new, now=self._db.now())
            if run_id is None:
                await rows.hurry(tx, tenant_id, wanted=new, now=self._db.now())
                return await rows.active(tx, tenant_id, kind=new.kind, issue_id=new.issue_id)
            run = await rows.get(tx, tenant_id, run_id=run_id)
            if run is not None:
                await _noted(tx, run, account_id=str(new.account_id), action="run.asked", detail=_told(new.params))
            return run


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both want the same work; how urgently does not matter."""
    return {**one, "force": None} == {**other, "force": None}


def _told(params: Mapping[str, Any]) -> dict[str, Any]:
    """As the audit keeps it: a draft of a prompt is nobody's business but its author's."""
    return {**params, "prompt": f"{len(str(params['prompt']))} characters"} if "prompt" in params else dict(params)


async def _noted(tx: Any, run: Run, *, account_id: str, action: str, detail: Mapping[str, Any] | None = None) -> None:
    said = {"run": run.id, "kind": run.kind, **(detail or {})}
    await audit.record(
        tx, run.tenant_id, action=action, account_id=account_id, subject=run.issue_key or run.issue_id, detail=said
    )
