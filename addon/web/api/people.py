"""People as the API shows them. Names are asked of Jira each time: stored ones would outlive a person's wish."""

from addon.jira import users
from addon.jira.client import Jira
from addon.jira.errors import JiraError
from addon.policy.tenants import Tenant


async def person(jira: Jira, tenant: Tenant, account_id: str | None) -> dict[str, str] | None:
    """{"account_id", "name"}; the name is "" when Jira does not tell it, None stands for nobody."""
    if not account_id:
        return None
    try:
        names = await users.display_names(jira.as_app(tenant.site), [account_id])
    # A page without a name is better than no page.
    except JiraError:
        names = {}
    return {"account_id": account_id, "name": names.get(account_id, "")}
