"""What models may cost: reserved before each ask, settled after it, and told about before it runs out."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import NotFound, TooMany
from addon.llm.errors import BudgetSpent
from addon.observe import logs
from addon.observe.metrics import BUDGET_REFUSALS, LLM_COST
from addon.policy import alarms
from addon.policy.limits import LEVELS, MINUTE_S, OWNERS, Bar, Limits, Owner, bars, day_of, month_began
from addon.settings import Settings
from addon.store.db import Database, DatabaseDown
from addon.store.ids import new_id
from addon.store.repos import audit, spending
from addon.store.repos import budgets as rows
from addon.store.repos.budgets import Alert, BudgetRow
from addon.store.repos.spending import Account, Amount, Reservation, Sum

GRACE_S = 60.0
"""How long after its deadline an ask may still be settled before its process is taken for dead."""

log = logs.logger("addon.budgets")


@dataclass(frozen=True, slots=True)
class Wish:
    """One ask about to be made. account_id: the person it is for, None for what comes by itself.

    amount: the most it should come to. lasts_s: the time it may take.
    """

    payer: Owner
    provider: str
    model: str
    amount: Amount
    lasts_s: float
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What `reserve` took, for `settle`. person: whose minute it counts in, None for nobody's."""

    tenant_id: str
    row: Reservation
    person: str | None
    minute: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Both owners' limits and how much of them is used. refused: the bars at which somebody was turned away.

    unpriced: tokens of this month that no limit in money counts, because nobody knows their price.
    """

    limits: Mapping[Owner, Limits]
    bars: tuple[Bar, ...]
    refused: frozenset[Bar]
    unpriced: int
    row: BudgetRow | None


class Budgets:
    """The operator's limits bind asks on the operator's keys, a site's own limits bind all of its asks."""

    def __init__(self, db: Database, *, settings: Settings, now: Callable[[], float] = time.time) -> None:
        self._db = db
        self._operator = Limits.of_operator(settings)
        self._now = now

    async def reserve(self, tenant_id: str, wish: Wish) -> Held:
        """Puts the amount aside, so that asks at the same time cannot spend it twice.

        Raises BudgetSpent when a limit has no room for it, TooMany when only the person's minute has none, NotFound for
        a site that is gone, DatabaseDown.
        """
        now = self._now()
        account = Account(day_of(now), wish.payer, wish.provider, wish.model)
        row = Reservation(new_id(), account, wish.amount, now + wish.lasts_s + GRACE_S)
        async with self._db.begin() as tx:
            if not await spending.lock(tx, tenant_id):
                raise NotFound("This site is no longer installed.")
            await _bury(tx, tenant_id, now=now)
            limits = self._limits(await rows.get(tx, tenant_id))
            binding = [bar for bar in await _bars(tx, tenant_id, limits=limits, now=now) if _binds(bar.owner, wish)]
            full = next((bar for bar in binding if not bar.has_room(wish.amount)), None)
            if full is None:
                held = await _counted(tx, Held(tenant_id, row, None, int(now // MINUTE_S)), wish=wish, limits=limits)
                await spending.reserve(tx, tenant_id, row=row)
                return held
            # Committed although the ask is refused: that it came to this is told once, too.
            news = await alarms.raised(tx, tenant_id, bar=full, level=LEVELS[-1], now=now)
        alarms.tell(tenant_id, news)
        BUDGET_REFUSALS.labels(full.owner, full.name).inc()
        raise BudgetSpent(full.refusal(wish.amount))

    async def settle(self, held: Held, spent: Amount) -> None:
        """Books what the ask really came to in place of what was put aside. Raises DatabaseDown."""
        now, tenant_id, row = self._now(), held.tenant_id, held.row
        news: list[Alert] = []
        async with self._db.begin() as tx:
            if not await spending.lock(tx, tenant_id):
                return
            in_time = await spending.release(tx, tenant_id, reservation_id=row.id)
            # Taken for dead and booked as it was reserved: only the difference is left to book.
            rest, asks = (spent, 1) if in_time else (spent.minus(row.amount), 0)
            await spending.book(tx, tenant_id, account=row.account, amount=rest, asks=asks)
            if held.person is not None:
                more = spent.tokens - row.amount.tokens
                await rows.add_to_minute(tx, tenant_id, account_id=held.person, minute=held.minute, tokens=more)
            limits = self._limits(await rows.get(tx, tenant_id))
            for bar in await _bars(tx, tenant_id, limits=limits, now=now):
                news += await alarms.raised(tx, tenant_id, bar=bar, level=bar.level, now=now)
        alarms.tell(tenant_id, news)

    async def close(self, held: Held, spent: Amount) -> None:
        """As settle, for the end of an ask whose answer is worth more than its bill."""
        if spent.cost_usd:
            LLM_COST.labels(held.row.account.provider).inc(spent.cost_usd)
        try:
            await self.settle(held, spent)
        except DatabaseDown:
            # What was put aside is booked as it is when its time is over.
            log.warning("not settled", reservation=held.row.id)

    async def standing(self, tenant_id: str) -> Standing:
        """Raises DatabaseDown."""
        now = self._now()
        async with self._db.begin() as tx:
            row = await rows.get(tx, tenant_id)
            limits = self._limits(row)
            found = await _bars(tx, tenant_id, limits=limits, now=now)
            told = await rows.alerts(tx, tenant_id, level=LEVELS[-1])
            spent = await spending.spent(tx, tenant_id, today=day_of(now), month_began=month_began(now))
        known = {(alert.owner, alert.budget, alert.period) for alert in told}
        refused = frozenset(bar for bar in found if (bar.owner, bar.name, bar.period.number) in known)
        return Standing(limits, tuple(found), refused, sum(each.unpriced for each in spent.values()), row)

    async def save(self, tenant_id: str, limits: Limits, *, account_id: str) -> Standing:
        """A site's own limits, all of them. Raises DatabaseDown."""
        async with self._db.begin() as tx:
            before = await rows.get(tx, tenant_id, lock=True)
            old, new = Limits.of_row(before.limits if before else {}).document(), limits.document()
            changed = {name: value for name, value in new.items() if value != old[name]}
            await rows.save(tx, tenant_id, row=BudgetRow(new, account_id, self._now()))
            await rows.forget_alerts(tx, tenant_id, owner="site", budgets=list(changed))
            await audit.record(tx, tenant_id, account_id=account_id, action="site.budget", detail=changed)
        return await self.standing(tenant_id)

    def _limits(self, row: BudgetRow | None) -> dict[Owner, Limits]:
        return {"operator": self._operator, "site": Limits.of_row(row.limits if row else {})}


def _binds(owner: Owner, wish: Wish) -> bool:
    # Who pays for an ask has no say over what somebody else pays; a site has its say over all that is done for it.
    return owner in ("site", wish.payer)


async def _bars(tx: AsyncConnection, tenant_id: str, *, limits: Mapping[Owner, Limits], now: float) -> list[Bar]:
    """Every limit that is set; the site's own count what the operator pays as well."""
    today, first = day_of(now), month_began(now)
    spent = await spending.spent(tx, tenant_id, today=today, month_began=first)
    held = await spending.held(tx, tenant_id, today=today, month_began=first)
    found: list[Bar] = []
    for owner in OWNERS:
        payers = OWNERS if owner == "site" else (owner,)
        used, kept = Sum(), Sum()
        for payer in payers:
            used, kept = used.plus(spent.get(payer, Sum())), kept.plus(held.get(payer, Sum()))
        found += bars(owner, limits[owner], used=used, held=kept, now=now)
    return found


async def _bury(tx: AsyncConnection, tenant_id: str, *, now: float) -> None:
    """Books what asks of dead processes had reserved: whether the model was paid for them nobody can tell any more."""
    for row in await spending.expired(tx, tenant_id, now=now):
        await spending.release(tx, tenant_id, reservation_id=row.id)
        await spending.book(tx, tenant_id, account=row.account, amount=row.amount)


async def _counted(tx: AsyncConnection, held: Held, *, wish: Wish, limits: Mapping[Owner, Limits]) -> Held:
    """The same, counted in the person's minute where there is a limit for it. Raises TooMany."""
    binding = [limits[owner].tokens_per_minute for owner in OWNERS if _binds(owner, wish)]
    most = min((limit for limit in binding if limit), default=0)
    if not most or wish.account_id is None:
        return held
    person, tokens = wish.account_id, wish.amount.tokens
    before = await rows.tokens_of_minute(tx, held.tenant_id, account_id=person, minute=held.minute)
    # The first ask of a minute always passes: one that is larger than the limit would wait for ever.
    if before and before + tokens > most:
        raise TooMany(
            f"More than {most:,} tokens a minute for one person; this goes on by itself in a moment.",
            retry_after_s=(held.minute + 1) * MINUTE_S - (held.row.expires_at - wish.lasts_s - GRACE_S),
        )
    await rows.add_to_minute(tx, held.tenant_id, account_id=person, minute=held.minute, tokens=tokens)
    return Held(held.tenant_id, held.row, person, held.minute)
