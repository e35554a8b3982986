"""Reading accounts."""

from collections.abc import Iterable
from typing import Protocol

from addon.jira.issue import Person
from addon.jira.paths import path
from addon.jira.session import Session
from addon.jira.shape import parts, shaped
from addon.jira.site import Site

_AT_ONCE = 50


class Sessions(Protocol):
    """Who opens sessions; `Jira` does."""

    def as_app(self, site: Site) -> Session: ...


async def own_account(jira: Sessions, site: Site) -> str:
    """The id of the add-on's own account on the site. Raises JiraError."""
    return await myself(jira.as_app(site))


async def myself(session: Session) -> str:
    """The account id behind the session: of the add-on's own user for a session as the app."""
    return shaped(Person, await session.get(path("myself"), operation="myself")).account_id


async def display_names(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Names by account id; accounts that are unknown or hidden are left out."""
    wanted = [one for one in dict.fromkeys(ids) if one]
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        query = [("accountId", one) for one in wanted[start : start + _AT_ONCE]]
        # Without it Jira answers ten accounts, however many are named.
        query.append(("maxResults", str(_AT_ONCE)))
        answer = await session.get(path("user", "bulk"), operation="user.names", query=query)
        people = parts(Person, answer.get("values") if isinstance(answer, dict) else None)
        found.update({one.account_id: one.name for one in people if one.account_id and one.name})
    return found
