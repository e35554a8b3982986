"""A Jira small enough to read, at the other end of the wire: one project, its issues, comments and fields."""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import httpx2

from addon.jira.client import Jira
from addon.jira.session import Session
from addon.jira.site import Site

SITE = Site("client-1", "https://acme-demo.atlassian.net", "s" * 40, "com.jiravision.addon")
APP_ACCOUNT = "app-account"
Answer = tuple[int, Any]

COMPANY = [{"id": "10001", "name": "Story"}, {"id": "10003", "name": "Sub-task", "subtask": True, "hierarchyLevel": -1}]
TEAM = [{"id": "11001", "name": "Story"}, {"id": "11003", "name": "Subtask", "subtask": True, "hierarchyLevel": -1}]
FRENCH = [
    {"id": "12001", "name": "Récit"},
    {"id": "12003", "name": "Sous-tâche", "subtask": True, "hierarchyLevel": -1},
]


class FakeJira:
    """kinds: issue types of the project. required: fields an issue cannot be created without. said: every request.

    hidden: keys of issues with a security level.

    once: answers in place of the real one, each used once; `after` does the real thing first, as with a lost reply.
    """

    def __init__(self, sample: dict[str, Any] | None = None) -> None:
        self.issues: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.kinds: list[dict[str, Any]] = COMPANY
        self.required: list[dict[str, Any]] = []
        self.editable: dict[str, dict[str, Any]] = {}
        self.project: dict[str, Any] = {"id": "10010", "key": "SHOP", "name": "Shop", "projectTypeKey": "software"}
        self.hidden: set[str] = set()
        self.link_types = [{"id": "10300", "name": "Test", "inward": "is tested by", "outward": "tests"}]
        self.said: list[tuple[str, str, Any, httpx2.Headers]] = []
        self.once: list[tuple[str, str, Answer, bool]] = []
        self.issue = self.add(sample or story())

    def add(self, sample: dict[str, Any]) -> dict[str, Any]:
        issue = copy.deepcopy(sample)
        self.issues[issue["id"]] = issue
        self.comments[issue["id"]] = list(issue["fields"].get("comment", {}).get("comments", []))
        return issue

    def session(self, answer: Callable[[httpx2.Request], httpx2.Response] | None = None) -> Session:
        transport = httpx2.MockTransport(answer or self.answer)
        return Jira(oauth_url="https://oauth.test", user_agent="tests", transport=transport).as_app(SITE)

    def next(self, method: str, path: str, status: int, body: Any = None, *, after: bool = False) -> None:
        self.once.append((method, path, (status, body), after))

    def writes(self) -> list[tuple[str, str]]:
        """Method and path of everything that changed something."""
        reads = ("/comment/list", "/issue/bulkfetch")
        return [(m, p) for m, p, _, _ in self.said if m != "GET" and not p.endswith(reads)]

    def ours(self, issue_id: str | None = None) -> list[dict[str, Any]]:
        key = SITE.app_key
        found = self.comments[issue_id or self.issue["id"]]
        return [one for one in found if any(item["key"] == key for item in one.get("properties", []))]

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/rest/api/3")
        body = json.loads(request.content) if request.content else None
        self.said.append((request.method, path, body, request.headers))
        for number, (method, pattern, (status, said), after) in enumerate(self.once):
            if method == request.method and re.fullmatch(pattern, path):
                del self.once[number]
                if after:
                    self._real(request.method, path, body)
                return httpx2.Response(status, json=said if said is not None else {})
        status, said = self._real(request.method, path, body)
        return httpx2.Response(status, json=said) if said is not None else httpx2.Response(status)

    def _real(self, method: str, path: str, body: Any) -> Answer:
        routes: list[tuple[str, str, Callable[..., Answer]]] = [
            (
                "GET",
                r"/issue/createmeta/[^/]+/issuetypes",
                lambda: (200, {"issueTypes": self.kinds, "total": len(self.kinds)}),
            ),
            (
                "GET",
                r"/issue/createmeta/[^/]+/issuetypes/[^/]+",
                lambda: (200, {"fields": self.required, "total": len(self.required)}),
            ),
            ("GET", r"/issue/([^/]+)/editmeta", lambda _: (200, {"fields": self.editable})),
            ("GET", r"/issue/([^/]+)/comment", self._comments),
            ("POST", r"/issue/([^/]+)/comment", lambda i: self._comment(i, body)),
            ("PUT", r"/issue/([^/]+)/comment/([^/]+)", lambda i, c: self._replace(i, c, body)),
            ("POST", r"/comment/list", lambda: self._listed(body)),
            ("POST", r"/issue/bulkfetch", lambda: self._fetched(body)),
            ("GET", r"/project/([^/]+)", lambda _: (200, self.project)),
            ("GET", r"/issue/([^/]+)", self._get),
            ("PUT", r"/issue/([^/]+)", lambda i: self._edit(i, body)),
            ("POST", r"/issue", lambda: self._create(body)),
            ("DELETE", r"/issue/([^/]+)", self._delete),
            ("DELETE", r"/issue/([^/]+)/comment/([^/]+)", self._delete_comment),
            ("GET", r"/issueLinkType", lambda: (200, {"issueLinkTypes": self.link_types})),
            ("POST", r"/issueLink", lambda: self._link(body)),
        ]
        for wanted, pattern, act in routes:
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                return act(*found.groups())
        return 404, {"errorMessages": ["no such thing"]}

    def _get(self, issue_id: str) -> Answer:
        return (200, self.issues[issue_id]) if issue_id in self.issues else (404, {"errorMessages": ["gone"]})

    def _edit(self, issue_id: str, body: Any) -> Answer:
        if issue_id not in self.issues:
            return 404, {"errorMessages": ["gone"]}
        self.issues[issue_id]["fields"] |= body["fields"]
        return 204, None

    def _create(self, body: Any) -> Answer:
        number = 20_000 + len(self.issues)
        made = {"id": str(number), "key": f"SHOP-{number}", "fields": body["fields"], "made": body["properties"]}
        made["properties"] = {item["key"]: item["value"] for item in body["properties"]}
        self.issues[made["id"]] = made
        parent = self.issues[body["fields"]["parent"]["id"]]["fields"]
        parent["subtasks"] = [*parent.get("subtasks", []), {"id": made["id"], "key": made["key"]}]
        return 201, {"id": made["id"], "key": made["key"]}

    def _delete(self, issue_id: str) -> Answer:
        return (204, None) if self.issues.pop(issue_id, None) else (404, {"errorMessages": ["gone"]})

    def _delete_comment(self, issue_id: str, comment_id: str) -> Answer:
        left = [one for one in self.comments[issue_id] if one["id"] != comment_id]
        found = len(left) < len(self.comments[issue_id])
        self.comments[issue_id] = left
        return (204, None) if found else (404, {"errorMessages": ["gone"]})

    def _link(self, body: Any) -> Answer:
        link = {"type": body["type"], "inwardIssue": body["inwardIssue"]}
        fields = self.issues[body["outwardIssue"]["id"]]["fields"]
        fields["issuelinks"] = [*fields.get("issuelinks", []), link]
        return 201, None

    def _comments(self, issue_id: str) -> Answer:
        found = [{k: v for k, v in one.items() if k != "properties"} for one in self.comments[issue_id]]
        return 200, {"comments": found, "total": len(found), "startAt": 0, "maxResults": 100}

    def _comment(self, issue_id: str, body: Any) -> Answer:
        number = str(50_000 + sum(map(len, self.comments.values())))
        made = {"id": number, "author": {"accountId": APP_ACCOUNT, "accountType": "app"}, "created": 0, **body}
        self.comments[issue_id].append(made)
        return 201, made

    def _replace(self, issue_id: str, comment_id: str, body: Any) -> Answer:
        for one in self.comments[issue_id]:
            if one["id"] == comment_id:
                one["body"] = body["body"]
                return 200, one
        return 404, {"errorMessages": ["gone"]}

    def _listed(self, body: Any) -> Answer:
        wanted = {str(number) for number in body["ids"]}
        return 200, {"values": [one for found in self.comments.values() for one in found if one["id"] in wanted]}

    def _fetched(self, body: Any) -> Answer:
        return 200, {"issues": [self.issues.get(name) or self._neighbour(name) for name in body["issueIdsOrKeys"]]}

    def _neighbour(self, key: str) -> dict[str, Any]:
        """An issue nobody made here, as far as anybody asks about it."""
        level = {"id": "1", "name": "Managers"} if key in self.hidden else None
        return {"id": key, "key": key, "fields": {"security": level}}


def story(**fields: Any) -> dict[str, Any]:
    kind = {"id": "10001", "name": "Story", "subtask": False, "hierarchyLevel": 0}
    project = {"id": "10010", "key": "SHOP", "projectTypeKey": "software"}
    base = {"summary": "Explain why a voucher was refused", "description": None, "issuetype": kind, "project": project}
    return {"id": "10231", "key": "SHOP-142", "fields": {**base, **fields}}
