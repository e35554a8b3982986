"""A pretend OpenAI-compatible server, scripted: good answers made from the prompt, and every way to fail.

In a test:      async with FakeModel() as model: model.script("status:500", "good"); ... model.url ... model.requests
By hand:        python -m tests.fake_model --port 0 --latency 0.3      (prints its address, runs until interrupted)
Over HTTP:      POST <root>/control/script ["hang", "good"], /control/default "good", /control/latency 0.3,
                /control/reset; GET <root>/control/requests

A behaviour is a name, with arguments after colons: `status:429:retry-after=2`, `status:503`, `cut:200`, `over_long`.
Queued behaviours are used up one a request; then the default one rules. All of them: STREAMED and OTHERS below.
"""

import argparse
import asyncio
import contextlib
import json
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from socket import SO_LINGER, SOL_SOCKET
from time import monotonic, time
from typing import Any

from tests.fake_answers import good, spoiled

# fmt: off
STREAMED = (
    "good", "bad_schema", "wrong_types", "extra_fields", "invented_quote", "truncated", "fenced", "prose", "bom",
    "thinking", "array", "nested", "empty", "refusal_text", "hostile", "markup", "no_usage", "odd_usage", "no_done",
    "length", "content_filter", "refusal", "crlf", "small_pieces", "stream_error", "stream_busy", "bad_event", "cut",
)
OTHERS = (
    "status", "reset", "hang", "drip", "stall", "whole", "error_object", "html", "redirect", "no_schema", "bad_json",
    "no_body", "over_long",
)
# fmt: on


@dataclass
class Seen:
    """One request to the model. open: its connection has not been closed yet, by whoever."""

    at: float
    body: dict[str, Any]
    headers: dict[str, str]
    behaviour: str
    path: str
    open: bool = True

    @property
    def messages(self) -> list[dict[str, str]]:
        return list(self.body.get("messages", []))


