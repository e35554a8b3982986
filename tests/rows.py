"""Rows to begin a test with."""

import time
from typing import Any

from sqlalchemy import Table, func, select

from addon.store.db import Database
from addon.store.ids import new_id
from addon.store.repos.runs import Run
from addon.store.repos.runs import get as get_run
from addon.store.secrets import Seals
from addon.store.tables.runs import publications, runs
from addon.store.tables.tenants import tenants

BASE_URL = "https://acme.atlassian.net"


async def add_tenant(db: Database, *, state: str = "installed", seals: Seals | None = None) -> str:
    """The id of a new tenant; with seals, one whose secret can be opened."""
    tenant_id = new_id()
    async with db.begin() as tx:
        await tx.execute(
            tenants.insert().values(
                id=tenant_id,
                client_key=f"client-{tenant_id}",
                state=state,
                base_url=BASE_URL,
                display_url=BASE_URL,
                app_account_id="557058:the-add-on",
                shared_secret=seals.seal("a shared secret of at least 32 characters", tenant_id) if seals else None,
                installed_at=1.0,
                updated_at=1.0,
            )
        )
    return tenant_id


async def set_tenant(db: Database, tenant_id: str, state: str) -> None:
    async with db.begin() as tx:
        await tx.execute(tenants.update().where(tenants.c.id == tenant_id).values(state=state))


async def add_run(db: Database, tenant_id: str, **values: Any) -> str:
    """The id of a new run, due now, of an issue of its own."""
    run_id = new_id()
    now = time.time()
    row = {
        "id": run_id,
        "tenant_id": tenant_id,
        "kind": "analysis",
        "trigger": "webhook",
        "project_id": "10000",
        "issue_id": str(int(run_id.replace("-", ""), 16) % 10**12),
        "issue_key": "ABC-1",
        "params": {},
        "state": "queued",
        "queue": "ai",
        "run_at": now,
        "created_at": now,
    }
    async with db.begin() as tx:
        await tx.execute(runs.insert().values({**row, **values}))
    return run_id


async def add_publication(db: Database, tenant_id: str, run_id: str, **values: Any) -> str:
    """The id of a new publication, due now."""
    publication_id = new_id()
    now = time.time()
    row = {
        "id": publication_id,
        "tenant_id": tenant_id,
        "run_id": run_id,
        "issue_id": "10001",
        "target": "comment",
        "slot": "analysis",
        "marker": f"comment:10001:{publication_id}",
        "content": {},
        "state": "queued",
        "queue": "default",
        "run_at": now,
        "created_at": now,
    }
    async with db.begin() as tx:
        await tx.execute(publications.insert().values({**row, **values}))
    return publication_id


async def row_of(db: Database, table: Table, row_id: str) -> Any:
    """The row with every column."""
    async with db.begin() as tx:
        return (await tx.execute(select(table).where(table.c.id == row_id))).one()


async def run_of(db: Database, tenant_id: str, run_id: str) -> Run:
    async with db.begin() as tx:
        run = await get_run(tx, tenant_id, run_id=run_id)
    assert run is not None
    return run


async def states(db: Database, table: Table) -> dict[str, int]:
    """How many rows there are in each state."""
    async with db.begin() as tx:
        rows = await tx.execute(select(table.c.state, func.count()).group_by(table.c.state))
        return {row[0]: row[1] for row in rows}
