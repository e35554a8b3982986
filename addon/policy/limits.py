"""Limits on what models may cost: whose they are, for how long they count, and how they are said."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Literal, Self

from addon.settings import Settings
from addon.store.repos.spending import Amount, Sum

DAY_S = 86_400
MINUTE_S = 60
LEVELS = (80, 100)
"""Per cent of a limit at which its owner is told."""

Owner = Literal["operator", "site"]
OWNERS: tuple[Owner, ...] = ("operator", "site")


@dataclass(frozen=True, slots=True)
class Limits:
    """0: no limit. Tokens of input and output together; a minute is one person's, everything else is a site's."""

    tokens_per_day: int = 0
    tokens_per_month: int = 0
    usd_per_day: float = 0.0
    usd_per_month: float = 0.0
    tokens_per_minute: int = 0

    @classmethod
    def of_operator(cls, settings: Settings) -> Self:
        return cls(
            settings.budget_tokens_per_day,
            settings.budget_tokens_per_month,
            settings.budget_usd_per_day,
            settings.budget_usd_per_month,
            settings.budget_tokens_per_minute,
        )

    @classmethod
    def of_row(cls, stored: Mapping[str, Any]) -> Self:
        """What is stored; names of another release are left out."""
        return cls(**{each.name: stored[each.name] for each in fields(cls) if each.name in stored})

    def document(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Period:
    """number: the day since 1970, or the month since year 0. ends: UTC seconds."""

    number: int
    ends: float


@dataclass(frozen=True, slots=True)
class Bar:
    """How much of one limit is used: `used` is spent, `held` reserved for asks under way, both in the limit's unit."""

    owner: Owner
    name: str
    most: float
    used: float
    held: float
    period: Period

    @property
    def level(self) -> int:
        """The highest of LEVELS that was reached, 0 below them."""
        return max((level for level in LEVELS if self.used * 100 >= self.most * level), default=0)

    def needs(self, amount: Amount) -> float:
        """How much of this limit the amount takes; a price nobody knows takes nothing of a limit in money."""
        return float(amount.tokens) if self.name.startswith("tokens") else amount.cost_usd or 0.0

    def has_room(self, amount: Amount) -> bool:
        return self.used + self.held + self.needs(amount) <= self.most

    def refusal(self, amount: Amount) -> str:
        """Why the amount does not fit, in a sentence for the person who asked."""
        whose = "of this site" if self.owner == "site" else "that the add-on's operator grants this site"
        left = max(self.most - self.used - self.held, 0)
        until = datetime.fromtimestamp(self.period.ends, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return (
            f"The budget {whose}, {self._said(self.most)} a {self.name.rpartition('_')[2]}, has {self._said(left)}"
            f" left; this needs up to {self._said(self.needs(amount))}. It is full again at {until}."
        )

    def _said(self, amount: float) -> str:
        return f"{round(amount):,} tokens" if self.name.startswith("tokens") else f"US$ {amount:,.2f}"


def day_of(now: float) -> int:
    """Whole days since 1970 (UTC)."""
    return int(now // DAY_S)


def month_began(now: float) -> int:
    """The first day of the month, in days since 1970 (UTC)."""
    today = datetime.fromtimestamp(now, UTC).date()
    return _days(today.replace(day=1))


def bars(owner: Owner, limits: Limits, *, used: Sum, held: Sum, now: float) -> list[Bar]:
    """Each limit that is set, with how much of it is used now."""
    # UTC for everybody: a site has people in many places, and the provider bills by it as well.
    today = datetime.fromtimestamp(now, UTC).date()
    month = today.year * 12 + today.month
    after = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    day = Period(day_of(now), (day_of(now) + 1) * DAY_S)
    whole = Period(month, _days(after) * DAY_S)
    found = (
        Bar(owner, "tokens_per_day", limits.tokens_per_day, used.tokens_day, held.tokens_day, day),
        Bar(owner, "tokens_per_month", limits.tokens_per_month, used.tokens_month, held.tokens_month, whole),
        Bar(owner, "usd_per_day", limits.usd_per_day, used.usd_day, held.usd_day, day),
        Bar(owner, "usd_per_month", limits.usd_per_month, used.usd_month, held.usd_month, whole),
    )
    return [bar for bar in found if bar.most]


def _days(on: date) -> int:
    return (on - date(1970, 1, 1)).days
