"""The web application: every route of the add-on, below the path part of BASE_URL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from addon.house import open_house
from addon.i18n.catalog import Texts
from addon.observe.metrics import app_version
from addon.settings import ROOT, Settings
from addon.web import descriptor, health, lifecycle, pages, static_files, webhooks
from addon.web.api import analyses, projects, publish, runs, site
from addon.web.api.events import Streams
from addon.web.drain import Drain
from addon.web.errors import Errors
from addon.web.health import Readiness
from addon.web.middleware import WEBHOOK_BODY_BYTES, Bodies, Conversation
from addon.web.pages import Pages
from addon.web.security import public
from addon.web.static_files import Assets

ABOUT = """Analyses of Jira issues. Pages send `Authorization: JWT <context token of Jira>`.
Errors are `{"error": code, "detail": text}`."""


def create_app(
    settings: Settings,
    *,
    jira_transport: httpx2.AsyncBaseTransport | None = None,
    llm_transport: httpx2.AsyncBaseTransport | None = None,
) -> FastAPI:
    """The application; what it stands on is opened when it starts and closed when it ends.

    The transports stand in for Jira and for the model in tests. Raises OSError or TemplateError for a broken build.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_house(settings, jira_transport=jira_transport, llm_transport=llm_transport) as house:
            app.state.house = house
            try:
                yield
            finally:
                app.state.drain.begin()

    app = FastAPI(
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
    app.state.streams = Streams()
    _furnish(app, settings)
    return app


def _furnish(app: FastAPI, settings: Settings) -> None:
    base = settings.base_path
    assets = Assets(ROOT / "static")
    framed = Pages(settings, assets, Texts())
    Errors(framed, pages_below=f"{base}/ui/", debug=settings.enable_debug_routes).install(app)
    for routes in (
        health.routes,
        descriptor.router(settings),
        static_files.router(assets),
        pages.router(framed),
        lifecycle.router,
        webhooks.routes,
        analyses.routes,
        runs.routes,
        publish.routes,
        projects.routes,
        site.routes,
        _schema(app, base),
    ):
        app.include_router(routes, prefix=base)
    app.add_middleware(Bodies, limits={f"{base}/webhooks/": WEBHOOK_BODY_BYTES}, json_below=f"{base}/api/")
    # Added last, so outermost: also the answers of the other one pass through it.
    app.add_middleware(Conversation, https=settings.base_url.startswith("https://"))


def _schema(app: FastAPI, base: str) -> APIRouter:
    routes = APIRouter(dependencies=[Depends(public)])

    @routes.get("/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> JSONResponse:
        """What the HTTP API offers, as OpenAPI."""
        return JSONResponse(app.openapi())

    return routes
