"""Rows of tenants, and the reach into their work that an uninstall needs. Secrets pass through sealed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, case, delete, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.inserts import insert_into
from addon.store.repos.audit import record
from addon.store.repos.places import forget as forget_places
from addon.store.tables.audit import audit
from addon.store.tables.runs import publications, runs
from addon.store.tables.tenants import tenant_models, tenants

INSTALLED, DISABLED, UNINSTALLED, SUPERSEDED = "installed", "disabled", "uninstalled", "superseded"
STOPPED = {"error": "uninstalled", "detail": "The add-on was removed from this site."}


@dataclass(frozen=True, slots=True)
class TenantRow:
    """shared_secret, previous_secret: sealed; None once uninstalled."""

    id: str
    client_key: str
    state: str
    base_url: str
    display_url: str
    oauth_client_id: str | None
    shared_secret: bytes | None = field(repr=False)
    previous_secret: bytes | None = field(repr=False)
    previous_secret_until: float | None
    app_account_id: str | None
    language: str | None
    installed_at: float
    updated_at: float
    uninstalled_at: float | None
    purge_after: float | None
    paused_until: float | None = None
    trouble: dict[str, Any] | None = None


async def insert_unless_known(tx: AsyncConnection, values: Mapping[str, object]) -> bool:
    """Inserts a tenant; False when its client key is there already, also when another process has just added it."""
    statement = insert_into(tx, tenants).values(dict(values)).on_conflict_do_nothing(index_elements=["client_key"])
    return (await tx.execute(statement)).rowcount == 1


async def by_client_key(tx: AsyncConnection, client_key: str) -> TenantRow | None:
    found = await tx.execute(select(tenants).where(tenants.c.client_key == client_key))
    return _row(found.mappings().first())


async def by_id(tx: AsyncConnection, tenant_id: str) -> TenantRow | None:
    return _row((await tx.execute(select(tenants).where(tenants.c.id == tenant_id))).mappings().first())


async def locked(tx: AsyncConnection, client_key: str) -> TenantRow | None:
    """The row, held until the transaction ends: on PostgreSQL by its lock, on SQLite by the only writer's turn."""
    # Rows that name the tenant may be written meanwhile: whoever waits for those would wait for us.
    statement = select(tenants).where(tenants.c.client_key == client_key).with_for_update(key_share=True)
    return _row((await tx.execute(statement)).mappings().first())


async def change(tx: AsyncConnection, tenant_id: str, *, values: Mapping[str, object]) -> None:
    await tx.execute(update(tenants).where(tenants.c.id == tenant_id).values(dict(values)))


async def others_at(tx: AsyncConnection, base_url: str, *, client_key: str, until: float) -> Sequence[TenantRow]:
    """Rows of the same address under other client keys, installed by `until` and not superseded, locked, in order."""
    statement = (
        select(tenants)
        .where(tenants.c.base_url == base_url, tenants.c.client_key != client_key, tenants.c.state != SUPERSEDED)
        .where(tenants.c.installed_at <= until)
        # A fixed order makes a ring of installs that wait for each other unlikely; the database breaks one up.
        .order_by(tenants.c.id)
        .with_for_update(key_share=True)
    )
    return [TenantRow(**row) for row in (await tx.execute(statement)).mappings()]


async def is_shared(tx: AsyncConnection, base_url: str, *, client_key: str) -> bool:
    """True when another client key is at the address and not superseded."""
    others = (tenants.c.base_url == base_url, tenants.c.client_key != client_key, tenants.c.state != SUPERSEDED)
    return (await tx.execute(select(tenants.c.id).where(*others).limit(1))).first() is not None


async def contested(tx: AsyncConnection) -> Sequence[str]:
    """Ids of installed tenants that are not yet proven to be where somebody else was before them."""
    before = tenants.alias("before")
    rival = (before.c.base_url == tenants.c.base_url, before.c.client_key != tenants.c.client_key)
    earlier = (before.c.state != SUPERSEDED, before.c.installed_at <= tenants.c.installed_at)
    statement = select(tenants.c.id).where(
        tenants.c.state == INSTALLED,
        tenants.c.app_account_id.is_(None),
        select(before.c.id).where(*rival, *earlier).exists(),
    )
    return [row.id for row in await tx.execute(statement.order_by(tenants.c.installed_at))]


