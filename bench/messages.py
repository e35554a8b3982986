"""Signed requests as Jira sends them, ready to go on the wire."""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

import jwt

from addon.connect import qsh

HOOK = "/webhooks/issue-created"
EMPTY_FIELDS = 40
"""A site has many fields of its own, and a delivery names every one of them."""


@dataclass(frozen=True)
class Signer:
    """A site: who signs, and with what."""

    client_key: str
    secret: str
    base_url: str
    account_id: str

    def token(self, method: str, target: str, *, subject: str | None) -> str:
        return self._signed(qsh.of_target(method, target), subject)

    def context_token(self) -> str:
        """As the bridge hands it to a page."""
        return self._signed(qsh.CONTEXT, self.account_id)

    def _signed(self, claim: str, subject: str | None) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.client_key, "iat": now, "exp": now + 900, "context": {}}
        if subject:
            claims["sub"] = subject
        return jwt.encode(claims | {"qsh": claim}, self.secret, algorithm="HS256")


@dataclass(frozen=True)
class NewIssue:
    """What of an issue its delivery repeats. Ids as Jira's: digits."""

    id: str
    key: str
    project_id: str


def webhook(signer: Signer, issue: NewIssue, path: str = HOOK) -> str:
    """One delivery of `jira:issue_created` as a whole HTTP request."""
    body = json.dumps(payload(signer, issue))
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "User-Agent: Atlassian Webhook HTTP Client",
        f"Authorization: JWT {signer.token('POST', path, subject=None)}",
        "Content-Type: application/json; charset=UTF-8",
        f"Content-Length: {len(body)}",
        f"X-Atlassian-Webhook-Identifier: {uuid.uuid4()}",
        "X-Atlassian-Webhook-Flow: Primary",
    ]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def page(signer: Signer, target: str) -> str:
    """A frame of a person as a whole HTTP request. target: path and query, without a token."""
    token = signer.token("GET", target, subject=signer.account_id)
    return f"GET {target}&jwt={token} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n"


def call(signer: Signer, path: str) -> str:
    """A call of a page of ours as a whole HTTP request."""
    return "\r\n".join(
        [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: JWT {signer.context_token()}", "", ""]
    )


def payload(signer: Signer, issue: NewIssue) -> dict[str, Any]:
    """About 6 KB, which is what Jira sends for an issue with a description of some length."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000+0000", time.gmtime())
    person = _person(signer)
    rest = f"{signer.base_url}/rest/api/2"
    fields: dict[str, Any] = {
        "summary": "As a buyer I want to pay by card",
        "description": "I want to pay quickly so that I get my book.\n\nIt should be user-friendly. " * 20,
        "issuetype": {"self": f"{rest}/issuetype/10001", "id": "10001", "name": "Story", "subtask": False},
        "project": {
            "self": f"{rest}/project/{issue.project_id}",
            "id": issue.project_id,
            "key": "SHOP",
            "name": "Shop",
        },
        "status": {"self": f"{rest}/status/10000", "id": "10000", "name": "To Do"},
        "priority": {"self": f"{rest}/priority/3", "id": "3", "name": "Medium"},
        "labels": ["checkout"],
        "created": now,
        "updated": now,
        **dict.fromkeys(("creator", "reporter", "assignee"), person),
        **{f"customfield_{10_000 + n}": None for n in range(EMPTY_FIELDS)},
    }
    return {
        "timestamp": int(time.time() * 1000),
        "webhookEvent": "jira:issue_created",
        "issue_event_type_name": "issue_created",
        "user": person,
        "issue": {"id": issue.id, "self": f"{rest}/issue/{issue.id}", "key": issue.key, "fields": fields},
    }


def _person(signer: Signer) -> dict[str, Any]:
    picture = "https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net/initials/TT-3.png"
    return {
        "self": f"{signer.base_url}/rest/api/2/user?accountId={signer.account_id}",
        "accountId": signer.account_id,
        "avatarUrls": {f"{size}x{size}": picture for size in (48, 24, 16, 32)},
        "displayName": "Tess Tester",
        "active": True,
        "timeZone": "Europe/Paris",
        "accountType": "atlassian",
    }
