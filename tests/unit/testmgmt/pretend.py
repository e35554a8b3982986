"""The pretend Xray and Zephyr Scale behind an in-process wire that can lose answers, and the clients in front of it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.routing import Route

from addon.testmgmt.tools import Tools
from addon.testmgmt.xray import XrayAccess
from addon.testmgmt.zephyr import ZephyrAccess
from sandbox.seed import fill
from sandbox.site import Site
from sandbox.tools import ToolGate
from sandbox.webhooks import Webhooks
from sandbox.xray import Xray
from sandbox.zephyr import Zephyr

ROOT = "https://tools.test"


class Wire(httpx2.AsyncBaseTransport):
    """lost: operations (part of the path or of the body) whose next answer never arrives. said: all that was sent."""

    def __init__(self, app: Starlette) -> None:
        self._inner = httpx2.ASGITransport(app)
        self.lost: list[str] = []
        self.answers: list[httpx2.Response] = []
        self.said: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.said.append(request)
        if self.answers:
            return self.answers.pop(0)
        answer = await self._inner.handle_async_request(request)
        sent = request.url.path + request.content.decode()
        for word in self.lost:
            if word in sent:
                self.lost.remove(word)
                raise httpx2.ReadError("the connection broke")
        return answer

    def bodies(self, part: str) -> list[Any]:
        return [json.loads(r.content) for r in self.said if part in r.url.path + r.content.decode() and r.content]


@dataclass
class Bench:
    """One site with both tools, connected."""

    site: Site
    wire: Wire
    tools: Tools
    elsewhere: str | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def xray_access(self) -> XrayAccess:
        return XrayAccess(f"{ROOT}/xray", self.site.xray_client_id, self.site.xray_secret)

    @property
    def zephyr_access(self) -> ZephyrAccess:
        return ZephyrAccess(f"{ROOT}/zephyr/v2", self.site.zephyr_token)

    async def xray(self, tenant_id: str = "", project_id: str = "") -> Any:
        """As `policy.places.Places` answers."""
        return self.tools.xray(self.xray_access), self.elsewhere

    async def zephyr(self, tenant_id: str = "", project_id: str = "") -> Any:
        return self.tools.zephyr(self.zephyr_access), self.elsewhere

    @property
    def wrong(self) -> list[str]:
        """What the tools called wrong in our requests."""
        return [complaint["what"] for complaint in self.site.complaints if complaint["wrong"]]


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    site = Site("Northwind", "https://acme-demo.atlassian.net", ROOT)
    fill(site)
    async with httpx2.AsyncClient() as client:
        hooked = [(site, Webhooks(site, client))]
        gates = [ToolGate(Xray(hooked), "/xray"), ToolGate(Zephyr(hooked), "/zephyr/v2")]
        wire = Wire(Starlette(routes=[Route(f"{gate.root}/{{path:path}}", gate) for gate in gates]))
        tools = Tools("tests", wire)
        try:
            yield Bench(site, wire, tools)
        finally:
            await tools.close()
