"""Callers without haste are hung up on, and who comes meanwhile is served; over real sockets."""

import asyncio
import logging
import resource
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, ClassVar

import pytest
import uvicorn
import uvloop

from addon.cli.protocol import Crowd, Protocol, raise_file_limit

pytestmark = pytest.mark.faults

HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
SHORT_S = 0.2
ANSWERS = {"/large": b"x" * 2_000_000, "/small": b"x" * 60_000}
"""Both are more than the system here takes off our hands; the server is told only of the first that it waits."""
Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def application(scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """/stream answers a byte each 50 ms for 0.6 s; everything else takes the body and answers at once, see ANSWERS."""
    if scope["path"] != "/stream":
        while (await receive()).get("more_body"):
            pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/stream":
        for _ in range(12):
            await send({"type": "http.response.body", "body": b".", "more_body": True})
            await asyncio.sleep(0.05)
    await send({"type": "http.response.body", "body": ANSWERS.get(scope["path"], b"end")})


class Door:
    def __init__(self, port: int) -> None:
        self.port = port
        self.opened: list[Wire] = []

    async def dial(self, sent: bytes) -> Wire:
        wire = await asyncio.open_connection("127.0.0.1", self.port)
        self.opened.append(wire)
        wire[1].write(sent)
        await wire[1].drain()
        return wire

    async def ask(self, path: str = "/") -> bytes:
        reader, _ = await self.dial(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())
        return await asyncio.wait_for(reader.read(), 30)


@asynccontextmanager
async def opened(
    *, most: int = 100, head_s: float = SHORT_S, read_s: float = SHORT_S, held: int = 8192, **more: Any
) -> AsyncIterator[Door]:
    """held: bytes of answers that the system takes off our hands, more or less."""

    class Small(Protocol):
        HEAD_S: ClassVar[float] = head_s
        READ_S: ClassVar[float] = read_s
        PIECE: ClassVar[int] = 20_000
        crowd: ClassVar[Crowd] = Crowd(most)

    wanted = uvicorn.Config(
        application, port=0, http=Small, lifespan="off", log_config=None, timeout_graceful_shutdown=1, **more
    )
    server = uvicorn.Server(wanted)
    # The signals of the test runner are its own.
    server.capture_signals = suppress  # type: ignore[method-assign, assignment]
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(60):
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        listening = server.servers[0].sockets[0]
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, held)
        door = Door(listening.getsockname()[1])
        try:
            yield door
        finally:
            for _, writer in door.opened:
                writer.close()
            server.should_exit = True
            await running


async def hung_up(wire: Wire, within_s: float) -> bool:
    """Whether the other end closes the connection."""
    try:
        await asyncio.wait_for(wire[0].read(), within_s)
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


@pytest.mark.parametrize("sent", [b"", HEAD, b"\r\n"], ids=["nothing", "half a head", "an empty line"])
async def test_who_does_not_finish_the_headers_is_hung_up_on(sent: bytes) -> None:
    async with opened(head_s=2.0) as door:
        wire = await door.dial(sent)
        assert not await hung_up(wire, 0.3)
        assert await hung_up(wire, 30)


async def test_more_headers_do_not_buy_more_time() -> None:
    async with opened() as door:
        wire = await door.dial(HEAD)
        ended = asyncio.create_task(hung_up(wire, 30))
        for _ in range(30):
            with suppress(ConnectionError):
                wire[1].write(b"X: y\r\n")
            await asyncio.sleep(0.02)
        assert ended.done()
        assert await ended


@pytest.mark.parametrize("more", [HEAD, b"\r\n"], ids=["half a head", "an empty line"])
async def test_the_next_request_is_bounded_too(more: bytes) -> None:
    async with opened() as door:
        reader, writer = await door.dial(HEAD + b"\r\n")
        await reader.readuntil(b"0\r\n\r\n")
        # Resting is for keep-alive to end, which is later.
        assert not await hung_up((reader, writer), 2 * SHORT_S)
        writer.write(more)
        assert await hung_up((reader, writer), 30)


async def test_a_long_answer_is_not_cut_by_time_nor_by_number() -> None:
    async with opened(most=4) as door:
        stream, _ = await door.dial(LAST % b"/stream")
        # Its answer has begun: nobody takes that from it.
        await stream.readuntil(b".")
        for _ in range(20):
            await door.dial(HEAD)
        assert (await stream.read()).endswith(b"end\r\n0\r\n\r\n")


async def test_beyond_the_cap_the_slow_go_first_and_a_caller_is_served(caplog: pytest.LogCaptureFixture) -> None:
    async with opened(most=20, head_s=60, timeout_keep_alive=60) as door:
        with caplog.at_level(logging.WARNING, "addon.serve"):
            slow = [await door.dial(HEAD) for _ in range(20)]
            resting, _ = wire = await door.dial(HEAD + b"\r\n")
            await resting.readuntil(b"0\r\n\r\n")
            await asyncio.sleep(1.1)
            for _ in range(15):
                assert (await door.ask()).startswith(b"HTTP/1.1 200")
            later = [await door.dial(HEAD) for _ in range(5)]
        assert await hung_up(slow[0], 30)
        assert not await hung_up(slow[-1], 0.1)
        assert not await hung_up(wire, 0.1)
        assert not await hung_up(later[-1], 0.1)
    said = [record.getMessage() for record in caplog.records if record.name == "addon.serve"]
    assert len(said) == 1
    assert "more than 20 connections" in said[0]


