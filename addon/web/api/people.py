"""People as the API shows them. Names are asked of Jira each time: stored ones would outlive a person's wish."""

from collections.abc import Sequence
from typing import Any

from addon.jira import users
from addon.jira.client import Jira
from addon.jira.errors import JiraError
from addon.policy.tenants import Tenant


async def person(jira: Jira, tenant: Tenant, *, account_id: str | None) -> dict[str, str] | None:
    """{"account_id", "name"}; the name is "" when Jira does not tell it, None stands for nobody."""
    if not account_id:
        return None
    names = await names_of(jira, tenant, account_ids=[account_id])
    return {"account_id": account_id, "name": names.get(account_id, "")}


async def named(jira: Jira, tenant: Tenant, *, runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The runs with the names of those who asked for them, found with one question to Jira, or none for none."""
    asked = [run["asked_by"]["account_id"] for run in runs if run["asked_by"]]
    names = await names_of(jira, tenant, account_ids=asked)
    return [
        {**run, "asked_by": {**by, "name": names.get(by["account_id"], "")}} if (by := run["asked_by"]) else run
        for run in runs
    ]


async def names_of(jira: Jira, tenant: Tenant, *, account_ids: Sequence[str]) -> dict[str, str]:
    """Names by account id, as far as Jira tells them; nothing is asked for nobody."""
    if not account_ids:
        return {}
    try:
        return await users.display_names(jira.as_app(tenant.site), account_ids)
    # A page without a name is better than no page.
    except JiraError:
        return {}
