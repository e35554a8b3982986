"""Rows of `audit`: who did what, kept for the site's administrators."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Required, TypedDict, Unpack

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.clock import utc
from addon.store.ids import new_id
from addon.store.tables.audit import audit


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """at: UTC seconds. account_id: None for Jira and the add-on itself. subject: id or name of what was acted on."""

    at: float
    action: str
    account_id: str | None
    subject: str | None
    detail: dict[str, Any]


class Act(TypedDict, total=False):
    """account_id: who did it, left out for Jira and the add-on itself. subject: id or name of what was acted on."""

    action: Required[str]
    account_id: str | None
    subject: str | None
    detail: Mapping[str, Any]


async def record(tx: AsyncConnection, tenant_id: str, **act: Unpack[Act]) -> None:
    """Written in the transaction of the act itself, so that neither stands without the other."""
    await tx.execute(
        insert(audit).values(
            id=new_id(),
            tenant_id=tenant_id,
            at=utc(tx),
            account_id=act.get("account_id"),
            action=act["action"],
            subject=act.get("subject"),
            detail=dict(act.get("detail") or {}),
        )
    )


async def latest(tx: AsyncConnection, tenant_id: str, *, limit: int = 100) -> list[AuditEvent]:
    """Newest first."""
    columns = (audit.c.at, audit.c.action, audit.c.account_id, audit.c.subject, audit.c.detail)
    query = (
        select(*columns)
        .where(audit.c.tenant_id == tenant_id)
        .order_by(audit.c.at.desc(), audit.c.id.desc())
        .limit(limit)
    )
    return [AuditEvent(*row) for row in (await tx.execute(query)).all()]
