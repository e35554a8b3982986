"""A Jira for unit tests behind httpx2.MockTransport: it knows who holds which right, some issues, and counts calls."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from addon.jira.client import Jira
from addon.jira.site import Site

ALL_RIGHTS = ("BROWSE_PROJECTS", "ADD_COMMENTS", "EDIT_ISSUES", "CREATE_ISSUES", "ADMINISTER_PROJECTS")
SECRET = "shared-secret-of-a-test-site-0123456789"


def site(name: str = "acme") -> Site:
    return Site(
        client_key=f"client-{name}",
        base_url=f"https://{name}.atlassian.net",
        shared_secret=f"{SECRET}-{name}",
        app_key="com.jiravision.addon",
        oauth_client_id=None,
    )


@dataclass
class PretendJira:
    """rights: (account id, "issue" | "project" | "global", id) -> permissions.

    down: refuses everything, in a way that is not tried again. unwelcome: takes no token of the add-on any more.
    """

    rights: dict[tuple[str, str, str], frozenset[str]] = field(default_factory=dict)
    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    projects: dict[str, dict[str, Any]] = field(default_factory=dict)
    fields: list[dict[str, Any]] = field(default_factory=list)
    found: list[dict[str, Any]] = field(default_factory=list)
    down: bool = False
    unwelcome: bool = False
    comments: list[dict[str, Any]] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)

    def grant(self, account_id: str, kind: str, object_id: str, *permissions: str) -> None:
        self.rights[account_id, kind, object_id] = frozenset(permissions)

    def add_issue(self, issue_id: str, key: str, project_id: str = "10000") -> None:
        document = {
            "id": issue_id,
            "key": key,
            "fields": {
                "summary": "As a buyer I want to pay by card",
                "issuetype": {"id": "10001", "name": "Story", "subtask": False},
                "project": {"id": project_id, "key": key.split("-")[0], "name": "Alpha"},
            },
        }
        self.issues[issue_id] = self.issues[key] = document

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.answer)

    def client(self) -> Jira:
        return Jira(oauth_url="https://oauth.invalid", user_agent="test", transport=self.transport)

    def calls(self, path_part: str) -> int:
        return sum(path_part in request.url.path for request in self.requests)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.unwelcome:
            return httpx2.Response(401)
        if self.down:
            return httpx2.Response(400, json={"errorMessages": ["pretending"]})
        path = request.url.path
        if path.endswith("/permissions/check"):
            return httpx2.Response(200, json=self._granted(json.loads(request.content)))
        name = path.rsplit("/", 1)[-1]
        if "/issue/" in path and name in self.issues:
            return httpx2.Response(200, json=self.issues[name])
        if "/project/" in path and name in self.projects:
            return httpx2.Response(200, json=self.projects[name])
        if path.endswith("/oauth2/token"):
            return httpx2.Response(200, json={"access_token": "of-a-person", "expires_in": 900})
        if "/search/" in path or "/jql/" in path:
            return httpx2.Response(200, json=self._searched(path, json.loads(request.content or b"{}")))
        if path.endswith("/field"):
            return httpx2.Response(200, json=self.fields)
        if path.endswith("/user/bulk"):
            people = [
                {"accountId": one, "displayName": one.title()} for one in request.url.params.get_list("accountId")
            ]
            return httpx2.Response(200, json={"values": people})
        if path.endswith("/myself"):
            return httpx2.Response(200, json={"accountId": "app-account"})
        if path.endswith("/comment"):
            return self._comment(request)
        return httpx2.Response(404, json={"errorMessages": ["Not there, or you may not see it."]})

    def _searched(self, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Every query finds `found`; one about colours is refused by the parser."""
        if path.endswith("/parse"):
            (query,) = asked["queries"]
            errors = ["Field 'colour' does not exist."] if "colour" in query else []
            return {"queries": [{"query": query, "errors": errors}]}
        return {"issues": self.found[: asked.get("maxResults", 0)], "isLast": True, "count": len(self.found)}

    def _comment(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json={"startAt": 0, "total": 0, "comments": []})
        self.comments.append(json.loads(request.content))
        return httpx2.Response(201, json={"id": str(20_000 + len(self.comments))})

    def _granted(self, asked: dict[str, Any]) -> dict[str, Any]:
        who = asked["accountId"]
        everywhere = self.rights.get((who, "global", ""), frozenset())
        found: list[dict[str, Any]] = []
        for part in asked.get("projectPermissions", []):
            for permission in part["permissions"]:
                issues = self._holding(who, "issue", part.get("issues", []), permission)
                projects = self._holding(who, "project", part.get("projects", []), permission)
                if issues or projects:
                    found.append({"permission": permission, "issues": issues, "projects": projects})
        return {
            "globalPermissions": [name for name in asked.get("globalPermissions", []) if name in everywhere],
            "projectPermissions": found,
        }

    def _holding(self, who: str, kind: str, ids: Iterable[int], permission: str) -> list[int]:
        return [number for number in ids if permission in self.rights.get((who, kind, str(number)), frozenset())]
