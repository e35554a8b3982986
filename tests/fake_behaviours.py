"""How the pretend model answers: in the good way, and in every bad one, on whichever wire it was asked."""

import asyncio
import json
import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from socket import SO_LINGER, SOL_SOCKET
from time import time
from typing import Any

from tests.fake_answers import good, spoiled
from tests.fake_wires import Count, Wire

# fmt: off
STREAMED = (
    "good", "bad_schema", "wrong_types", "extra_fields", "invented_quote", "forged_key", "forged_keys", "truncated",
    "fenced", "prose", "bom", "thinking", "array", "nested", "empty", "refusal_text", "hostile", "markup", "no_usage",
    "odd_usage", "zero_usage", "no_done", "length", "content_filter", "refusal", "crlf", "small_pieces", "stream_error",
    "stream_busy", "bad_event", "cut", "thoughts", "mended", "linted", "uncovered", "said",
)
OTHERS = (
    "status", "reset", "hang", "drip", "stall", "whole", "error_object", "html", "redirect", "no_schema", "bad_json",
    "no_body", "over_long", "gzip", "huge_error", "slow_error", "endless", "one_line", "huge_head",
)
# fmt: on


@dataclass
class Exchange:
    """One request being answered: where to write, what was asked on which wire, and how to answer."""

    out: asyncio.StreamWriter
    wire: Wire
    raw: dict[str, Any]
    name: str
    arguments: list[str]
    latency_s: float
    options: dict[str, str] = field(default_factory=dict)
    keep_alive: bool = False

    @property
    def body(self) -> dict[str, Any]:
        return self.wire.asked(self.raw)

    def head(self, status: int, headers: dict[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
        end = "" if self.keep_alive else "Connection: close\r\n"
        self.out.write(("\r\n".join(lines) + f"\r\n{end}\r\n").encode())

    def send(self, status: int, body: bytes, content_type: str = "application/json", **headers: str) -> None:
        self.head(status, {"Content-Type": content_type, "Content-Length": str(len(body)), **headers})
        self.out.write(body)

    def stream(self) -> None:
        """Begin an answer in pieces."""
        self.head(
            200, {"Content-Type": self.wire.media} | ({"Transfer-Encoding": "chunked"} if self.keep_alive else {})
        )

    def write(self, data: bytes) -> None:
        self.out.write(b"%x\r\n%b\r\n" % (len(data), data) if self.keep_alive else data)

    def event(self, data: object) -> None:
        self.write(self.wire.event(data, end="\r\n" if self.name == "crlf" else "\n"))

    def piece(self, text: str) -> None:
        self.event(self.wire.piece(text))

    def failed(self, message: str, *, status: int | None = None, code: str | None = None) -> bytes:
        return json.dumps(self.wire.error(message, status=status, code=code)).encode()


async def streamed(exchange: Exchange) -> None:
    """An answer in pieces, in the good way or with the named fault in it. step=<n>: so many characters a piece."""
    name, wire = exchange.name, exchange.wire
    if name == "mended":
        name = "good" if len(exchange.body["messages"]) > 2 else "bad_schema"
    # said:<hex of a text>: exactly this, as it was recorded elsewhere.
    text = bytes.fromhex(exchange.arguments[0]).decode() if name == "said" else spoiled(name, exchange.body)
    exchange.stream()
    if wire.media.startswith("text/event-stream"):
        exchange.write(b": ready\n\n")
    for event in wire.start(counted(name, text)):
        exchange.event(event)
    if name == "thoughts":
        for thought in ("Let me see: ", '{"scores": [] }'):
            exchange.event(wire.thought(thought))
    if name == "refusal":
        text = ""
        for event in wire.refusal():
            exchange.event(event)
    if name == "length":
        text = text[: len(text) * 2 // 3]
    if name == "cut":
        text = text[: int(exchange.arguments[0]) if exchange.arguments else len(text) // 3]
    step = int(exchange.options.get("step", 3 if name == "small_pieces" else max(len(text) // 30, 24)))
    pieces = [text[at : at + step] for at in range(0, len(text), step)]
    for piece in pieces:
        exchange.piece(piece)
        if exchange.latency_s:
            await exchange.out.drain()
            await asyncio.sleep(exchange.latency_s / len(pieces))
    await ending(exchange, text)


def counted(name: str, text: str) -> Count | None:
    """What the answer claims to cost."""
    odd = {"no_usage": None, "odd_usage": Count("many", -1), "zero_usage": Count(0, 0)}
    return odd[name] if name in odd else Count(100, len(text) // 4)


async def ending(exchange: Exchange, text: str) -> None:
    name = exchange.name
    if name == "cut":
        await exchange.out.drain()
        await reset(exchange)
        return
    if name == "stream_error":
        exchange.event(exchange.wire.error("The server had an error"))
        return
    if name == "stream_busy":
        exchange.event(exchange.wire.error("slow down", code="rate_limit_exceeded"))
        return
    if name == "bad_event":
        exchange.event(b'{"choices": [{"delta"')
        return
    if name != "no_done":
        how = name if name in ("length", "refusal", "content_filter") else "stop"
        for event in exchange.wire.ending(how, counted(name, text)):
            exchange.event(event)
    if exchange.keep_alive:
        exchange.out.write(b"0\r\n\r\n")


async def status(exchange: Exchange) -> None:
    """status:<code>[:retry-after=<s>|date+<s>][:retry-after-ms=<ms>][:code=<error code>][:message=<text>]

    retry-delay=<s> stands in the body, where Gemini puts it.
    """
    code = int(exchange.arguments[0])
    headers = {}
    wait = exchange.options.get("retry-after")
    if wait is not None:
        headers["Retry-After"] = formatdate(time() + float(wait[5:]), usegmt=True) if wait.startswith("date+") else wait
    if "retry-after-ms" in exchange.options:
        headers["retry-after-ms"] = exchange.options["retry-after-ms"]
    message = exchange.options.get("message", f"scripted {code}")
    error = exchange.wire.error(message, status=code, code=exchange.options.get("code"))
    if "retry-delay" in exchange.options:
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        error["error"]["details"] = [{"@type": kind, "retryDelay": f"{exchange.options['retry-delay']}s"}]
    exchange.send(code, json.dumps(error).encode(), **headers)


async def reset(exchange: Exchange) -> None:
    # Linger of zero: closing sends RST instead of FIN, what a crashed peer or a middlebox does.
    exchange.out.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    exchange.out.transport.abort()


async def hang(exchange: Exchange) -> None:
    await asyncio.sleep(3600)


async def drip(exchange: Exchange) -> None:
    """drip[:seconds]: one byte of an endless answer now and then (5 s)."""
    exchange.head(200, {"Content-Type": exchange.wire.media})
    while True:
        exchange.out.write(b":")
        await exchange.out.drain()
        await asyncio.sleep(float(exchange.arguments[0]) if exchange.arguments else 5.0)


async def stall(exchange: Exchange) -> None:
    """Half an answer, then silence on an open connection."""
    exchange.stream()
    text = spoiled("good", exchange.body)
    exchange.piece(text[: len(text) // 2])
    await exchange.out.drain()
    await asyncio.sleep(3600)


async def whole(exchange: Exchange) -> None:
    """A server that cannot stream and answers in one body."""
    await asyncio.sleep(exchange.latency_s)
    exchange.send(200, json.dumps(exchange.wire.whole(json.dumps(good(exchange.body)))).encode())


async def error_object(exchange: Exchange) -> None:
    """error_object[:code]: HTTP 200 around an error."""
    code = exchange.arguments[0] if exchange.arguments else None
    exchange.send(200, exchange.failed("Something failed", code=code))


async def html(exchange: Exchange) -> None:
    exchange.send(200, b"<html><body>Please sign in</body></html>", "text/html; charset=utf-8")


async def redirect(exchange: Exchange) -> None:
    """redirect[:port=<port>]: to another server of this machine, with a status that keeps method and body."""
    exchange.send(307, b"", Location=f"http://127.0.0.1:{exchange.options.get('port', '9')}/elsewhere")


async def no_schema(exchange: Exchange) -> None:
    """A server that takes no schema: it refuses requests with one and answers those without."""
    if not exchange.wire.has_schema(exchange.raw):
        await streamed(exchange)
        return
    exchange.send(400, exchange.failed("Unrecognized request argument", status=400))


async def bad_json(exchange: Exchange) -> None:
    exchange.send(200, b'{"choices": [{"message": {"content": "')


async def no_body(exchange: Exchange) -> None:
    exchange.send(200, b"", exchange.wire.media)


async def over_long(exchange: Exchange) -> None:
    """A model that never stops talking."""
    exchange.stream()
    exchange.piece('{"summary": "')
    while True:
        exchange.piece("blah " * 2000)
        await exchange.out.drain()


async def gzip(exchange: Exchange) -> None:
    """A bomb: kilobytes that unpack to 64 megabytes, sent though nobody asked for it packed."""
    exchange.head(200, {"Content-Type": exchange.wire.media, "Content-Encoding": "gzip"})
    pack = zlib.compressobj(wbits=31)
    for _ in range(64):
        exchange.out.write(pack.compress(b" " * 1024 * 1024))
    exchange.out.write(pack.flush())


async def huge_error(exchange: Exchange) -> None:
    """huge_error[:status]: an error (400) that never ends."""
    exchange.head(int((exchange.arguments or ["400"])[0]), {"Content-Type": "application/json"})
    while True:
        exchange.out.write(b"no " * 10_000)
        await exchange.out.drain()


async def slow_error(exchange: Exchange) -> None:
    """An error of which a byte comes now and then."""
    exchange.head(500, {"Content-Type": "application/json"})
    while True:
        exchange.out.write(b"{")
        await exchange.out.drain()
        await asyncio.sleep(0.05)


async def endless(exchange: Exchange) -> None:
    """A stream that says nothing and never ends."""
    exchange.stream()
    while True:
        exchange.write(b": still here\n\n" * 10_000)
        await exchange.out.drain()


async def one_line(exchange: Exchange) -> None:
    """A line that never ends."""
    exchange.stream()
    while True:
        exchange.write(b"data: " + b"x" * 100_000)
        await exchange.out.drain()


async def huge_head(exchange: Exchange) -> None:
    exchange.out.write(b"HTTP/1.1 200 Scripted\r\n")
    while True:
        exchange.out.write(b"X-Filler: " + b"x" * 8_000 + b"\r\n")
        await exchange.out.drain()


BEHAVIOURS: dict[str, Callable[[Exchange], Awaitable[None]]] = {
    behaviour.__name__: behaviour
    for behaviour in (
        status, reset, hang, drip, stall, whole, error_object, html, redirect, no_schema, bad_json, no_body, over_long,
        gzip, huge_error, slow_error, endless, one_line, huge_head,
    )
}  # fmt: skip
