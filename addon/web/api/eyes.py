"""Reading Jira with the eyes of whoever calls: what Jira would not show them never reaches us."""

from urllib.parse import quote

from addon.errors import Forbidden
from addon.jira.session import Session
from addon.web.security import Caller
from addon.web.state import House


def of(house: House, caller: Caller, *, scope: str = "READ") -> Session:
    """A session as the caller. Raises Forbidden when nobody is signed in."""
    # Never the app's own session instead: it may see far more.
    if not caller.account_id:
        raise Forbidden("Jira did not say who you are; sign in to Jira and try again.")
    return house.jira.as_user(caller.tenant.site, caller.account_id, scope=scope)


def site_url(caller: Caller) -> str:
    """The site's address as people know it, without a trailing slash."""
    return (caller.tenant.display_url or caller.tenant.site.base_url).rstrip("/")


def browse_url(caller: Caller, key: str) -> str:
    """Where a person opens the issue."""
    return f"{site_url(caller)}/browse/{quote(key, safe='')}"