@dataclass
class Exchange:
    """One request being answered: where to write, what was asked, and how to answer."""

    out: asyncio.StreamWriter
    body: dict[str, Any]
    name: str
    arguments: list[str]
    latency_s: float
    options: dict[str, str] = field(default_factory=dict)

    def head(self, status: int, headers: dict[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
        self.out.write(("\r\n".join(lines) + "\r\nConnection: close\r\n\r\n").encode())

    def send(self, status: int, body: bytes, content_type: str = "application/json", **headers: str) -> None:
        self.head(status, {"Content-Type": content_type, "Content-Length": str(len(body)), **headers})
        self.out.write(body)

    def event(self, data: object) -> None:
        end = b"\r\n" if self.name == "crlf" else b"\n"
        raw = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
        self.out.write(b"data: " + raw + end * 2)

    def delta(self, finish: str | None = None, **delta: object) -> None:
        self.event(
            {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        )


class FakeModel:
    """latency_s: from request to the last piece of a streamed answer."""

    def __init__(self, *, latency_s: float = 0.0, port: int = 0) -> None:
        self.latency_s = latency_s
        self.requests: list[Seen] = []
        self.default = "good"
        self._queue: deque[str] = deque()
        self._port = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """The base address to give to a client."""
        return f"{self.root}/v1"

    def script(self, *behaviours: str) -> None:
        """Answer the next requests so, one each."""
        for behaviour in behaviours:
            if behaviour.split(":")[0] not in (*STREAMED, *OTHERS):
                raise ValueError(f"no behaviour {behaviour}")
        self._queue.extend(behaviours)

    async def __aenter__(self) -> "FakeModel":
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port, limit=64 * 1024 * 1024)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def closed(self, seen: Seen, within_s: float = 2.0) -> bool:
        """Wait for the connection of a request to be closed by the client."""
        until = monotonic() + within_s
        while seen.open and monotonic() < until:  # noqa: ASYNC110 - a list of plain records has no event to wait for
            await asyncio.sleep(0.01)
        return not seen.open

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        body = json.loads(raw or b"{}")
        if path.startswith("/control/"):
            Exchange(writer, {}, "", [], 0).send(200, json.dumps(self._control(path, body)).encode())
            await writer.drain()
            return
        script = self._queue.popleft() if self._queue else self.default
        seen = Seen(time(), body, headers, script, f"{method} {path}")
        self.requests.append(seen)
        name, *arguments = script.split(":")
        options = dict(part.split("=", 1) for part in arguments if "=" in part)
        exchange = Exchange(
            writer, body, name, [part for part in arguments if "=" not in part], self.latency_s, options
        )
        answer = asyncio.ensure_future(BEHAVIOURS.get(name, streamed)(exchange))
        # A client that goes away is seen at once, as a real server's billing would like to.
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                answer.result()
                await writer.drain()
        finally:
            for part in (answer, gone):
                part.cancel()
            await asyncio.gather(answer, gone, return_exceptions=True)
            seen.open = False

    def _control(self, path: str, body: Any) -> object:
        match path.removeprefix("/control/"):
            case "script":
                self.script(*body)
            case "default":
                self.default = str(body)
            case "latency":
                self.latency_s = float(body)
            case "reset":
                self._queue.clear()
                self.requests.clear()
                self.default = "good"
            case "requests":
                return [asdict(seen) for seen in self.requests]
        return {"ok": True}


async def streamed(exchange: Exchange) -> None:
    """An answer in pieces, in the good way or with the named fault in it."""
    text, name = spoiled(exchange.name, exchange.body), exchange.name
    exchange.head(200, {"Content-Type": "text/event-stream; charset=utf-8"})
    exchange.out.write(b": ready\n\n")
    exchange.delta(role="assistant", content="")
    if name == "refusal":
        text = ""
        exchange.delta(refusal="I cannot ")
        exchange.delta(refusal="do this.")
    if name == "length":
        text = text[: len(text) * 2 // 3]
    if name == "cut":
        text = text[: int(exchange.arguments[0]) if exchange.arguments else len(text) // 3]
    step = 3 if name == "small_pieces" else max(len(text) // 30, 24)
    pieces = [text[at : at + step] for at in range(0, len(text), step)]
    for piece in pieces:
        exchange.delta(content=piece)
        if exchange.latency_s:
            await exchange.out.drain()
            await asyncio.sleep(exchange.latency_s / len(pieces))
    await ending(exchange, text)


async def ending(exchange: Exchange, text: str) -> None:
    name = exchange.name
    if name == "cut":
        await exchange.out.drain()
        await reset(exchange)
        return
    if name == "stream_error":
        exchange.event({"error": {"message": "The server had an error", "type": "server_error", "code": None}})
        return
    if name == "stream_busy":
        exchange.event({"error": {"message": "slow down", "code": "rate_limit_exceeded"}})
        return
    if name == "bad_event":
        exchange.event(b'{"choices": [{"delta"')
        return
    finish = {"length": "length", "content_filter": "content_filter"}.get(name, "stop")
    if name != "no_done":
        exchange.delta(finish)
        if name not in ("no_usage", "odd_usage"):
            spent = {"prompt_tokens": 100, "completion_tokens": len(text) // 4, "total_tokens": 100 + len(text) // 4}
            exchange.event({"choices": [], "usage": spent})
        if name == "odd_usage":
            exchange.event({"choices": [], "usage": {"prompt_tokens": "many", "completion_tokens": -1}})
        exchange.event(b"[DONE]")


async def status(exchange: Exchange) -> None:
    """status:<code>[:retry-after=<s>|date+<s>][:retry-after-ms=<ms>][:code=<error code>][:message=<text>]"""
    code = int(exchange.arguments[0])
    headers = {}
    wait = exchange.options.get("retry-after")
    if wait is not None:
        headers["Retry-After"] = formatdate(time() + float(wait[5:]), usegmt=True) if wait.startswith("date+") else wait
    if "retry-after-ms" in exchange.options:
        headers["retry-after-ms"] = exchange.options["retry-after-ms"]
    message = exchange.options.get("message", f"scripted {code}")
    error = {"message": message, "type": "scripted", "code": exchange.options.get("code")}
    exchange.send(code, json.dumps({"error": error}).encode(), **headers)


async def reset(exchange: Exchange) -> None:
    # Linger of zero: closing sends RST instead of FIN, what a crashed peer or a middlebox does.
    exchange.out.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    exchange.out.transport.abort()


async def hang(exchange: Exchange) -> None:
    await asyncio.sleep(3600)


async def drip(exchange: Exchange) -> None:
    """drip[:seconds]: one byte of an endless answer now and then (5 s)."""
    exchange.head(200, {"Content-Type": "text/event-stream"})
    while True:
        exchange.out.write(b":")
        await exchange.out.drain()
        await asyncio.sleep(float(exchange.arguments[0]) if exchange.arguments else 5.0)


async def stall(exchange: Exchange) -> None:
    """Half an answer, then silence on an open connection."""
    exchange.head(200, {"Content-Type": "text/event-stream"})
    text = spoiled("good", exchange.body)
    exchange.delta(content=text[: len(text) // 2])
    await exchange.out.drain()
    await asyncio.sleep(3600)


async def whole(exchange: Exchange) -> None:
    """A server that cannot stream and answers in one body."""
    await asyncio.sleep(exchange.latency_s)
    message = {"role": "assistant", "content": json.dumps(good(exchange.body))}
    usage = {"prompt_tokens": 100, "completion_tokens": 50}
    answer = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}
    exchange.send(200, json.dumps(answer).encode())


async def error_object(exchange: Exchange) -> None:
    """error_object[:code]: HTTP 200 around an error."""
    code = exchange.arguments[0] if exchange.arguments else None
    error = {"message": "Something failed", "code": int(code) if code and code.isdecimal() else code}
    exchange.send(200, json.dumps({"error": error}).encode())


async def html(exchange: Exchange) -> None:
    exchange.send(200, b"<html><body>Please sign in</body></html>", "text/html; charset=utf-8")


async def redirect(exchange: Exchange) -> None:
    exchange.send(302, b"", Location="http://127.0.0.1:9/elsewhere")


async def no_schema(exchange: Exchange) -> None:
    """A server that knows no response_format: it refuses requests with one and answers those without."""
    if "response_format" not in exchange.body:
        await streamed(exchange)
        return
    exchange.send(400, b'{"error": {"message": "Unrecognized request argument: response_format"}}')


async def bad_json(exchange: Exchange) -> None:
    exchange.send(200, b'{"choices": [{"message": {"content": "')


async def no_body(exchange: Exchange) -> None:
    exchange.send(200, b"", "text/event-stream")


async def over_long(exchange: Exchange) -> None:
    """A model that never stops talking."""
    exchange.head(200, {"Content-Type": "text/event-stream"})
    exchange.delta(content='{"summary": "')
    while True:
        exchange.delta(content="blah " * 2000)
        await exchange.out.drain()


BEHAVIOURS: dict[str, Callable[[Exchange], Awaitable[None]]] = {
    behaviour.__name__: behaviour
    for behaviour in (
        status, reset, hang, drip, stall, whole, error_object, html, redirect, no_schema, bad_json, no_body, over_long,
    )
}  # fmt: skip


async def main() -> None:
    parser = argparse.ArgumentParser(description="A pretend OpenAI-compatible server.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=0.3, help="seconds a streamed answer takes")
    parser.add_argument("--default", default="good", help="behaviour when none is queued")
    arguments = parser.parse_args()
    async with FakeModel(latency_s=arguments.latency, port=arguments.port) as model:
        model.default = arguments.default
        print(model.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
