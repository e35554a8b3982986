"""The web application: every route of the add-on, below the path part of BASE_URL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI

from addon.house.opening import open_house
from addon.observe.metrics import app_version
from addon.settings import Settings
from addon.web import routes
from addon.web.api.events import Streams
from addon.web.drain import Drain
from addon.web.health import Readiness
from addon.web.middleware import WEBHOOK_BODY_BYTES, Bodies, Conversation

ABOUT = """Analyses of Jira issues. Pages send `Authorization: JWT <context token of Jira>`.
Errors are `{"error": code, "detail": text}`."""


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
    app.state.streams = Streams(app.state.drain)
    routes.add_to(app, settings)
    base = settings.base_path
    app.add_middleware(Bodies, limits={f"{base}/webhooks/": WEBHOOK_BODY_BYTES}, json_below=f"{base}/api/")
    # Added last, so outermost: also the answers of the other one pass through it.
    app.add_middleware(Conversation, https=settings.base_url.startswith("https://"))
    return app
