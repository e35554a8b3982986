"""Rows of `audit`: who did what, kept for the site's administrators."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.ids import new_id
from addon.store.tables import audit


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """at: UTC seconds. account_id: None for Jira and for the add-on itself. subject: id or name of what was acted on."""

    at: float
    action: str
    account_id: str | None
    subject: str | None
    detail: dict[str, Any]


async def record(
    tx: AsyncConnection,
    tenant_id: str,
    *,
    action: str,
    account_id: str | None = None,
    subject: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Written in the transaction of the act itself, so that neither stands without the other."""
    await tx.execute(
        insert(audit).values(
            id=new_id(),
            tenant_id=tenant_id,
            at=time.time(),
            account_id=account_id,
            action=action,
            subject=subject,
            detail=dict(detail or {}),
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
