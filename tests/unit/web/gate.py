"""A small app with one route of every class, behind the real doors, handlers and store."""

from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
from fastapi import APIRouter, Depends, FastAPI, Response

from addon.jira.install_keys import InstallKeys
from addon.policy.lifecycle import Installation, Lifecycle
from addon.policy.rates import Rates
from addon.policy.tenants import Tenants
from addon.redis.shared import Shared
from addon.redis.windows import Windows
from addon.settings import Settings
from addon.store.db import Database
from addon.store.secrets import Seals
from addon.web import lifecycle
from addon.web.errors import Errors
from addon.web.middleware import Conversation
from addon.web.pages import Pages
from addon.web.security import ApiCaller, Caller, HookCaller, PageCaller, public
from tests import tokens

ROUTES = {
    "page": ("GET", "/addon/ui/panel?issueId=10001"),
    "hook": ("POST", "/addon/webhooks/issue-created?x=1"),
    "api": ("GET", "/addon/api/v1/thing"),
    "installed": ("POST", "/addon/lifecycle/installed"),
    "uninstalled": ("POST", "/addon/lifecycle/uninstalled"),
    "enabled": ("POST", "/addon/lifecycle/enabled"),
    "disabled": ("POST", "/addon/lifecycle/disabled"),
}

router = APIRouter(prefix="/addon")


def _shown(caller: Caller) -> dict[str, Any]:
    where = {"issue": caller.issue_id, "project": caller.project_id}
    return {"tenant": caller.tenant.site.client_key, "account": caller.account_id, **where}


@router.get("/ui/panel")
async def page(caller: PageCaller) -> dict[str, Any]:
    return _shown(caller)


@router.post("/webhooks/issue-created")
async def hook(caller: HookCaller) -> dict[str, Any]:
    return _shown(caller)


@router.get("/api/v1/thing")
async def api(caller: ApiCaller) -> dict[str, Any]:
    return _shown(caller)


@router.get("/free", dependencies=[Depends(public)])
async def free() -> Response:
    return Response("everybody")


router.include_router(lifecycle.router)


@dataclass
class KeyServer:
    """Knows Atlassian's one key; status: what it answers instead of 200."""

    status: int = 200
    asked: list[str] = field(default_factory=list)

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.url.path)
        known = request.url.path == f"/{tokens.KID}" and self.status == 200
        if known:
            return httpx2.Response(200, content=tokens.public_pem())
        return httpx2.Response(404 if self.status == 200 else self.status)


class Gate:
    """The app with what it stands on."""

    def __init__(self, database: Database, seals: Seals, *, debug: bool = False) -> None:
        self._database = database
        self.settings = Settings(base_url=tokens.BASE_URL, addon_key=tokens.APP_KEY, enable_debug_routes=debug)
        self.key_server = KeyServer()
        self.install_keys = InstallKeys("https://keys.example", httpx2.MockTransport(self.key_server))
        self.rates = Rates(Windows(Shared()), self.settings)
        self.tenants = Tenants(database, seals, settings=self.settings)
        self.lifecycle = Lifecycle(
            database, seals, settings=self.settings, tenants=self.tenants, dropped=lambda _: None
        )
        app = FastAPI()
        app.include_router(router)
        app.state.house = self
        # No route of this app renders pages, so the handlers need none.
        Errors(cast("Pages", None), pages_below="/nothing", debug=debug).install(app)
        wrapped = Conversation(app, https=True)
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(wrapped), base_url="https://vision.example.com")

    def now(self) -> float:
        return self._database.now()

    async def close(self) -> None:
        await self.http.aclose()
        await self.install_keys.close()

    async def installed(self, now: float, **changes: Any) -> str:
        """Puts a tenant into the store without asking anybody."""
        site = "https://acme.atlassian.net"
        made = {"client_key": tokens.CLIENT_KEY, "base_url": site, "display_url": site, "shared_secret": tokens.SECRET}
        came = Installation(**{**made, "oauth_client_id": None, "token_id": "token:of the store", **changes})
        return await self.lifecycle.installed(came, now)

    async def call(self, route: str, token: str | None, *, json: object = None, **headers: str) -> httpx2.Response:
        """Sends a token the way this class of route gets it."""
        method, target = ROUTES[route]
        if route == "page" and token is not None:
            target = f"{target}&jwt={token}"
        elif token is not None:
            headers["Authorization"] = f"JWT {token}"
        return await self.http.request(method, target, json=json, headers=headers)

    async def event(self, route: str, token: str | None = None, **changes: Any) -> httpx2.Response:
        """A lifecycle call; by default with the token that Jira would send."""
        method, target = ROUTES[route]
        if token is None and route in ("installed", "uninstalled"):
            token = tokens.of_atlassian(method, target)
        elif token is None:
            token = tokens.for_request(method, target)
        return await self.call(route, token, json=tokens.installation(**{"eventType": route, **changes}))

    async def opens(self, secret: str = tokens.SECRET) -> bool:
        """Whether a page opens with a token under this secret."""
        return (await self.call("page", tokens.for_request(*ROUTES["page"], secret))).status_code == 200
