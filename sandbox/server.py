"""Runs pretend sites, each on its own loopback port, inside the running event loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx2
import uvicorn

from sandbox.app import create_app
from sandbox.world import World

HOST = "127.0.0.1"
STOP_S = 1
BACKLOG = 512


class Quiet(uvicorn.Server):
    """A server that leaves signals to whoever started it, since several share one process, and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def running(sites: int = 1, port: int = 0) -> AsyncIterator[World]:
    """Sites on `port` and the next ports (0: any free ones) until the block ends. Raises OSError for a taken port."""
    sockets = _listening(sites, port)
    addresses = [f"http://{HOST}:{sock.getsockname()[1]}" for sock in sockets]
    # Webhooks of several sites share the client; the default pool would queue them.
    limits = httpx2.Limits(max_connections=100, max_keepalive_connections=50)
    world = World(addresses[0], httpx2.AsyncClient(limits=limits, trust_env=False))
    places = [world.found(address) for address in addresses]
    servers = [Quiet(_config(world, index)) for index in range(len(places))]
    tasks = [asyncio.create_task(server.serve([sock])) for server, sock in zip(servers, sockets, strict=True)]
    try:
        await asyncio.gather(*(server.up.wait() for server in servers))
        yield world
    finally:
        await world.close()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks, return_exceptions=True)


def _config(world: World, index: int) -> uvicorn.Config:
    app = create_app(world, world.places[index])
    return uvicorn.Config(
        app,
        # A dropped connection is ordered trouble here, not an error to log.
        log_level="critical",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=STOP_S,
        server_header=False,
    )


def _listening(sites: int, port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for index in range(sites):
            # Only of a socket that names its protocol does asyncio send what is small at once, not 40 ms later.
            sockets.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            sockets[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sockets[-1].bind((HOST, port + index if port else 0))
            sockets[-1].listen(BACKLOG)
    except OSError:
        for sock in sockets:
            sock.close()
        raise
    return sockets