async def test_a_flood_of_newcomers_leaves_the_newest_a_place() -> None:
    async with opened(most=20, head_s=30) as door:
        flood = [await door.dial(HEAD) for _ in range(200)]
        assert (await door.ask()).startswith(b"HTTP/1.1 200")
        open_still = sum(not wire[0].at_eof() and wire[0].exception() is None for wire in flood)
        assert open_still <= 25


async def test_a_slow_body_may_be_made_to_leave() -> None:
    async with opened(most=3) as door:
        wire = await door.dial(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
        assert not await hung_up(wire, 1.1)
        for _ in range(4):
            await door.dial(HEAD)
        assert await hung_up(wire, 30)


@contextmanager
def reader(door: Door, sent: bytes) -> Iterator[socket.socket]:
    """A connection that reads only when the test does."""
    with socket.socket() as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        wire.connect(("127.0.0.1", door.port))
        wire.setblocking(False)
        wire.sendall(sent)
        yield wire


async def read(wire: socket.socket, *, pause_s: float = 0.0) -> int:
    """How many bytes come until the connection ends."""
    loop, came = asyncio.get_running_loop(), 0
    async with asyncio.timeout(60):
        with suppress(ConnectionError):
            while piece := await loop.sock_recv(wire, 65_536):
                came += len(piece)
                await asyncio.sleep(pause_s)
    return came


LAST = b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
ASKED = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize("sent", [LAST, ASKED, 3 * ASKED], ids=["the last answer", "an answer", "several"])
@pytest.mark.parametrize("path", list(ANSWERS))
async def test_who_takes_nothing_of_an_answer_is_cut(path: str, sent: bytes) -> None:
    async with opened(timeout_keep_alive=2 * SHORT_S) as door:
        with reader(door, sent.replace(b"%s", path.encode())) as wire:
            await asyncio.sleep(6 * SHORT_S)
            assert await read(wire) < len(ANSWERS[path])


def test_who_is_cut_amid_several_answers_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    # In the loop of `serve`, whose connections refuse to be written to once they are closed.
    uvloop.run(test_who_takes_nothing_of_an_answer_is_cut("/large", 3 * ASKED))
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_who_resets_a_connection_that_rests_leaves_no_trace() -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
    async with opened(timeout_keep_alive=SHORT_S) as door:
        answers, writer = await door.dial(ASKED % b"/")
        await answers.readuntil(b"end")
        reset = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        writer.transport.abort()
        await asyncio.sleep(3 * SHORT_S)
    assert told == []


def test_who_resets_one_leaves_no_trace_in_the_loop_of_serve_either() -> None:
    uvloop.run(test_who_resets_a_connection_that_rests_leaves_no_trace())


async def test_who_reads_slowly_gets_the_whole_answer() -> None:
    # A reader that this machine keeps from reading for a moment is a slow one, none that takes nothing.
    async with opened(read_s=1.5) as door:
        with reader(door, LAST % b"/large") as wire:
            began = time.monotonic()
            assert await read(wire, pause_s=0.025) > len(ANSWERS["/large"])
        assert time.monotonic() - began > 3.0


async def crawl(wire: socket.socket, *, bytes_s: int, for_s: float) -> int:
    """Reads so much a second for so long, or until the connection ends; returns how many bytes came."""
    loop, came, began = asyncio.get_running_loop(), 0, time.monotonic()
    with suppress(ConnectionError):
        while (passed := time.monotonic() - began) < for_s:
            due = int(passed * bytes_s) - came
            if due > 0:
                piece = await loop.sock_recv(wire, due)
                came += len(piece)
                if not piece:
                    break
            await asyncio.sleep(0.01)
    return came


async def test_who_reads_less_than_the_system_waits_for_gets_the_whole_answer() -> None:
    # It takes more from us only when a third of this is free, which lasts longer here than a reader may take nothing.
    async with opened(read_s=1.5, held=400_000) as door:
        with reader(door, LAST % b"/large") as wire:
            came = await crawl(wire, bytes_s=50_000, for_s=3.5)
            assert came + await read(wire) > len(ANSWERS["/large"])


def test_who_reads_less_gets_the_whole_answer_in_the_loop_of_serve_too() -> None:
    # Its connections have sockets of another kind.
    uvloop.run(test_who_reads_less_than_the_system_waits_for_gets_the_whole_answer())


@pytest.mark.parametrize("bytes_s", [0, 20_000])
async def test_who_takes_too_little_is_cut_however_much_the_system_holds(bytes_s: int) -> None:
    # PIECE within READ_S is 100,000 bytes a second.
    async with opened(held=400_000) as door:
        with reader(door, LAST % b"/large") as wire:
            came = await crawl(wire, bytes_s=bytes_s, for_s=6 * SHORT_S)
            assert came + await read(wire) < len(ANSWERS["/large"])


@pytest.mark.parametrize(("files", "most"), [(1024, 819), (65_536, 8192), (1, 1)])
def test_the_cap_follows_the_limit_of_open_files(files: int, most: int) -> None:
    assert Crowd.of(files).most == most


def test_the_limit_of_open_files_is_raised_as_far_as_it_goes() -> None:
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
        assert raise_file_limit() == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
