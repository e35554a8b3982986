"""How the server is set up, told to go, and what it says when it cannot start."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn

from addon.cli.serve import Doorstep, Server, config
from addon.errors import Unavailable
from addon.settings import Settings

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Lifespan:
    """An application whose start fails with an error, as Starlette reports it, or does not."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if self.error is not None:
            await send({"type": "lifespan.startup.failed", "message": "a long traceback"})
            raise self.error
        await send({"type": "lifespan.startup.complete"})


async def started(application: Any, kind: str = "lifespan") -> tuple[Doorstep, list[Any]]:
    doorstep, sent = Doorstep(application), []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    await doorstep({"type": kind}, receive, send)
    return doorstep, sent


async def test_an_error_of_ours_is_kept_and_its_traceback_is_not_shown() -> None:
    error = Unavailable("the database is away")
    doorstep, sent = await started(Lifespan(error))
    assert doorstep.error is error
    assert sent == [{"type": "lifespan.startup.failed", "message": ""}]


async def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        await started(Lifespan(ZeroDivisionError()))


async def test_a_good_start_and_every_request_pass_through() -> None:
    doorstep, sent = await started(Lifespan(None))
    assert (doorstep.error, sent) == (None, [{"type": "lifespan.startup.complete"}])
    _, sent = await started(Lifespan(None), "http")
    assert sent == [{"type": "lifespan.startup.complete"}]


async def test_a_start_that_waits_is_given_up_by_who_is_told_to_go() -> None:
    told, sent = asyncio.Event(), []

    async def waiting(scope: Any, receive: Receive, send: Send) -> None:
        told.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await send({"type": "lifespan.startup.failed", "message": "a long traceback"})
            raise

    async def wait() -> None:
        await told.wait()

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    doorstep = Doorstep(waiting, told=wait)
    async with asyncio.timeout(60):
        await doorstep({"type": "lifespan"}, receive, send)
    assert doorstep.left
    assert sent == [{"type": "lifespan.startup.failed", "message": ""}]


async def test_who_is_up_ends_in_its_own_time() -> None:
    ended: list[bool] = []

    async def application(scope: Any, receive: Receive, send: Send) -> None:
        await send({"type": "lifespan.startup.complete"})
        await asyncio.sleep(0.05)
        ended.append(True)

    async def told() -> None:
        await asyncio.sleep(0.01)

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        pass

    doorstep = Doorstep(application, told=told)
    await doorstep({"type": "lifespan"}, receive, send)
    assert ended == [True]
    assert not doorstep.left


def test_the_server_writes_no_address_into_its_log_and_trusts_no_header() -> None:
    wanted = config(Settings(_env_file=None), Lifespan(None))
    assert not wanted.access_log
    assert not wanted.server_header
    assert not wanted.proxy_headers
    # Without one uvicorn waits for ever for a request that does not end.
    assert wanted.timeout_graceful_shutdown


def test_the_application_hears_of_the_signal_before_uvicorn_waits() -> None:
    told: list[bool] = []
    server = Server(uvicorn.Config(Lifespan(None)), lambda: told.append(server.should_exit))
    server.handle_exit(signal.SIGTERM, None)
    assert told == [False]
    assert server.should_exit
