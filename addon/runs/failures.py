"""Dead letters for people: what failed for good, why in words, and how it gets another chance."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import Conflict, NotFound
from addon.i18n.catalog import N_
from addon.runs import remedies
from addon.runs.moments import iso
from addon.store import clock
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.repos import failures as rows
from addon.store.repos.failures import Failure, Revived, Window

MOST_AT_ONCE = 100
"""Rows that one call sets going: what failed together would otherwise come back as a flood."""
UNDER_WAY = N_("Equal work is under way on this issue already; wait for it to end.")
NOT_FAILED = N_("This has not failed, or somebody has set it going again already.")


class _Wakes(Protocol):
    async def wake(self, queue: str) -> None: ...


class _Bus(Protocol):
    def tell(self, run_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Again:
    """What came of setting several going. left: still failed with the same code, for the next call."""

    started: int
    left: int


@dataclass(frozen=True, slots=True)
class Failures:
    """wakes, bus: None where nobody is to be told; workers look by themselves within a second."""

    db: Database
    wakes: _Wakes | None = None
    bus: _Bus | None = None

    async def listed(self, tenant_id: str | None, *, window: Window) -> list[Failure]:
        """The last ones first. tenant_id: None for all sites. Raises DatabaseDown."""
        async with self.db.single() as tx:
            return await rows.listed(tx, tenant_id, window=window)

    async def by_code(self, tenant_id: str | None, *, since: float = 0.0) -> dict[str, int]:
        """How many there are of each code, the most first. Raises DatabaseDown."""
        async with self.db.single() as tx:
            return await rows.by_code(tx, tenant_id, since=since)

    async def again(self, tenant_id: str | None, failure_id: str, *, account_id: str | None = None) -> None:
        """Runs one again. tenant_id: None for any site's. account_id: None for the operator.

        Raises NotFound, alike for one of another site; Conflict when it has not failed or equal work is under way.
        """
        try:
            async with self.db.begin() as tx:
                found = await rows.find(tx, tenant_id, failure_id=failure_id)
                if found is None:
                    raise NotFound("There is no such failure, or you may not see it.")
                what, owner, state = found
                revived = await rows.again(tx, owner, what=what, row_id=failure_id, now=clock.now(tx))
                if revived is None:
                    raise Conflict(UNDER_WAY if state == "failed" else NOT_FAILED)
                await _noted(tx, owner, account_id=account_id, detail={what: failure_id})
        # Between the look and the change somebody began the same: the rule of the table tells.
        except IntegrityError:
            raise Conflict(UNDER_WAY) from None
        await self._told([revived])

    async def again_all(self, tenant_id: str | None, code: str, *, account_id: str | None = None) -> Again:
        """Runs those of a code again, the last ones first, up to MOST_AT_ONCE; equal ones one at a time.

        Raises DatabaseDown.
        """
        started = _Started()
        async with self.db.begin() as tx:
            found = await rows.listed(tx, tenant_id, window=Window(MOST_AT_ONCE, code=code, startable=True))
            for failure in found:
                await _start(tx, failure, started=started)
            for owner, number in started.by_tenant.items():
                detail = {"code": code, "started": number}
                await _noted(tx, owner, account_id=account_id, detail=detail, action="failures.again")
            left = (await rows.by_code(tx, tenant_id)).get(code, 0)
        await self._told(started.revived)
        return Again(len(started.revived), left)

    async def _told(self, revived: Sequence[Revived]) -> None:
        if self.wakes is not None:
            for queue in dict.fromkeys(each.queue for each in revived):
                await self.wakes.wake(queue)
        if self.bus is not None:
            for run_id in dict.fromkeys(each.run_id for each in revived):
                self.bus.tell(run_id)


@dataclass(slots=True)
class _Started:
    revived: list[Revived] = field(default_factory=list)
    by_tenant: dict[str, int] = field(default_factory=dict)


async def _start(tx: AsyncConnection, failure: Failure, *, started: _Started) -> None:
    """Leaves it when equal work is under way, also when that began in this very moment."""
    try:
        # A savepoint each: one that meets equal work must not take the others with it.
        async with tx.begin_nested():
            revived = await rows.again(tx, failure.tenant_id, what=failure.what, row_id=failure.id, now=clock.now(tx))
    except IntegrityError:
        return
    if revived is not None:
        started.revived.append(revived)
        started.by_tenant[failure.tenant_id] = started.by_tenant.get(failure.tenant_id, 0) + 1


async def _noted(
    tx: AsyncConnection,
    tenant_id: str,
    *,
    account_id: str | None,
    detail: Mapping[str, Any],
    action: str = "failure.again",
) -> None:
    by = {} if account_id else {"by": "operator"}
    await audit.record(tx, tenant_id, action=action, account_id=account_id, detail={**detail, **by})


def view(failure: Failure) -> dict[str, Any]:
    """As the API shows it. said, todo: English texts that the catalogs know.

    detail: the words of the moment, in English; quote: what others said in there {"by", "text"}, None for nothing.
    """
    remedy, quote = remedies.of(failure.error), remedies.quoted(failure.error)
    return {
        "id": failure.id,
        "what": failure.what,
        "kind": failure.kind,
        "undoing": failure.undoing,
        "issue_id": failure.issue_id,
        "issue_key": failure.issue_key,
        "project_id": failure.project_id,
        "created_at": iso(failure.created_at),
        "failed_at": iso(failure.failed_at),
        "attempts": failure.attempts,
        "error": failure.code,
        "cause": failure.error.get("cause"),
        "detail": failure.error.get("detail", ""),
        "quote": asdict(quote) if quote else None,
        "said": remedy.said,
        "todo": remedy.todo,
    }


def behind(failures: Sequence[Failure], limit: int) -> str | None:
    """Where the next page begins, for `before`; None when there is none."""
    return f"{failures[-1].failed_at!r}:{failures[-1].id}" if len(failures) == limit else None


def before(mark: str) -> tuple[float, str]:
    """What `behind` wrote. Raises ValueError."""
    at, _, row_id = mark.partition(":")
    return float(at), row_id
