"""What models may cost: reserved before each ask, settled after it, and told about before it runs out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import NotFound, TooMany, Unavailable
from addon.llm.errors import BudgetSpent
from addon.observe import logs
from addon.observe.metrics import BUDGET_REFUSALS, LLM_COST
from addon.policy import alarms
from addon.policy.limits import LEVELS, MINUTE_S, OWNERS, Bar, Limits, Owner, bars, day_of, month_began
from addon.settings import Settings
from addon.store.db import Database
from addon.store.ids import new_id
from addon.store.repos import audit, reserving, spending
from addon.store.repos import budgets as rows
from addon.store.repos.budgets import BudgetRow
from addon.store.repos.spending import Account, Amount, Reservation, Sum

GRACE_S = 60.0
"""How long after its deadline an ask may still be settled before its process is taken for dead."""
MOST_KNOWN = 5000

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

    def __init__(self, db: Database, *, settings: Settings, now: Callable[[], float] | None = None) -> None:
        """now: UTC seconds, by default the database's: minutes and days are counted by all processes together."""
        self._db = db
        self._operator = Limits.of_operator(settings)
        self._now = now or db.utc
        self._careful: set[str] = set()
        """Tenants that had limits when last looked at: only which way is tried first, for each way finds out itself."""

    async def reserve(self, tenant_id: str, wish: Wish) -> Held:
        """Puts the amount aside, so that asks at the same time cannot spend it twice.

        Raises BudgetSpent when a limit has no room for it, TooMany when only the person's minute has none, NotFound for
        a site that is gone, DatabaseDown.
        """
        now = self._now()
        account = Account(day_of(now), wish.payer, wish.provider, wish.model)
        row = Reservation(new_id(), account, wish.amount, now + wish.lasts_s + GRACE_S)
        held = Held(tenant_id, row, None, int(now // MINUTE_S))
        # Also where nothing is limited: what the ask costs must be booked if this process dies of it.
        if self._unlimited(tenant_id) and await reserving.put_aside(self._db, tenant_id, row=row, now=now):
            return held
        async with self._db.begin() as tx:
            books = await self._locked(tx, tenant_id, at=_moment(now, wish.account_id, minute=held.minute))
            limits = self._limits(tenant_id, books.limits)
            binding = [bar for bar in _bars(books, limits, now=now) if _binds(bar.owner, wish)]
            full = next((bar for bar in binding if not bar.has_room(wish.amount)), None)
            if full is None:
                person = _counted_for(wish, limits, before=books.minute, now=now)
                if person is not None:
                    await _count(tx, held, person=person, before=books.minute)
                await reserving.reserve(tx, tenant_id, row=row)
                return replace(held, person=person)
            # Committed although the ask is refused: that it came to this is told once, too.
            news = await alarms.raised(tx, tenant_id, reached=[(full, LEVELS[-1])], now=now)
        alarms.tell(tenant_id, news)
        BUDGET_REFUSALS.labels(full.owner, full.name).inc()
        raise BudgetSpent(full.refusal(wish.amount))

    async def settle(self, held: Held, spent: Amount) -> None:
        """reserving.Books what the ask really came to in place of what was put aside. Raises DatabaseDown."""
        now, tenant_id, row = self._now(), held.tenant_id, held.row
        short = self._unlimited(tenant_id) and held.person is None
        if short and await reserving.booked(self._db, tenant_id, row=row, spent=spent):
            return
        async with self._db.begin() as tx:
            if not await reserving.settle(tx, tenant_id, row=row, spent=spent):
                return
            if held.person is not None:
                more = spent.tokens - row.amount.tokens
                await rows.add_to_minute(tx, tenant_id, account_id=held.person, minute=held.minute, tokens=more)
            # Only now: what others booked while this one waited for the tenant's row counts as well.
            books = await reserving.look(tx, tenant_id, at=_moment(now))
            if books is None:
                return
            found = _bars(books, self._limits(tenant_id, books.limits), now=now)
            news = await alarms.raised(tx, tenant_id, reached=[(bar, bar.level) for bar in found], now=now)
        alarms.tell(tenant_id, news)

    async def close(self, held: Held, spent: Amount) -> None:
        """As settle, for the end of an ask whose answer is worth more than its bill."""
        if spent.cost_usd:
            LLM_COST.labels(held.row.account.provider).inc(spent.cost_usd)
        try:
            await self.settle(held, spent)
        except Unavailable:
            # What was put aside is booked as it is when its time is over.
            log.warning("not settled", reservation=held.row.id)

    async def standing(self, tenant_id: str) -> Standing:
        """Raises DatabaseDown, NotFound for a site that is gone."""
        now = self._now()
        async with self._db.begin() as tx:
            row = await rows.get(tx, tenant_id)
            books = await reserving.look(tx, tenant_id, at=_moment(now))
            if books is None:
                raise _gone()
            limits = self._limits(tenant_id, books.limits)
            found = _bars(books, limits, now=now)
            told = await rows.alerts(tx, tenant_id, periods=[bar.period.number for bar in found])
        known = {(alert.owner, alert.budget, alert.period) for alert in told if alert.level == LEVELS[-1]}
        refused = frozenset(bar for bar in found if (bar.owner, bar.name, bar.period.number) in known)
        return Standing(limits, tuple(found), refused, sum(each.unpriced for each in books.spent.values()), row)

    async def save(self, tenant_id: str, limits: Limits, *, account_id: str) -> Standing:
        """A site's own limits, all of them. Raises DatabaseDown, NotFound for a site that is gone."""
        async with self._db.begin() as tx:
            before = await rows.get(tx, tenant_id, lock=True)
            old, new = Limits.of_row(before.limits if before else {}).document(), limits.document()
            changed = {name: value for name, value in new.items() if value != old[name]}
            only_set = {name: value for name, value in new.items() if value}
            await rows.save(tx, tenant_id, row=BudgetRow(only_set, account_id, self._now()))
            await rows.forget_alerts(tx, tenant_id, owner="site", budgets=list(changed))
            await audit.record(tx, tenant_id, account_id=account_id, action="site.budget", detail=changed)
        return await self.standing(tenant_id)

    def _unlimited(self, tenant_id: str) -> bool:
        """Whether nothing is known of any limit."""
        return self._operator == Limits() and tenant_id not in self._careful

    async def _locked(self, tx: AsyncConnection, tenant_id: str, *, at: reserving.Moment) -> reserving.Books:
        """The books, which stay like this until the end of the transaction. Raises NotFound."""
        await spending.lock(tx, tenant_id)
        books = await reserving.look(tx, tenant_id, at=at)
        if books is not None and books.overdue:
            await spending.bury(tx, tenant_id, now=at.now)
            books = await reserving.look(tx, tenant_id, at=at)
        if books is None:
            raise _gone()
        return books

    def _limits(self, tenant_id: str, stored: Mapping[str, Any]) -> dict[Owner, Limits]:
        site = Limits.of_row(stored)
        if len(self._careful) >= MOST_KNOWN:
            # Rather forget everything than keep books about who was here last.
            self._careful.clear()
        # By what is stored, not by what it says here: that is what the short way looks at, too.
        (self._careful.add if stored else self._careful.discard)(tenant_id)
        return {"operator": self._operator, "site": site}


def _gone() -> NotFound:
    return NotFound("This site is no longer installed.")


def _moment(now: float, person: str | None = None, *, minute: int = 0) -> reserving.Moment:
    return reserving.Moment(now, day_of(now), month_began(now), person or "", minute)


def _binds(owner: Owner, wish: Wish) -> bool:
    # Who pays for an ask has no say over what somebody else pays; a site has its say over all that is done for it.
    return owner in ("site", wish.payer)


def _bars(books: reserving.Books, limits: Mapping[Owner, Limits], *, now: float) -> list[Bar]:
    """Every limit that is set; the site's own count what the operator pays as well."""
    found: list[Bar] = []
    for owner in OWNERS:
        payers = OWNERS if owner == "site" else (owner,)
        used, kept = Sum(), Sum()
        for payer in payers:
            used, kept = used.plus(books.spent[payer]), kept.plus(books.held[payer])
        found += bars(owner, limits[owner], used=used, held=kept, now=now)
    return found


def _counted_for(wish: Wish, limits: Mapping[Owner, Limits], *, before: int, now: float) -> str | None:
    """The person in whose minute the ask counts, with `before` tokens by now. Raises TooMany when it has no room."""
    binding = [limits[owner].tokens_per_minute for owner in OWNERS if _binds(owner, wish)]
    most = min((limit for limit in binding if limit), default=0)
    if not most or wish.account_id is None:
        return None
    # The first ask of a minute always passes: one that is larger than the limit would wait for ever.
    if before and before + wish.amount.tokens > most:
        raise TooMany(
            f"More than {most:,} tokens a minute for one person; this goes on by itself in a moment.",
            retry_after_s=(now // MINUTE_S + 1) * MINUTE_S - now,
        )
    return wish.account_id


async def _count(tx: AsyncConnection, held: Held, *, person: str, before: int) -> None:
    if not before:
        # Here and not by the clock: who asks often has the most to tidy up.
        await rows.drop_minutes(tx, held.tenant_id, minute=held.minute)
    tokens = held.row.amount.tokens
    await rows.add_to_minute(tx, held.tenant_id, account_id=person, minute=held.minute, tokens=tokens)
