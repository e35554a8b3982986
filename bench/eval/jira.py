"""The issues at the other end of the wire: a Jira that answers reads, and remembers whoever wants to write."""

import copy
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import httpx2

from addon.adf.markdown import from_markdown
from addon.adf.nodes import doc
from addon.jira.client import Jira
from addon.jira.session import Session
from addon.jira.site import Site
from bench.eval.cases import Case, Lines

SITE = Site("eval-client", "https://eval.atlassian.net", "s" * 40, "com.jiravision.addon")
READS = ("/issue/bulkfetch", "/comment/list")
TEXT_FIELD = "com.atlassian.jira.plugin.system.customfieldtypes:textarea"
CREATED = "2026-11-02T09:00:00.000+0000"


def number(case: Case) -> str:
    """The id of the case's issue: the same in every run."""
    return str(int(hashlib.sha256(case.id.encode()).hexdigest()[:8], 16) % 900_000 + 100_000)


def key(case: Case) -> str:
    return f"EVAL-{number(case)}"


class CaseJira:
    """One site with the one issue of a case. writes: method and path of what would have changed something."""

    def __init__(self, case: Case) -> None:
        self.writes: list[str] = []
        self._document = document(case)
        self._names = case.issue.fields

    def session(self) -> Session:
        transport = httpx2.MockTransport(self.answer)
        return Jira(oauth_url="https://oauth.invalid", user_agent="eval", transport=transport).as_app(SITE)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/rest/api/3")
        if request.method != "GET" and not path.endswith(READS):
            self.writes.append(f"{request.method} {path}")
            return httpx2.Response(403, json={"errorMessages": ["nothing is written here"]})
        return httpx2.Response(200, json=self._said(path, request))

    def _said(self, path: str, request: httpx2.Request) -> dict[str, Any]:
        if path.endswith("/editmeta"):
            return {"fields": {field: _meta(name) for field, name in _custom(self._names)}}
        if path.endswith("/comment"):
            return dict(self._document["fields"]["comment"])
        if path.endswith("/comment/list"):
            return {"values": self._document["fields"]["comment"]["comments"]}
        if path.endswith("/issue/bulkfetch"):
            asked = json.loads(request.content)["issueIdsOrKeys"]
            return {"issues": [{"id": name, "key": name, "fields": {"security": None}} for name in asked]}
        return copy.deepcopy(self._document)


def document(case: Case) -> dict[str, Any]:
    """The issue as REST v3 gives it."""
    issue = case.issue
    kind = {"id": "10001", "name": issue.type, "subtask": issue.level < 0, "hierarchyLevel": issue.level}
    said = [_comment(at, lines) for at, lines in enumerate(issue.comments)]
    fields: dict[str, Any] = {
        "summary": issue.summary,
        "issuetype": kind,
        "project": {"id": "10010", "key": "EVAL", "name": "Evaluation", "projectTypeKey": "software"},
        "status": {"id": "1", "name": "To Do", "statusCategory": {"key": "new"}},
        "description": adf(issue.description),
        "environment": adf(issue.environment),
        "labels": issue.labels,
        "components": [],
        "issuelinks": [_link(at, *link) for at, link in enumerate(issue.links)],
        "subtasks": [],
        "comment": {"comments": said, "total": len(said), "startAt": 0, "maxResults": 100},
        "created": CREATED,
        "updated": CREATED,
    }
    if issue.parent:
        fields["parent"] = _other("EVAL-1", issue.parent)
    fields |= {field: adf(issue.fields[name]) for field, name in _custom(issue.fields)}
    return {"id": number(case), "key": key(case), "fields": fields}


def adf(text: Lines | dict[str, Any] | None) -> dict[str, Any] | None:
    if text is None:
        return None
    if isinstance(text, list):
        return doc(*from_markdown("\n".join(text)))
    return {**text, "content": [block for one in text.get("content", []) for block in _whole(one)]}


def _whole(block: dict[str, Any]) -> Sequence[Any]:
    """The block as Jira would store it, the short forms of the files written out."""
    if block["type"] == "lines":
        return from_markdown("\n".join(block["lines"]))
    if block["type"] != "grid":
        return [block]
    rows = [_row(cells, "tableHeader" if at == 0 else "tableCell") for at, cells in enumerate(block["rows"])]
    return [{"type": "table", "attrs": {"isNumberColumnEnabled": False, "layout": "default"}, "content": rows}]


def _row(cells: Sequence[str], kind: str) -> dict[str, Any]:
    paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": cell}] if cell else []} for cell in cells]
    return {"type": "tableRow", "content": [{"type": kind, "attrs": {}, "content": [one]} for one in paragraphs]}


def _custom(names: dict[str, Lines]) -> list[tuple[str, str]]:
    """(id, name) of the site's own fields."""
    return [(f"customfield_{10_100 + at}", name) for at, name in enumerate(names)]


def _meta(name: str) -> dict[str, Any]:
    return {"name": name, "schema": {"type": "string", "custom": TEXT_FIELD}, "operations": ["set"]}


def _comment(at: int, lines: Lines) -> dict[str, Any]:
    author = {"accountId": f"person-{at}", "displayName": f"Person {at}", "accountType": "atlassian"}
    return {"id": str(50_000 + at), "author": author, "body": adf(lines), "created": CREATED, "jsdPublic": True}


def _link(at: int, relation: str, title: str) -> dict[str, Any]:
    kind = {"id": "1", "name": relation, "inward": relation, "outward": relation}
    return {"id": str(at), "type": kind, "inwardIssue": _other(f"EVAL-{2 + at}", title)}


def _other(key: str, title: str) -> dict[str, Any]:
    return {"id": key, "key": key, "fields": {"summary": title, "status": {"name": "To Do"}}}
