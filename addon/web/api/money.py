"""What models cost a site, and the limits its administrators and the operator have set."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from addon.policy.budgets import Standing
from addon.policy.limits import LEVELS, Bar, Limits, day_of
from addon.runs.moments import iso
from addon.store.repos import spending, usage
from addon.store.repos.spending import Line
from addon.web.api.people import person
from addon.web.security import ApiCaller, Caller
from addon.web.state import House, HouseDep

routes = APIRouter(prefix="/api/v1", tags=["site"])

DAYS = 30
STATES = ("succeeded", "failed", "cancelled", "queued", "running")

Tokens = Annotated[int, Field(ge=0, le=10**12)]
Dollars = Annotated[float, Field(ge=0, le=10**7, allow_inf_nan=False)]


class BudgetChange(BaseModel):
    """The site's own limits; those left out stay, 0 and null mean none. A minute is one person's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens_per_day: Tokens | None = None
    tokens_per_month: Tokens | None = None
    usd_per_day: Dollars | None = None
    usd_per_month: Dollars | None = None
    tokens_per_minute: Tokens | None = None


@routes.get("/budget")
async def read_budget(house: HouseDep, caller: ApiCaller) -> dict[str, Any]:
    """The limits, and how much of each is used today and this month (UTC)."""
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    return await _budget(house, caller, standing=await house.budgets.standing(caller.tenant.id))


@routes.put("/budget")
async def change_budget(house: HouseDep, caller: ApiCaller, *, change: BudgetChange) -> dict[str, Any]:
    """Stores the site's own limits; the operator's stay as they are."""
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    before = await house.budgets.standing(caller.tenant.id)
    # An empty field of the form is null, and both mean that there is no limit.
    given = {name: value or 0 for name, value in change.model_dump(exclude_unset=True).items()}
    limits = Limits.of_row(before.limits["site"].document() | given)
    saved = await house.budgets.save(caller.tenant.id, limits, account_id=caller.account_id)
    return await _budget(house, caller, standing=saved)


@routes.get("/usage")
async def read_usage(
    house: HouseDep, caller: ApiCaller, *, days: Annotated[int, Query(ge=1, le=366)] = DAYS
) -> dict[str, Any]:
    """What the site's work of the last days came to, in all, by day (UTC) and by model."""
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    first = day_of(house.db.utc()) - days + 1
    async with house.db.begin() as tx:
        runs = await usage.since(tx, caller.tenant.id, start=first * usage.DAY_S)
        lines = await spending.since(tx, caller.tenant.id, first_day=first)
    by_day = {row.day: row.runs for row in runs.days}
    return {
        "days": days,
        "runs": {state: runs.by_state.get(state, 0) for state in STATES},
        "issues": runs.issues,
        "tokens": {
            "input": sum(line.input_tokens for line in lines),
            "output": sum(line.output_tokens for line in lines),
        },
        "cost_usd": _dollars(lines),
        "unpriced_tokens": sum(line.unpriced_tokens for line in lines),
        "by_day": [_of_day(first + number, by_day, lines=lines) for number in range(days)],
        "by_model": _by_model(lines),
    }


def _of_day(day: int, runs: dict[int, int], *, lines: Sequence[Line]) -> dict[str, Any]:
    mine = [line for line in lines if line.account.day == day]
    providers: dict[str, int] = defaultdict(int)
    for line in mine:
        providers[line.account.provider] += line.input_tokens + line.output_tokens
    return {
        "day": datetime.fromtimestamp(day * usage.DAY_S, UTC).date().isoformat(),
        "runs": runs.get(day, 0),
        "input_tokens": sum(line.input_tokens for line in mine),
        "output_tokens": sum(line.output_tokens for line in mine),
        "cost_usd": _dollars(mine),
        "providers": dict(providers),
    }


def _by_model(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """One entry per payer and model, the dearest first; cost_usd is null where nobody knows any price."""
    found: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        found[line.account.payer, line.account.provider, line.account.model].append(line)
    shown = []
    for (payer, provider, model), mine in found.items():
        tokens = sum(line.input_tokens + line.output_tokens for line in mine)
        unpriced = sum(line.unpriced_tokens for line in mine)
        shown.append(
            {
                "provider": provider,
                "model": model,
                "payer": payer,
                "asks": sum(line.asks for line in mine),
                "input_tokens": sum(line.input_tokens for line in mine),
                "output_tokens": sum(line.output_tokens for line in mine),
                "cost_usd": None if tokens and unpriced >= tokens else _dollars(mine),
                "unpriced_tokens": unpriced,
            }
        )
    return sorted(shown, key=lambda each: (-(each["cost_usd"] or 0), -each["input_tokens"], each["model"]))


async def _budget(house: House, caller: Caller, *, standing: Standing) -> dict[str, Any]:
    row = standing.row
    return {
        "site": standing.limits["site"].document(),
        "operator": standing.limits["operator"].document(),
        "bars": [_bar(bar, refused=bar in standing.refused) for bar in standing.bars],
        "unpriced_tokens": standing.unpriced,
        "updated_by": await person(house.jira, caller.tenant, account_id=row.updated_by if row else None),
        "updated_at": iso(row.updated_at if row else None),
    }


def _bar(bar: Bar, *, refused: bool) -> dict[str, Any]:
    """state: ok, near from 80 % on, spent from 100 % on or once somebody was turned away."""
    state = "spent" if refused or bar.level == LEVELS[-1] else "near" if bar.level else "ok"
    return {
        "owner": bar.owner,
        "budget": bar.name,
        "most": bar.most,
        "used": round(bar.used, 6),
        "held": round(bar.held, 6),
        "state": state,
        "full_again_at": iso(bar.period.ends),
    }


def _dollars(lines: Sequence[Line]) -> float:
    return round(sum(line.cost_usd for line in lines), 6)
