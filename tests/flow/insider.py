"""What one site and the add-on know of each other, in the hands of a test: tokens as Jira makes them, and others.

REFERENCE is sent as X-Request-Id by all of it, so that answers which should be the same are the same byte for byte.
"""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2
import jwt

from tests.stack import JiraSite, Stack, eventually

CONTEXT = "context-qsh"
REFERENCE = "0123456789abcdef"
NEVER_USED = "01900000-0000-7000-8000-000000000000"
"""The id of no run."""


@dataclass
class Insider:
    """One site of a running stack. secret: shared by the site and the add-on when asked. app: what Jira knows of us."""

    stack: Stack
    site: JiraSite
    client_key: str
    secret: str = field(repr=False)
    people: dict[str, str]
    app: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, stack: Stack, number: int = 0) -> "Insider":
        known = stack.site(number).ask("GET", "/state")
        installed = known["installation"]
        app = {"key": installed["key"], "oauthClientId": installed["oauth_client_id"]}
        return cls(stack, stack.site(number), installed["client_key"], installed["shared_secret"], known["users"], app)

    def token(self, person: str | None = "ann", *, qsh: str = CONTEXT, **changes: Any) -> str:
        """Signed by the site. person: a short name, None for nobody; a change to None leaves the claim out."""
        now = int(time.time())
        made = {"iss": self.client_key, "iat": now, "exp": now + 900, "qsh": qsh, "context": {}}
        if person:
            made["sub"] = self.people.get(person, person)
        claims = {name: value for name, value in (made | changes).items() if value is not None}
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def call(self, method: str, path: str, person: str | None = "ann", body: Any = None) -> httpx2.Response:
        """A call of a page of ours. path: below the add-on's address, as in the OpenAPI document."""
        return ask(self.stack, method, path, f"JWT {self.token(person)}", body)

    def by_atlassian(self, path: str, **query: Any) -> str:
        """The token of an install or uninstall of this site, really signed with the install key."""
        return str(self.site.ask("GET", "/token", kind="lifecycle", path=path, **query)["token"])

    def installation(self, event: str = "installed", **changes: Any) -> dict[str, Any]:
        """The body of a lifecycle call that changes nothing; a change to None leaves the field out."""
        made = {
            **self.app,
            "clientKey": self.client_key,
            "sharedSecret": self.secret,
            "baseUrl": self.site.url,
            "displayUrl": self.site.url,
            "productType": "jira",
            "eventType": event,
        }
        return {name: value for name, value in (made | changes).items() if value is not None}

    def lifecycle(self, event: str, token: str | None, **changes: Any) -> httpx2.Response:
        """A lifecycle call with that token and this site's body."""
        authorization = f"JWT {token}" if token is not None else None
        return ask(self.stack, "POST", f"/lifecycle/{event}", authorization, self.installation(event, **changes))

    def works(self, token: str | None = None) -> bool:
        """Whether the add-on still answers this site's people; token: one made before."""
        authorization = f"JWT {token or self.token()}"
        return ask(self.stack, "GET", "/api/v1/usage", authorization).status_code == 200

    def settled(self, issue_id: str, person: str = "tess") -> Any:
        """The newest run of an issue, once it has ended and all it wanted to write is written or given up."""

        def look() -> Any:
            runs = self.site.runs(issue_id, person)
            done = runs and runs[0]["status"] in ("succeeded", "failed", "cancelled")
            return runs[0] if done and all(p["status"] != "pending" for p in runs[0]["publications"]) else None

        return eventually(look, f"settled run of {issue_id}")

    def settings(self, project: str, **changes: Any) -> None:
        answer = self.call("PUT", f"/api/v1/projects/{project}/settings", "ann", changes)
        assert answer.status_code == 200, answer.text


def ask(
    stack: Stack, method: str, path: str, authorization: str | None = None, body: Any = None, **headers: str
) -> httpx2.Response:
    sent = {"X-Request-Id": REFERENCE, **({"Authorization": authorization} if authorization is not None else {})}
    return stack.client.request(method, f"{stack.url}{path}", json=body, headers=sent | headers)


def told(answer: httpx2.Response) -> tuple[int, bytes, dict[str, str]]:
    """All of an answer that a stranger can compare with another one's."""
    return answer.status_code, answer.content, {k: v for k, v in answer.headers.items() if k != "date"}


def paths(stack: Stack) -> dict[str, dict[str, Any]]:
    """ "GET /api/v1/runs/{run_id}" -> what the OpenAPI document of the running server says of it."""
    document = stack.client.get(f"{stack.url}/openapi.json").json()
    return {f"{verb.upper()} {path}": said for path, verbs in document["paths"].items() for verb, said in verbs.items()}


def target(url: str) -> str:
    """Path and query of an address, as on the wire."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
