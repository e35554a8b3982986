"""A pretend site with an add-on of paper installed in it: both sides speak HTTP through memory."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from addon.connect.jwt import Impersonation, request_token, user_assertion
from addon.connect.qsh import of_target
from sandbox.app import create_app
from sandbox.signing import InstallKeys
from sandbox.site import Site
from sandbox.world import Place, World

ADDON = "https://addon.example"
SITE = "http://127.0.0.1:9"
KEY = "com.jiravision.addon"
KEYS = InstallKeys()
DESCRIPTOR: dict[str, Any] = {
    "key": KEY,
    "name": "Paper",
    "baseUrl": f"{ADDON}/app",
    "authentication": {"type": "jwt"},
    "scopes": ["READ", "WRITE", "ACT_AS_USER"],
    "lifecycle": {name: f"/lifecycle/{name}" for name in ("installed", "uninstalled", "enabled", "disabled")},
    "translations": {"paths": {"fr-FR": "/translations/fr.json"}},
    "modules": {
        "webhooks": [
            {"event": "jira:issue_created", "url": "/webhooks/issue-created"},
            {"event": "jira:issue_updated", "url": "/webhooks/issue-updated"},
        ],
        "jiraIssueContexts": [
            {
                "key": "panel",
                "name": {"value": "Panel", "i18n": "panel.name"},
                "target": {"type": "web_panel", "url": "/ui/panel?issueId={issue.id}&projectId={project.id}"},
            }
        ],
        "adminPages": [{"key": "admin", "name": {"value": "Administration"}, "url": "/ui/admin"}],
    },
}


@dataclass
class PaperAddon:
    """Answers 204 to every hook unless told otherwise, and keeps what it got. statuses: used up from the left.

    meanwhile: called before each answer.
    """

    requests: list[httpx2.Request] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    descriptor: dict[str, Any] = field(default_factory=lambda: json.loads(json.dumps(DESCRIPTOR)))
    meanwhile: Callable[[], object] = lambda: None

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/atlassian-connect.json"):
            return httpx2.Response(200, json=self.descriptor)
        if request.url.path.endswith("/translations/fr.json"):
            return httpx2.Response(200, json={"panel.name": "Panneau"})
        self.requests.append(request)
        self.meanwhile()
        return httpx2.Response(self.statuses.pop(0) if self.statuses else 204)

    def hooks(self, name: str) -> list[httpx2.Request]:
        return [request for request in self.requests if request.url.path.endswith(f"/{name}")]


@dataclass
class Stage:
    """http: speaks to the site as a browser on this machine would."""

    world: World
    place: Place
    addon: PaperAddon
    http: httpx2.AsyncClient

    @property
    def site(self) -> Site:
        return self.place.site

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, f"{SITE}/sandbox{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ask(self, method: str, target: str, body: Any = None, *, token: str | None = None, **headers: str) -> Any:
        """A request of the add-on, signed unless a token is given. target: below /rest/api/3, query included."""
        installed = self.site.installed
        whole = f"/rest/api/3{target}"
        signed = request_token(KEY, installed.shared_secret, qsh=of_target(method, whole), now=time.time())
        named = {"Authorization": token or f"JWT {signed}", "User-Agent": KEY, **headers}
        content = None if body is None else json.dumps(body).encode()
        return await self.http.request(method, SITE + whole, content=content, headers=named)

    async def bearer(self, slug: str) -> str:
        """The Authorization header of the add-on acting as a user."""
        installed, user = self.site.installed, self.site.user(slug)
        assert user is not None
        person = Impersonation(installed.oauth_client_id, user.account_id, SITE, f"{SITE}/oauth")
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": user_assertion(person, installed.shared_secret, now=time.time()),
        }
        answer = await self.http.post(f"{SITE}/oauth/oauth2/token", data=form)
        assert answer.status_code == 200, answer.text
        return f"Bearer {answer.json()['access_token']}"

    def complaints(self) -> list[str]:
        """What the site says of requests that were wrong."""
        return [complaint["what"] for complaint in self.site.complaints if complaint["wrong"]]

    async def settled(self) -> None:
        """Returns when every webhook under way has come to its end."""
        while self.place.webhooks.tasks:
            await next(iter(self.place.webhooks.tasks))


def doc(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": list(blocks)}


def paragraph(*texts: str) -> dict[str, Any]:
    return {"type": "paragraph", "content": [{"type": "text", "text": text} for text in texts]}


def fields(**more: Any) -> dict[str, Any]:
    """A whole, right body of an issue to create in SHOP."""
    base = {
        "project": {"id": "10010"},
        "issuetype": {"id": "10001"},
        "summary": "A story",
        "description": doc(paragraph("x")),
    }
    return {"fields": {**base, **more}}


def open_world(addon: PaperAddon) -> tuple[World, Place]:
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(addon.answer))
    world = World(SITE, client, KEYS)
    place = world.found(SITE)
    place.site.webhook_retry_s = 0.001
    return world, place


def browser(world: World, place: Place, *, address: str = "127.0.0.1") -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=create_app(world, place), client=(address, 4711))
    return httpx2.AsyncClient(transport=transport)
