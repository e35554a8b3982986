"""The AI service: the `llm` room behind HTTP, with a health door and metrics of its own, and nothing else."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from addon.llm.errors import ModelError
from addon.llm.models import Models
from addon.llm.remote_wire import Given, told
from addon.observe import metrics
from addon.settings import Settings
from addon.web.ai_service.asking import AskStream, Counter, unless_gone
from addon.web.ai_service.shapes import SHAPES
from addon.web.ai_service.trust import Trust
from addon.web.drain import Drain
from addon.web.errors import Errors
from addon.web.health import Operator
from addon.web.middleware import MB, Bodies, Conversation

BODY_BYTES = 8 * MB
NAME = "jiravision-ai"


@dataclass(frozen=True, slots=True)
class Hall:
    """What routes that are shared with the host know of this process."""

    settings: Settings


def create_service(settings: Settings) -> FastAPI:
    """The application, to be served on settings.host. Raises Misconfigured when its door would stand open."""
    trust = Trust.of(settings, name=NAME)
    models = Models()
    counter = Counter(models, trust.believer, envelope=trust.envelope, most=settings.ai_slots)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            app.state.drain.begin()
            await models.close()
            await trust.close()

    app = FastAPI(
        title="JiraVision AI service",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.drain = Drain()
    app.state.house = Hall(settings)
    # The host's own words for errors, so that both sides of the door speak alike.
    Errors(_NoPages(), pages_below="/ui/", debug=False).install(app)
    app.include_router(_asks(counter))
    app.include_router(_probes(app.state.drain))
    app.add_middleware(Bodies, limits={"/ai/": BODY_BYTES}, json_below="/ai/")
    app.add_middleware(Conversation, https=False)
    return app


class _NoPages:
    """The service has no pages that a refusal could be shown in."""

    def refusal(self, request: Request, status: int, *, code: str, headers: Mapping[str, str]) -> Response:
        return JSONResponse({"error": code}, status, dict(headers))


def _asks(counter: Counter) -> APIRouter:
    routes = APIRouter()
    for room in SHAPES:
        routes.add_api_route(f"/ai/{room}", _whole(counter, room), methods=["POST"], response_model=None)
        routes.add_api_route(f"/ai/{room}/stream", _streamed(counter, room), methods=["POST"], response_model=None)
    return routes


def _whole(counter: Counter, room: str) -> Callable[..., object]:
    async def ask(request: Request) -> Response:
        """The answer, or the error of the model with its status."""
        wanted = await counter.taken(request, room)
        with counter.place():
            try:
                # A caller that hangs up must not leave a model at work that nobody reads.
                answer = await unless_gone(request.receive, counter.answer(wanted))
            except ModelError as error:
                wait = {} if error.retry_after_s is None else {"Retry-After": str(max(1, round(error.retry_after_s)))}
                return JSONResponse(told(error), error.status, wait)
        return JSONResponse(Given.of(answer).model_dump())

    return ask


def _streamed(counter: Counter, room: str) -> Callable[..., object]:
    async def stream(request: Request) -> Response:
        """The growing answer as events."""
        return AskStream(counter, await counter.taken(request, room))

    return stream


def _probes(drain: Drain) -> APIRouter:
    routes = APIRouter()

    @routes.get("/health")
    @routes.get("/health/live")
    async def live() -> dict[str, str]:
        """200 while the event loop turns."""
        return {"status": "ok", "name": NAME}

    @routes.get("/health/ready")
    async def ready() -> Response:
        """503 once the process was told to go; models being away does not count against it."""
        return JSONResponse({"status": "draining" if drain.begun else "ok"}, 503 if drain.begun else 200)

    @routes.get("/metrics")
    async def counted(_: Operator) -> Response:
        """Prometheus' text format, for the operator."""
        return Response(metrics.exposition(), headers={"Content-Type": metrics.CONTENT_TYPE})

    return routes
