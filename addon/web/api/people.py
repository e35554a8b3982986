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
    """The runs with the names of those who asked for them or judged their items, found with one question to Jira."""
    people = [run["asked_by"]["account_id"] for run in runs if run["asked_by"]]
    people += [by["account_id"] for run in runs for by in _judges(run.get("verdicts") or {})]
    names = await names_of(jira, tenant, account_ids=list(dict.fromkeys(people)))
    return [_with_names(run, names) for run in runs]


async def judged_by_name(jira: Jira, tenant: Tenant, *, verdicts: dict[str, Any]) -> dict[str, Any]:
    """The verdicts of one run with the names of those who gave them."""
    people = [by["account_id"] for by in _judges(verdicts)]
    return _named_verdicts(verdicts, await names_of(jira, tenant, account_ids=list(dict.fromkeys(people))))


def _judges(verdicts: dict[str, Any]) -> list[dict[str, str]]:
    return [said["by"] for part in verdicts.values() for said in part.values() if said["by"]]


def _with_names(run: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    by = run["asked_by"]
    shown = {**run, "asked_by": {**by, "name": names.get(by["account_id"], "")}} if by else run
    verdicts = run.get("verdicts")
    return {**shown, "verdicts": _named_verdicts(verdicts, names)} if verdicts else shown


def _named_verdicts(verdicts: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {
        part: {
            item: {**said, "by": {**by, "name": names.get(by["account_id"], "")} if (by := said["by"]) else None}
            for item, said in items.items()
        }
        for part, items in verdicts.items()
    }


async def names_of(jira: Jira, tenant: Tenant, *, account_ids: Sequence[str]) -> dict[str, str]:
    """Names by account id, as far as Jira tells them; nothing is asked for nobody."""
    if not account_ids:
        return {}
    try:
        return await users.display_names(jira.as_app(tenant.site), account_ids)
    # A page without a name is better than no page.
    except JiraError:
        return {}
