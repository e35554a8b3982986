"""The ASGI application of one pretend site."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox import control, ui
from sandbox.auth import grant
from sandbox.tools import ToolGate
from sandbox.world import Place, World

PAGES = Path(__file__).parent / "pages"


def create_app(world: World, place: Place) -> Starlette:
    """REST, control API, pages, bridge, and the shared key and authorization servers."""

    async def install_key(request: Request) -> Response:
        if request.path_params["kid"] != world.keys.kid:
            return PlainTextResponse("Key not found", 404)
        return PlainTextResponse(world.keys.pem, media_type="application/x-pem-file")

    async def token(request: Request) -> Response:
        form = (await request.body()).decode("utf-8", "replace")
        status, answer = grant([p.site for p in world.places], world.bearers, audiences=world.audiences, form=form)
        return JSONResponse(answer, status, {"Cache-Control": "no-store"})

    async def bridge(_: Request) -> Response:
        return FileResponse(PAGES / "all.js", media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    return Starlette(
        routes=[
            Route("/rest/{path:path}", place.gate),
            Route("/xray/{path:path}", ToolGate(world.xray, "/xray")),
            Route("/zephyr/v2/{path:path}", ToolGate(world.zephyr, "/zephyr/v2")),
            Route("/install-keys/{kid}", install_key),
            Route("/oauth/oauth2/token", token, methods=["POST"]),
            Route("/atlassian-connect/all.js", bridge),
            Mount("/atlassian-connect/themes", StaticFiles(directory=PAGES / "themes")),
            Mount("/sandbox/pages", StaticFiles(directory=PAGES)),
            *control.routes(place),
            *ui.routes(place),
        ]
    )
