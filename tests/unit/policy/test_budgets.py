"""Nothing is spent twice, nothing is forgotten, and whoever owns a limit hears of it once."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from addon.errors import NotFound, TooMany
from addon.llm.errors import BudgetSpent
from addon.policy.budgets import GRACE_S, Budgets, Wish
from addon.policy.limits import Limits
from addon.settings import Settings
from addon.store.db import Database
from addon.store.repos import audit, spending
from addon.store.repos.spending import Amount
from addon.store.tables.money import reservations
from addon.store.tables.tenants import tenants
from tests.captured_logs import captured_logs
from tests.rows import add_tenant

NOON = 1_795_262_400.0
"""2026-11-21 12:00 UTC."""
ASK = Wish("operator", "openai", "gpt-x", Amount(60, 40, 0.5), lasts_s=120.0)


class Clock:
    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def opened(database: Database, clock: Clock | None = None, **limits: Any) -> Budgets:
    settings = Settings(_env_file=None, **{f"budget_{name}": value for name, value in limits.items()})  # type: ignore[call-arg]
    return Budgets(database, settings=settings, now=clock or Clock())


async def book_of(database: Database, tenant_id: str) -> list[tuple[str, str, int, int, float]]:
    async with database.begin() as tx:
        lines = await spending.since(tx, tenant_id, first_day=0)
    return [
        (line.account.payer, line.account.model, line.asks, line.input_tokens + line.output_tokens, line.cost_usd)
        for line in lines
    ]


async def test_what_an_ask_came_to_is_booked_in_place_of_what_was_put_aside(database: Database) -> None:
    tenant_id, budgets = await add_tenant(database), opened(database)
    for _ in range(2):
        held = await budgets.reserve(tenant_id, ASK)
        await budgets.settle(held, Amount(50, 5, 0.125))
    assert await book_of(database, tenant_id) == [("operator", "gpt-x", 2, 110, 0.25)]
    async with database.begin() as tx:
        assert await tx.scalar(select(func.count()).select_from(reservations)) == 0


@pytest.mark.parametrize(
    ("limit", "most", "unit"),
    [
        ("tokens_per_day", 250, "250 tokens a day"),
        ("tokens_per_month", 250, "250 tokens a month"),
        ("usd_per_day", 1.25, "US$ 1.25 a day"),
        ("usd_per_month", 1.25, "US$ 1.25 a month"),
    ],
)
async def test_asks_beyond_a_limit_are_refused_in_words(database: Database, limit: str, most: float, unit: str) -> None:
    tenant_id, budgets = await add_tenant(database), opened(database, **{limit: most})
    await budgets.settle(await budgets.reserve(tenant_id, ASK), ASK.amount)
    await budgets.reserve(tenant_id, ASK)
    with pytest.raises(BudgetSpent) as refused:
        await budgets.reserve(tenant_id, ASK)
    assert unit in refused.value.detail
    until = "2026-11-22 00:00 UTC" if limit.endswith("day") else "2026-12-01 00:00 UTC"
    assert until in refused.value.detail
    assert (refused.value.code, refused.value.retry_after_s) == ("budget_spent", None)


async def test_a_new_day_and_a_new_month_begin_with_a_full_budget(database: Database) -> None:
    clock = Clock()
    tenant_id, budgets = await add_tenant(database), opened(database, clock, tokens_per_day=100, tokens_per_month=200)
    await budgets.settle(await budgets.reserve(tenant_id, ASK), ASK.amount)
    with pytest.raises(BudgetSpent, match="a day"):
        await budgets.reserve(tenant_id, ASK)
    clock.now += 86_400
    await budgets.settle(await budgets.reserve(tenant_id, ASK), ASK.amount)
    clock.now += 86_400
    with pytest.raises(BudgetSpent, match="a month"):
        await budgets.reserve(tenant_id, ASK)
    clock.now += 9 * 86_400
    await budgets.reserve(tenant_id, ASK)


async def test_the_operators_limits_leave_asks_on_a_sites_own_key_alone(database: Database) -> None:
    tenant_id, budgets = await add_tenant(database), opened(database, tokens_per_day=100)
    own = replace(ASK, payer="site")
    await budgets.settle(await budgets.reserve(tenant_id, own), Amount(5000, 0, 0.1))
    await budgets.reserve(tenant_id, ASK)
    await budgets.reserve(tenant_id, own)
    with pytest.raises(BudgetSpent, match="operator"):
        await budgets.reserve(tenant_id, ASK)


async def test_a_sites_own_limits_bind_all_of_its_asks_and_nobody_elses(database: Database) -> None:
    tenant_id, other, budgets = await add_tenant(database), await add_tenant(database), opened(database)
    await budgets.save(tenant_id, Limits(tokens_per_day=150), account_id="boss")
    await budgets.reserve(tenant_id, replace(ASK, payer="site"))
    with pytest.raises(BudgetSpent, match="of this site"):
        await budgets.reserve(tenant_id, ASK)
    await budgets.reserve(other, ASK)


async def test_a_price_nobody_knows_counts_in_tokens_only_and_that_is_told(database: Database) -> None:
    tenant_id, budgets = await add_tenant(database), opened(database, usd_per_day=1.0)
    strange = replace(ASK, amount=Amount(60, 40, None))
    for _ in range(3):
        await budgets.settle(await budgets.reserve(tenant_id, strange), strange.amount)
    standing = await budgets.standing(tenant_id)
    assert (standing.unpriced, standing.bars[0].used) == (300, 0.0)


@pytest.mark.parametrize("by", ["site", "operator"])
async def test_two_hundred_at_once_never_pass_the_limit(database: Database, by: str) -> None:
    tenant_id = await add_tenant(database)
    budgets = opened(database, tokens_per_day=1700) if by == "operator" else opened(database)
    if by == "site":
        await budgets.save(tenant_id, Limits(tokens_per_day=1700), account_id="boss")

    async def ask() -> bool:
        try:
            held = await budgets.reserve(tenant_id, ASK)
        except BudgetSpent:
            return False
        await asyncio.sleep(0)
        await budgets.settle(held, ASK.amount)
        return True

    done = await asyncio.gather(*(ask() for _ in range(200)))
    assert sum(done) == 17
    assert sum(tokens for _, _, _, tokens, _ in await book_of(database, tenant_id)) == 1700


async def test_two_processes_share_one_budget(database: Database, database_url: str) -> None:
    tenant_id = await add_tenant(database)
    second = Database.open(database_url)
    both = [opened(database, tokens_per_day=1000), opened(second, tokens_per_day=1000)]

    async def ask(number: int) -> bool:
        try:
            await both[number % 2].reserve(tenant_id, ASK)
        except BudgetSpent:
            return False
        return True

    try:
        assert sum(await asyncio.gather(*(ask(number) for number in range(40)))) == 10
    finally:
        await second.close()


async def test_what_was_put_aside_outlives_a_restart_and_is_booked_when_its_process_is_dead(
    database: Database,
) -> None:
    clock = Clock()
    tenant_id = await add_tenant(database)
    await opened(database, clock, tokens_per_day=250).reserve(tenant_id, ASK)
    reborn = opened(database, clock, tokens_per_day=250)
    await reborn.reserve(tenant_id, ASK)
    with pytest.raises(BudgetSpent):
        await reborn.reserve(tenant_id, ASK)
    assert await book_of(database, tenant_id) == []
    clock.now += ASK.lasts_s + GRACE_S
    with pytest.raises(BudgetSpent):
        await reborn.reserve(tenant_id, ASK)
    assert await book_of(database, tenant_id) == [("operator", "gpt-x", 2, 200, 1.0)]


async def test_an_ask_that_ends_after_it_was_taken_for_dead_is_booked_once(database: Database) -> None:
    clock = Clock()
    tenant_id, budgets = await add_tenant(database), opened(database, clock)
    slow = await budgets.reserve(tenant_id, ASK)
    clock.now += ASK.lasts_s + GRACE_S
    await budgets.settle(await budgets.reserve(tenant_id, ASK), ASK.amount)
    await budgets.settle(slow, Amount(10, 20, 0.25))
    assert await book_of(database, tenant_id) == [("operator", "gpt-x", 2, 130, 0.75)]


async def test_an_ask_that_began_before_there_was_a_limit_counts_against_it(database: Database) -> None:
    tenant_id, budgets = await add_tenant(database), opened(database)
    early = await budgets.reserve(tenant_id, ASK)
    await budgets.save(tenant_id, Limits(tokens_per_day=250), account_id="boss")
    await budgets.reserve(tenant_id, ASK)
    with pytest.raises(BudgetSpent):
        await budgets.reserve(tenant_id, ASK)
    # Another process, which never heard of a limit, asks and books as this one does.
    other = opened(database)
    with pytest.raises(BudgetSpent):
        await other.reserve(tenant_id, ASK)
    await opened(database).settle(early, Amount(200, 10, 0.5))
    async with database.begin() as tx:
        told = [event.detail["per_cent"] for event in await audit.latest(tx, tenant_id) if "alert" in event.action]
    # At the refusal the highest, so that the booking had nothing to add.
    assert told == [100]
    await budgets.save(tenant_id, Limits(), account_id="boss")
    await opened(database).settle(await budgets.reserve(tenant_id, ASK), ASK.amount)
    assert await book_of(database, tenant_id) == [("operator", "gpt-x", 2, 310, 1.0)]


async def test_a_booking_finds_a_limit_that_was_set_during_the_ask(database: Database) -> None:
    tenant_id, budgets = await add_tenant(database), opened(database)
    early = await budgets.reserve(tenant_id, ASK)
    await opened(database).save(tenant_id, Limits(tokens_per_day=110), account_id="boss")
    await budgets.settle(early, ASK.amount)
    async with database.begin() as tx:
        told = [event.detail["per_cent"] for event in await audit.latest(tx, tenant_id) if "alert" in event.action]
    assert told == [80]


async def test_without_a_limit_too_an_ask_whose_process_died_is_booked(database: Database) -> None:
    clock = Clock()
    tenant_id, other = await add_tenant(database), await add_tenant(database)
    await opened(database, clock).reserve(tenant_id, ASK)
    await opened(database, clock).reserve(other, ASK)
    clock.now += ASK.lasts_s + GRACE_S
    reborn = opened(database, clock)
    await reborn.settle(await reborn.reserve(tenant_id, ASK), Amount(1, 1, 0.25))
    assert await book_of(database, tenant_id) == [("operator", "gpt-x", 2, 102, 0.75)]
    assert await book_of(database, other) == []


async def test_a_price_nobody_knows_is_counted_beside_the_dollars_however_it_is_booked(database: Database) -> None:
    clock = Clock()
    tenant_id, budgets = await add_tenant(database), opened(database, clock)
    strange = replace(ASK, amount=Amount(60, 40, None))
    await budgets.settle(await budgets.reserve(tenant_id, strange), strange.amount)
    late = await budgets.reserve(tenant_id, strange)
    clock.now += ASK.lasts_s + GRACE_S
    await budgets.settle(await budgets.reserve(tenant_id, ASK), ASK.amount)
    assert (await budgets.standing(tenant_id)).unpriced == 200
    await budgets.settle(late, Amount(10, 5, None))
    assert (await budgets.standing(tenant_id)).unpriced == 115
    assert await book_of(database, tenant_id) == [("operator", "gpt-x", 3, 215, 0.5)]


@pytest.mark.parametrize("limited", [False, True])
async def test_what_many_processes_book_at_once_is_booked_once(
    database: Database, database_url: str, limited: bool
) -> None:
    """Some of the asks are taken for dead while they are being settled, in whatever order."""
    tenant_id, clock = await add_tenant(database), Clock()
    second = Database.open(database_url)
    most = {"tokens_per_day": 10**6} if limited else {}
    both = [opened(database, clock, **most), opened(second, clock, **most)]
    models = [replace(ASK, model=f"gpt-{number}") for number in range(3)]

    async def ask(number: int) -> None:
        budgets = both[number % 2]
        # No longer than the grace: by the time it is settled, every third is overdue.
        lasts_s = -GRACE_S if number % 3 == 0 else 120.0
        held = await budgets.reserve(tenant_id, replace(models[number % len(models)], lasts_s=lasts_s))
        await asyncio.sleep(0)
        await both[(number + 1) % 2].settle(held, Amount(50, 5, 0.25))

    try:
        await asyncio.gather(*(ask(number) for number in range(90)))
    finally:
        await second.close()
    lines = await book_of(database, tenant_id)
    assert sorted((model, asks, tokens) for _, model, asks, tokens, _ in lines) == [
        (f"gpt-{number}", 30, 30 * 55) for number in range(3)
    ]
    async with database.begin() as tx:
        assert await tx.scalar(select(func.count()).select_from(reservations)) == 0


async def test_a_booking_waits_for_who_looks_at_the_books(database: Database, database_url: str) -> None:
    """Two that came to a limit together would else both look before the other has booked, and nobody would tell."""
    tenant_id, second = await add_tenant(database), Database.open(database_url)
    budgets = opened(second, tokens_per_day=1000)
    held = await budgets.reserve(tenant_id, ASK)
    try:
        async with database.begin() as tx:
            await spending.lock(tx, tenant_id)
            booking = asyncio.create_task(budgets.settle(held, ASK.amount))
            await asyncio.wait({booking}, timeout=0.5)
            assert not booking.done()
        await booking
    finally:
        await second.close()
    assert await book_of(database, tenant_id) == [("operator", "gpt-x", 1, 100, 0.5)]


async def test_a_site_that_left_in_the_middle_of_an_ask_is_booked_nowhere(database: Database) -> None:
    for limits in ({}, {"tokens_per_day": 10**6}):
        tenant_id, budgets = await add_tenant(database), opened(database, **limits)
        held = await budgets.reserve(tenant_id, ASK)
        async with database.begin() as tx:
            await tx.execute(delete(tenants).where(tenants.c.id == tenant_id))
        await budgets.settle(held, ASK.amount)
        assert await book_of(database, tenant_id) == []


async def test_a_person_waits_for_the_next_minute_and_nobody_else_does(database: Database) -> None:
    clock = Clock(NOON + 20)
    tenant_id, budgets = await add_tenant(database), opened(database, clock, tokens_per_minute=250)
    ann = replace(ASK, account_id="ann")
    first = await budgets.reserve(tenant_id, ann)
    await budgets.reserve(tenant_id, ann)
    with pytest.raises(TooMany) as hurried:
        await budgets.reserve(tenant_id, ann)
    assert hurried.value.retry_after_s == pytest.approx(40)
    await budgets.reserve(tenant_id, replace(ASK, account_id="bob"))
    await budgets.reserve(tenant_id, ASK)
    await budgets.settle(first, Amount(1, 1, 0.0))
    await budgets.reserve(tenant_id, ann)
    clock.now += 40
    await budgets.reserve(tenant_id, ann)


async def test_an_ask_larger_than_a_minute_passes_alone(database: Database) -> None:
    tenant_id, budgets = await add_tenant(database), opened(database, tokens_per_minute=10)
    ann = replace(ASK, account_id="ann")
    await budgets.reserve(tenant_id, ann)
    with pytest.raises(TooMany):
        await budgets.reserve(tenant_id, ann)


async def test_eighty_and_a_hundred_per_cent_are_told_once_each(database: Database) -> None:
    clock = Clock()
    tenant_id, budgets = await add_tenant(database), opened(database, clock, tokens_per_day=500)
    with captured_logs("WARNING") as lines:
        for _ in range(5):
            await budgets.settle(await budgets.reserve(tenant_id, ASK), ASK.amount)
            for _ in range(2):
                await budgets.settle(await budgets.reserve(tenant_id, replace(ASK, amount=Amount())), Amount())
        for _ in range(3):
            with pytest.raises(BudgetSpent):
                await budgets.reserve(tenant_id, ASK)
    async with database.begin() as tx:
        events = await audit.latest(tx, tenant_id)
    told = [(event.subject, event.detail["per_cent"]) for event in events if event.action == "budget.alert"]
    assert told == [("tokens_per_day", 100), ("tokens_per_day", 80)]
    assert lines.text.count("budget used") == 2
    assert tenant_id not in lines.text
    clock.now += 86_400
    await budgets.settle(await budgets.reserve(tenant_id, ASK), Amount(450, 0, 0.0))
    async with database.begin() as tx:
        assert (await audit.latest(tx, tenant_id))[0].detail["per_cent"] == 80


async def test_being_turned_away_is_told_also_when_the_limit_was_never_reached(database: Database) -> None:
    tenant_id, budgets = await add_tenant(database), opened(database, tokens_per_day=90)
    with pytest.raises(BudgetSpent, match="90 tokens left; this needs up to 100 tokens"):
        await budgets.reserve(tenant_id, ASK)
    standing = await budgets.standing(tenant_id)
    assert standing.refused == set(standing.bars)


async def test_a_changed_limit_is_audited_and_told_about_anew(database: Database) -> None:
    tenant_id, budgets = await add_tenant(database), opened(database)
    await budgets.save(tenant_id, Limits(tokens_per_day=50), account_id="boss")
    with pytest.raises(BudgetSpent):
        await budgets.reserve(tenant_id, ASK)
    standing = await budgets.save(tenant_id, Limits(tokens_per_day=1000, usd_per_day=2.5), account_id="boss")
    assert standing.refused == frozenset()
    assert standing.limits["site"] == Limits(tokens_per_day=1000, usd_per_day=2.5)
    async with database.begin() as tx:
        event = (await audit.latest(tx, tenant_id))[0]
    assert (event.action, event.account_id) == ("site.budget", "boss")
    assert event.detail == {"tokens_per_day": 1000, "usd_per_day": 2.5}
    await budgets.reserve(tenant_id, ASK)


async def test_a_site_that_is_gone_is_asked_nothing_for(database: Database) -> None:
    with pytest.raises(NotFound):
        await opened(database).reserve("nobody", ASK)
