"""`jiravision serve`: the web server, which also works the queues."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import typer
import uvicorn
from uvicorn.importer import import_from_string

from addon.cli.loading import loading
from addon.cli.memory import give_large_blocks_back
from addon.cli.protocol import Crowd, Protocol, raise_file_limit
from addon.errors import AddonError, Unavailable
from addon.observe.logs import configure
from addon.settings import Settings, load_settings
from addon.store.migrate import migrate

# Doors do not import each other; the server takes its application by name, as uvicorn does.
APPLICATION = "addon.web.app:create_app"
STOP_S = 5
KEEP_ALIVE_S = 65
"""Longer than the 60 s after which common load balancers drop an idle connection, so that they do it first."""
BACKLOG = 2048

Message = dict[str, Any]
app = typer.Typer(add_completion=False)
log = logging.getLogger("addon.serve")


@app.command()
def serve() -> None:
    """Serve the add-on on HOST and PORT until SIGTERM or Ctrl-C.

    Without REDIS_URL this one process does everything, migrations included.

    With it, run `jiravision migrate` before, and `jiravision worker` and `jiravision scheduler` beside it.
    """
    settings = load_settings()
    configure(settings.log_level, settings.log_format)
    give_large_blocks_back()
    Protocol.crowd = Crowd.of(raise_file_limit())
    if not settings.scaled_out:
        # Done here as well as by the application: a database that is away becomes one line and an exit code.
        asyncio.run(migrate(settings.database_url))
    with loading():
        application = import_from_string(APPLICATION)(settings)
    doorstep = Doorstep(application, told=application.state.drain.wait)
    server = Server(config(settings, doorstep), application.state.drain.begin)
    log.info("serving %s on %s:%s", settings.base_url, settings.host, settings.port)
    # uvicorn leaves by itself, without a word, when the start fails; why it did is said below.
    with suppress(SystemExit):
        server.run()
    if doorstep.error is not None:
        raise doorstep.error
    if doorstep.left:
        log.info("told to go before the start was over")
        return
    if not server.started:
        raise Unavailable(f"the server did not start on {settings.host}:{settings.port}; the lines above say why")


def config(settings: Settings, application: Any) -> uvicorn.Config:
    """How uvicorn runs: its fast parts, no access log (addresses hold tokens), no trust in forwarding headers."""
    return uvicorn.Config(
        application,
        # Forwarding headers are not believed: every address comes from BASE_URL.
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
    )


class Server(uvicorn.Server):
    """Tells the application at the first signal, so that open streams end before uvicorn waits for them."""

    def __init__(self, wanted: uvicorn.Config, leave: Callable[[], None]) -> None:
        super().__init__(wanted)
        self._leave = leave

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does, except that being told to go and going is no failure: the process ends with code 0."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._leave()
        super().handle_exit(sig, frame)


class Doorstep:
    """Keeps an AddonError of the start for the command line; uvicorn alone would print a traceback.

    told: returns when this process is to go. left: that was before the start was over, which then was given up.
    """

    def __init__(self, application: Any, *, told: Callable[[], Awaitable[None]] | None = None) -> None:
        self._application = application
        self._told = told
        self._up = False
        self.error: AddonError | None = None
        self.left = False

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] != "lifespan":
            await self._application(scope, receive, send)
            return
        failed: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"].endswith(".failed"):
                failed.append(message)
            else:
                self._up = self._up or message["type"] == "lifespan.startup.complete"
                await send(message)

        try:
            await self._unless_told(self._application(scope, receive, hold))
        except asyncio.CancelledError:
            if not self.left:
                raise
            failed[:] = [{**message, "message": ""} for message in failed]
        except AddonError as error:
            self.error = error
            # uvicorn logs the text of the message, which Starlette fills with the traceback.
            failed[:] = [{**message, "message": ""} for message in failed]
        finally:
            for message in failed:
                await send(message)

    async def _unless_told(self, running: Coroutine[Any, Any, None]) -> None:
        """The whole life of the application; a start that waits for a database is not waited for by who is to go."""
        life = asyncio.ensure_future(running)
        told = asyncio.ensure_future(self._told()) if self._told else None
        if told is not None:
            await asyncio.wait((life, told), return_when=asyncio.FIRST_COMPLETED)
            told.cancel()
            if not life.done() and not self._up:
                self.left = life.cancel()
        await life