async def stop_work(tx: AsyncConnection, tenant_id: str, *, now: float) -> None:
    """Ends what waits and asks what runs to stop; both kinds of work alike."""
    for table in (runs, publications):
        c = table.c
        waits = c.state == "queued"
        # What runs is only asked: its worker holds the lease and may be between two calls to Jira. In one statement,
        # or what is given back between two of them would be found by neither.
        stopped = {
            "state": case((waits, "cancelled"), else_=c.state),
            "finished_at": case((waits, now), else_=c.finished_at),
            "error": case((waits, literal(STOPPED, c.error.type)), else_=c.error),
            "cancel_requested": case((waits, c.cancel_requested), else_=True),
        }
        mine = (c.tenant_id == tenant_id, c.state.in_(("queued", "running")))
        await tx.execute(update(table).where(*mine).values(stopped))


async def forget_model_key(tx: AsyncConnection, tenant_id: str) -> None:
    await tx.execute(update(tenant_models).where(tenant_models.c.tenant_id == tenant_id).values(api_key=None))


async def has_audit(tx: AsyncConnection, tenant_id: str, *, subject: str, since: float) -> bool:
    """True when something about `subject` was recorded at `since` or later."""
    mine = (audit.c.tenant_id == tenant_id, audit.c.subject == subject, audit.c.at >= since)
    return (await tx.execute(select(audit.c.id).where(*mine).limit(1))).first() is not None


async def due_for_purge(tx: AsyncConnection, now: float) -> Sequence[str]:
    due = select(tenants.c.id).where(*_purgeable(now)).order_by(tenants.c.id)
    return [row.id for row in await tx.execute(due)]


async def stays_purgeable(tx: AsyncConnection, tenant_id: str, *, now: float) -> bool:
    """False when it was installed again or is gone; else it stays as it is until the transaction ends."""
    mine = select(tenants.c.id).where(tenants.c.id == tenant_id, *_purgeable(now)).with_for_update(key_share=True)
    return (await tx.execute(mine)).first() is not None


async def delete_purgeable(tx: AsyncConnection, tenant_id: str, *, now: float) -> bool:
    """Deletes a tenant with everything of it; False when it was installed again in the meantime."""
    return (await tx.execute(delete(tenants).where(tenants.c.id == tenant_id, *_purgeable(now)))).rowcount == 1


def _purgeable(now: float) -> tuple[ColumnElement[bool], ...]:
    # The state is asked too, so that a mistaken date alone can never delete a living tenant.
    return tenants.c.purge_after <= now, tenants.c.state.in_([UNINSTALLED, SUPERSEDED])


def _row(found: RowMapping | None) -> TenantRow | None:
    return TenantRow(**found) if found is not None else None


async def retire(tx: AsyncConnection, row: TenantRow, *, state: str, now: float, retention_s: float) -> None:
    """state: uninstalled or superseded. A retention that runs already is not prolonged."""
    changes: dict[str, object] = {
        "state": state,
        "shared_secret": None,
        "previous_secret": None,
        "previous_secret_until": None,
        "uninstalled_at": row.uninstalled_at or now,
        "purge_after": row.purge_after or now + retention_s,
        "updated_at": now,
    }
    await change(tx, row.id, values=changes)
    # A key of the customer's own is a secret as well; the choice of provider and model may come back with them.
    await forget_model_key(tx, row.id)
    await forget_places(tx, row.id)
    await stop_work(tx, row.id, now=now)


async def supersede_others(tx: AsyncConnection, row: TenantRow, *, now: float, retention_s: float) -> Sequence[str]:
    """Retires the tenants that were at the address of `row` before it; returns their client keys.

    Only for a tenant whose secret the site itself has accepted: the body of an install is not signed, and anybody who
    may install somewhere can write the address of somebody else into it.
    """
    gone = await others_at(tx, row.base_url, client_key=row.client_key, until=row.installed_at)
    for other in gone:
        await retire(tx, other, state=SUPERSEDED, now=now, retention_s=retention_s)
        await record(tx, other.id, action="tenant.superseded")
    return [other.client_key for other in gone]
