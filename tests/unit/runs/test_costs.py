"""What an analysis asks of PostgreSQL before and after its model and its writing, in round trips."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from addon.policy.budgets import Budgets, Wish
from addon.policy.limits import Limits
from addon.policy.models import ModelPolicy, Wanted
from addon.runs.feature import Draft
from addon.runs.publish import plan
from addon.runs.write import PublicationJob
from addon.settings import Settings
from addon.store.db import Database
from addon.store.leases import Claims, Lease
from addon.store.repos.spending import Amount
from addon.store.secrets import Seals
from addon.store.tables.runs import publications
from addon.store.terms import ticks
from tests.postgres_wire import Wire
from tests.rows import add_run, add_tenant, row_of, run_of
from tests.unit.runs.make import ADDON_KEY, Stage, stage

ASK = Wish("operator", "openai", "gpt-x", Amount(60, 40, 0.5), lasts_s=120.0)
AROUND = 2
"""BEGIN and COMMIT."""


@pytest.fixture
async def counted(wire: Wire) -> AsyncIterator[Database]:
    """A database over the wire, with one connection."""
    db = Database.open(wire.url, pool=1)
    yield db
    await db.close()


def opened(db: Database, **limits: Any) -> Budgets:
    return Budgets(db, settings=Settings(_env_file=None, **{f"budget_{name}": value for name, value in limits.items()}))


async def trips(wire: Wire, budgets: Budgets, tenant_id: str, *, wish: Wish = ASK) -> tuple[int, int]:
    """Of putting aside and of booking, over a connection that has prepared what is asked."""
    for _ in range(2):
        wire.trips = 0
        held = await budgets.reserve(tenant_id, wish)
        reserving = wire.trips
        await budgets.settle(held, wish.amount)
    return reserving, wire.trips - reserving


async def test_where_no_limit_is_set_money_costs_one_trip_before_an_ask_and_one_after(
    counted: Database, wire: Wire
) -> None:
    tenant_id, budgets = await add_tenant(counted), opened(counted)
    assert await trips(wire, budgets, tenant_id) == (1, 1)
    # Also where there was one.
    for limits in (Limits(tokens_per_day=10**6), Limits()):
        await budgets.save(tenant_id, limits, account_id="boss")
    assert await trips(wire, budgets, tenant_id) == (1, 1)


@pytest.mark.parametrize("by", ["site", "operator"])
async def test_a_limit_costs_three_statements_before_an_ask_and_two_after(
    counted: Database, wire: Wire, by: str
) -> None:
    limits = {"tokens_per_day": 10**6, "usd_per_month": 10.0**6}
    tenant_id, budgets = await add_tenant(counted), opened(counted, **limits if by == "operator" else {})
    if by == "site":
        await budgets.save(tenant_id, Limits(**limits), account_id="boss")  # type: ignore[arg-type]
    assert await trips(wire, budgets, tenant_id) == (3 + AROUND, 2 + AROUND)


async def test_what_was_told_already_costs_one_look(counted: Database, wire: Wire) -> None:
    tenant_id, budgets = await add_tenant(counted), opened(counted, tokens_per_day=1000, tokens_per_month=1000)
    await budgets.settle(await budgets.reserve(tenant_id, ASK), Amount(700, 100, 0.5))
    nothing = replace(ASK, amount=Amount())
    assert await trips(wire, budgets, tenant_id, wish=nothing) == (3 + AROUND, 3 + AROUND)


async def test_a_persons_minute_costs_one_statement_each(counted: Database, wire: Wire) -> None:
    tenant_id, budgets = await add_tenant(counted), opened(counted, tokens_per_minute=10**6)
    ann = replace(ASK, account_id="ann")
    await budgets.reserve(tenant_id, ann)
    assert await trips(wire, budgets, tenant_id, wish=ann) == (4 + AROUND, 3 + AROUND)


async def test_the_models_of_a_site_are_read_once_for_many_runs(counted: Database, wire: Wire, seals: Seals) -> None:
    tenant_id = await add_tenant(counted)
    policy = ModelPolicy(counted, seals, settings=Settings(_env_file=None))
    await policy.save(tenant_id, Wanted("openai", "gpt-x", api_key="sk"), account_id="ann")
    first = await policy.chain(tenant_id)
    wire.trips = 0
    assert await policy.chain(tenant_id) == first
    assert wire.trips == 0


async def planned(s: Stage) -> Lease:
    """A publication of a run of its own, claimed."""
    run = await run_of(s.db, s.tenant.id, await add_run(s.db, s.tenant.id, state="succeeded"))
    async with s.db.begin() as tx:
        await plan(tx, run, drafts=[Draft("comment", 0, f"comment:{run.id}", {"kind": "analysis"})])
        (lease,) = await Claims(publications, "me").claim(tx, "default", limit=1, now=s.db.now() + 1)
    lease.term.held(30.0, asked=ticks())
    return lease


async def test_a_publication_costs_one_trip_before_it_is_written_and_one_after(
    counted: Database, wire: Wire, seals: Seals
) -> None:
    async with stage(counted, seals, at_work=False) as s:
        job = PublicationJob(s.office.desk, {"comment": s.comments}, addon_key=ADDON_KEY)
        await job.execute(await planned(s))
        lease = await planned(s)
        wire.trips = 0
        await job.execute(lease)
        assert wire.trips == 1 + 1
        assert len(s.comments.seen) == 2
    assert (await row_of(counted, publications, lease.id)).state == "succeeded"
