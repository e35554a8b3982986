"""Tells, once in each period, that a limit on what models may cost is nearly or wholly used up."""

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.observe import logs
from addon.observe.metrics import BUDGET_ALERTS
from addon.policy.limits import LEVELS, Bar
from addon.store.repos import audit, budgets
from addon.store.repos.budgets import Alert

log = logs.logger("addon.budgets")


async def raised(tx: AsyncConnection, tenant_id: str, *, reached: Iterable[tuple[Bar, int]], now: float) -> list[Alert]:
    """What is new of these bars up to the level that each has reached, noted in the site's audit.

    `tell` it after the commit.
    """
    due = [(bar, level) for bar, level in reached if level]
    news: list[Alert] = []
    if not due:
        return news
    # Looked at first: most asks beyond the first level find that everything was told.
    known = await budgets.alerts(tx, tenant_id, periods=[bar.period.number for bar, _ in due])
    for bar, level in due:
        found = []
        for each in LEVELS:
            alert = Alert(bar.owner, bar.name, bar.period.number, each)
            if each <= level and alert not in known and await budgets.raise_alert(tx, tenant_id, alert=alert, now=now):
                found.append(alert)
        # One step over both levels is one event: the higher says it all.
        for alert in found[-1:]:
            detail = {"whose": alert.owner, "per_cent": alert.level, "most": bar.most}
            await audit.record(tx, tenant_id, action="budget.alert", subject=alert.budget, detail=detail)
        news += found[-1:]
    return news


def tell(tenant_id: str, alerts: Sequence[Alert]) -> None:
    """To the operator, in the log and in the metrics."""
    for alert in alerts:
        BUDGET_ALERTS.labels(alert.owner, alert.budget, str(alert.level)).inc()
        log.warning(
            "budget used",
            tenant=logs.tenant_hash(tenant_id),
            whose=alert.owner,
            budget=alert.budget,
            per_cent=alert.level,
        )
