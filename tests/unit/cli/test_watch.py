"""Watching a run the way the panel does, against an add-on of paper on a real socket."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from addon.cli.watch import Watched, follow
from addon.errors import Unavailable
from sandbox.server import Quiet, running
from sandbox.site import Installation

STREAM = (
    ": hello\n\nid: 1\nevent: stage\ndata: {\"stage\": \"reading\"}\n\n"
    "id: 2\nevent: token\ndata: {\"summary\": \"x\"}\n\nid: 3\nevent: stage\ndata: {\"stage\": \"thinking\"}\n\n"
    "id: 4\nevent: done\ndata: {\"run\": {}}\n\n"
)  # fmt: skip


class PaperAddon:
    """statuses: what the run is at each question. listed: answers to the question for the issue's runs."""

    def __init__(self, statuses: list[str], listed: list[int]) -> None:
        self.statuses = statuses
        self.listed = listed
        self.streams = 0
        self.authorized = True

    async def runs(self, request: Request) -> Response:
        self.authorized &= request.headers["authorization"].startswith("JWT ")
        found = [{"id": "r1", "status": "queued"}] if self.listed.pop(0) else []
        return JSONResponse({"runs": found})

    async def run(self, _: Request) -> Response:
        return JSONResponse({"id": "r1", "status": self.statuses.pop(0), "result": None})

    async def events(self, _: Request) -> Response:
        self.streams += 1
        return Response(STREAM, media_type="text/event-stream")

    async def broken(self, _: Request) -> Response:
        return Response(json.dumps({"error": "internal"}), 500)

    @asynccontextmanager
    async def serving(self, *, broken: bool = False) -> AsyncIterator[str]:
        routes = [
            Route("/api/v1/issues/{id}/runs", self.broken if broken else self.runs),
            Route("/api/v1/runs/{id}", self.run),
            Route("/api/v1/runs/{id}/events", self.events),
        ]
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        server = Quiet(uvicorn.Config(Starlette(routes=routes), log_level="critical", lifespan="off"))
        task = asyncio.create_task(server.serve([sock]))
        await server.up.wait()
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    async with running() as world:
        site = world.places[0].site
        site.installation = Installation(
            "x", {"key": "k", "baseUrl": "https://x"}, site.client_key, "s" * 40, "o", "app"
        )
        yield Watched(site, "10231")


async def test_stages_are_told_once_although_the_stream_is_opened_again(watched: Watched) -> None:
    paper, told = PaperAddon(["running", "succeeded"], [0, 0, 1]), list[str]()
    async with paper.serving() as url:
        run = await follow(url, watched, on_stage=told.append)
    assert run["status"] == "succeeded"
    assert told == ["reading", "thinking"]
    assert paper.streams == 2
    assert paper.authorized


async def test_a_refusal_of_the_add_on_is_told(watched: Watched) -> None:
    async with PaperAddon([], []).serving(broken=True) as url:
        with pytest.raises(Unavailable, match="answered 500"):
            await follow(url, watched, on_stage=print)


async def test_an_add_on_that_is_gone_is_told(watched: Watched) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        await follow("http://127.0.0.1:1", watched, on_stage=print)
