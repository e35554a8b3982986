"""What a person may do, asked of Jira itself: nobody sees or causes through us what Jira would not let them."""

import time
from collections.abc import Callable, Iterable
from typing import Protocol, TypeGuard

from addon.errors import Forbidden, NotFound
from addon.jira.client import Jira
from addon.jira.permissions import check
from addon.jira.site import Site

BROWSE = "BROWSE_PROJECTS"
COMMENT = "ADD_COMMENTS"
EDIT = "EDIT_ISSUES"
CREATE = "CREATE_ISSUES"
DELETE = "DELETE_ISSUES"
DELETE_COMMENTS = "DELETE_ALL_COMMENTS"
ADMINISTER_PROJECT = "ADMINISTER_PROJECTS"
ADMINISTER = "ADMINISTER"

GRANTED_S = 60.0
DENIED_S = 5.0
"""A right just given should work soon; a right just taken is honoured within GRANTED_S."""
CACHE_SIZE = 20_000

ISSUE_RIGHTS = (BROWSE, COMMENT, EDIT, DELETE, DELETE_COMMENTS)
PROJECT_RIGHTS = (BROWSE, CREATE, DELETE, ADMINISTER_PROJECT)
IN_WORDS = {
    COMMENT: "comment on this issue",
    EDIT: "edit this issue",
    CREATE: "create issues in this project",
    DELETE: "delete issues in this project",
    DELETE_COMMENTS: "delete comments of others on this issue",
    ADMINISTER_PROJECT: "administer this project",
    ADMINISTER: "administer this Jira site",
}

Key = tuple[str, str, str, str]
"""(tenant id, account id, kind of object, its id): an answer is never shared between people or sites."""


class Holder(Protocol):
    """What Access needs to know of a tenant."""

    @property
    def id(self) -> str: ...
    @property
    def site(self) -> Site: ...


class Access:
    """Asks Jira, as the app, what an account may do; one call covers all rights on an object, for a minute."""

    def __init__(self, jira: Jira, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._jira = jira
        self._clock = clock
        self._known: dict[Key, tuple[float, frozenset[str]]] = {}

    async def require_issue(
        self, tenant: Holder, account_id: str | None, issue_id: str | None, *permissions: str
    ) -> None:
        """Raises NotFound when the account may not see the issue, Forbidden naming the first other right it lacks."""
        rights = await self.issue_rights(tenant, account_id, issue_id=issue_id)
        _require(rights, permissions, unseen="There is no such issue, or you may not see it.")

    async def require_project(
        self, tenant: Holder, account_id: str | None, project_id: str | None, *permissions: str
    ) -> None:
        """Raises NotFound when the account may not see the project, Forbidden naming the first other right it lacks."""
        rights = await self.project_rights(tenant, account_id, project_id=project_id)
        _require(rights, permissions, unseen="There is no such project, or you may not see it.")

    async def require_site_admin(self, tenant: Holder, account_id: str | None) -> None:
        """Raises Forbidden unless the account administers the site."""
        person = _person(account_id)
        if ADMINISTER not in await self._rights(tenant, (tenant.id, person, "site", "")):
            raise Forbidden(f"You need the right to {IN_WORDS[ADMINISTER]}.")

    async def issue_rights(self, tenant: Holder, account_id: str | None, *, issue_id: str | None) -> frozenset[str]:
        """The subset of ISSUE_RIGHTS held; empty for an id that is none. Raises what Jira's client raises."""
        person = _person(account_id)
        return await self._rights(tenant, (tenant.id, person, "issue", issue_id)) if _is_id(issue_id) else frozenset()

    async def project_rights(self, tenant: Holder, account_id: str | None, *, project_id: str | None) -> frozenset[str]:
        """The subset of PROJECT_RIGHTS held; who administers the site administers each project it may see."""
        person = _person(account_id)
        return (
            await self._rights(tenant, (tenant.id, person, "project", project_id))
            if _is_id(project_id)
            else frozenset()
        )

    async def visible_issues(
        self, tenant: Holder, account_id: str | None, *, issue_ids: Iterable[str]
    ) -> frozenset[str]:
        """Those of the issues (at most 1000) the account may see: a project may hold some it may not."""
        person = _person(account_id)
        # Not kept: lists are long, and each issue is asked for again when somebody opens it.
        wanted = sorted({issue_id for issue_id in issue_ids if _is_id(issue_id)})[:1000]
        if not wanted:
            return frozenset()
        granted = await check(self._jira.as_app(tenant.site), person, project_permissions=(BROWSE,), issue_ids=wanted)
        return granted.issue.get(BROWSE, frozenset())

    def forget(self, tenant_id: str) -> None:
        """Drop what is known of a tenant, after it was installed anew or left."""
        for key in [key for key in self._known if key[0] == tenant_id]:
            del self._known[key]

    async def _rights(self, tenant: Holder, key: Key) -> frozenset[str]:
        now = self._clock()
        known = self._known.get(key)
        if known and known[0] > now:
            return known[1]
        rights = await self._ask(tenant, key)
        if len(self._known) >= CACHE_SIZE:
            # Full: what is over goes first, and all of it when nothing is. Asking Jira again is never wrong.
            self._known = {k: v for k, v in self._known.items() if v[0] > now}
        if len(self._known) >= CACHE_SIZE:
            self._known.clear()
        # Counted from before the question: a slow answer must not stretch the minute.
        self._known[key] = (now + (GRANTED_S if rights else DENIED_S), rights)
        return rights

    async def _ask(self, tenant: Holder, key: Key) -> frozenset[str]:
        _, account_id, kind, object_id = key
        # As the app, which may ask about anybody; as the person it would need a token of theirs first.
        session = self._jira.as_app(tenant.site)
        if kind == "site":
            granted = await check(session, account_id, global_permissions=(ADMINISTER,))
            return frozenset(granted.global_)
        if kind == "issue":
            granted = await check(session, account_id, project_permissions=ISSUE_RIGHTS, issue_ids=(object_id,))
            return _holding(granted.issue, object_id)
        granted = await check(
            session,
            account_id,
            global_permissions=(ADMINISTER,),
            project_permissions=PROJECT_RIGHTS,
            project_ids=(object_id,),
        )
        # A site administrator can give themselves any right in a project, but not see one that is hidden from them.
        rights = _holding(granted.project, object_id)
        return rights | {ADMINISTER_PROJECT} if BROWSE in rights and ADMINISTER in granted.global_ else rights


def _holding(granted: dict[str, frozenset[str]], object_id: str) -> frozenset[str]:
    return frozenset(permission for permission, ids in granted.items() if object_id in ids)


def _person(account_id: str | None) -> str:
    if not account_id:
        raise Forbidden("Jira did not say who you are; sign in to Jira and try again.")
    return account_id


def _is_id(value: str | None) -> TypeGuard[str]:
    # `isdigit` alone would take digits of other scripts, which Jira reads as something else.
    return value is not None and value.isascii() and value.isdigit() and len(value) <= 18


def _require(rights: frozenset[str], permissions: Iterable[str], *, unseen: str) -> None:
    if BROWSE not in rights:
        raise NotFound(unseen)
    for permission in permissions:
        if permission not in rights:
            raise Forbidden(f"You need the right to {IN_WORDS.get(permission, permission)}.")
