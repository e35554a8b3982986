"""The web application: every route of the add-on, below the path part of BASE_URL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from addon.house.health import Readiness
from addon.house.opening import open_house
from addon.observe.metrics import app_version
from addon.settings import Settings
from addon.web import routes
from addon.web.api.events import Streams
from addon.web.drain import Drain
from addon.web.express import Ways
from addon.web.middleware import WEBHOOK_BODY_BYTES, Bodies, Conversation

ABOUT = """Analyses of Jira issues. Pages send `Authorization: JWT <context token of Jira>`.
Errors are `{"error": code, "detail": text}`."""


class Application(FastAPI):
    """FastAPI with a shorter way for what comes most often; it has the same middleware."""

    ways: Ways = {}
    short: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        way = self.ways.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if way is None or not way.takes(scope):
            await super().__call__(scope, receive, send)
            return
        scope["app"], scope["way"] = self, way
        await self.short(scope, receive, send)


class Along:
    """Goes the way that was found."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["way"](scope, receive, send)


def create_app(
    settings: Settings,
    *,
    jira_transport: httpx2.AsyncBaseTransport | None = None,
    llm_transport: httpx2.AsyncBaseTransport | None = None,
    tool_transport: httpx2.AsyncBaseTransport | None = None,
) -> FastAPI:
    """The application; what it stands on is opened when it starts and closed when it ends.

    The transports stand in for Jira, the model and test management tools in tests.
    Raises OSError or TemplateError for a broken build.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_house(
            settings, jira_transport=jira_transport, llm_transport=llm_transport, tool_transport=tool_transport
        ) as house:
            app.state.house = house
            app.state.streams = Streams(app.state.drain, house.between.streams)
            try:
                yield
            finally:
                app.state.drain.begin()

    app = Application(
        title="JiraVision",
        version=app_version(),
        description=ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.drain = Drain()
    app.state.readiness = Readiness()
    app.ways = routes.add_to(app, settings)
    base, https = settings.base_path, settings.base_url.startswith("https://")
    limits, json_below = {f"{base}/webhooks/": WEBHOOK_BODY_BYTES}, f"{base}/api/"
    app.short = Conversation(Bodies(Along(), limits=limits, json_below=json_below), https=https)
    app.add_middleware(Bodies, limits=limits, json_below=json_below)
    # Added last, so outermost: also the answers of the other one pass through it.
    app.add_middleware(Conversation, https=https)
    return app
