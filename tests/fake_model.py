"""A pretend model server, scripted: good answers made from the prompt, and every way to fail, on four wires.

It speaks Chat Completions, Ollama's, Anthropic's and Gemini's own, by the path of the request (fake_wires.py).

In a test:      async with FakeModel() as model: model.script("status:500", "good"); ... model.url ... model.requests
By hand:        python -m tests.fake_model --port 0 --latency 0.3      (prints its address, runs until interrupted)
Over HTTP:      POST <root>/control/script ["hang", "good"], /control/default "good", /control/latency 0.3,
                /control/reset; GET <root>/control/requests

With keep_alive it keeps connections open between requests, as real servers do.

A behaviour is a name, with arguments after colons: `status:429:retry-after=2`, `status:503`, `cut:200`, `over_long`.
Queued behaviours are used up one a request; then the default one rules. All of them: STREAMED and OTHERS in
fake_behaviours.py.
"""

import argparse
import asyncio
import contextlib
import json
import ssl
from collections import deque
from dataclasses import asdict, dataclass
from time import monotonic, time
from typing import Any

from tests.fake_behaviours import BEHAVIOURS, OTHERS, STREAMED, Exchange, streamed
from tests.fake_wires import spoken


@dataclass
class Seen:
    """One request to the model. body: as sent. open: its connection has not been closed yet, by whoever."""

    at: float
    body: dict[str, Any]
    headers: dict[str, str]
    behaviour: str
    path: str
    open: bool = True

    @property
    def messages(self) -> list[dict[str, str]]:
        """What was said, in the form of Chat Completions whatever the wire."""
        return list(spoken(self.path).asked(self.body).get("messages", []))

    @property
    def has_schema(self) -> bool:
        return spoken(self.path).has_schema(self.body)


class FakeModel:
    """latency_s: from request to the last piece of a streamed answer. tls: serve https, with its certificates."""

    def __init__(
        self,
        *,
        latency_s: float = 0.0,
        port: int = 0,
        keep_alive: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._keep_alive = keep_alive
        self._tls = tls
        self.latency_s = latency_s
        self.requests: list[Seen] = []
        self.connections = 0
        self.default = "good"
        self._queue: deque[str] = deque()
        self._port = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def root(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """The base address to give to a client of the OpenAI wire; the other three find theirs from it too."""
        return f"{self.root}/v1"

    def script(self, *behaviours: str) -> None:
        """Answer the next requests so, one each."""
        for behaviour in behaviours:
            if behaviour.split(":")[0] not in (*STREAMED, *OTHERS):
                raise ValueError(f"no behaviour {behaviour}")
        self._queue.extend(behaviours)

    async def __aenter__(self) -> "FakeModel":
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", self._port, limit=64 * 1024 * 1024, ssl=self._tls
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def closed(self, seen: Seen, within_s: float = 20.0) -> bool:
        """Wait for the connection of a request to be closed by the client."""
        until = monotonic() + within_s
        while seen.open and monotonic() < until:  # noqa: ASYNC110 - a list of plain records has no event to wait for
            await asyncio.sleep(0.01)
        return not seen.open

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            ahead = await self._serve(reader, writer, ahead=b"")
            while ahead is not None:
                ahead = await self._serve(reader, writer, ahead=ahead)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, ahead: bytes) -> bytes | None:
        """One request. ahead: what was read of it already. Returns what was read of the next one, None at the end."""
        head = (ahead + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        body = json.loads(raw or b"{}")
        if path.startswith("/control/"):
            Exchange(writer, spoken(path), {}, "", [], 0).send(200, json.dumps(self._control(path, body)).encode())
            await writer.drain()
            return None
        script = self._queue.popleft() if self._queue else self.default
        seen = Seen(time(), body, headers, script, f"{method} {path}")
        self.requests.append(seen)
        name, *arguments = script.split(":")
        options = dict(part.split("=", 1) for part in arguments if "=" in part)
        plain = [part for part in arguments if "=" not in part]
        exchange = Exchange(writer, spoken(path), body, name, plain, self.latency_s, options, self._keep_alive)
        answer = asyncio.ensure_future(BEHAVIOURS.get(name, streamed)(exchange))
        # A client that goes away is seen at once, as a real server's billing would like to.
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                answer.result()
                await writer.drain()
        finally:
            over = not (self._keep_alive and answer.done())
            for part in (answer, gone):
                part.cancel()
            _, next_byte = await asyncio.gather(answer, gone, return_exceptions=True)
            seen.open = False
        return None if over else next_byte if isinstance(next_byte, bytes) and next_byte else b""

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


async def main() -> None:
    parser = argparse.ArgumentParser(description="A pretend model server on four wires.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=0.3, help="seconds a streamed answer takes")
    parser.add_argument("--default", default="good", help="behaviour when none is queued")
    parser.add_argument("--keep-alive", action="store_true", help="keep connections open between requests")
    arguments = parser.parse_args()
    keep_alive = arguments.keep_alive
    async with FakeModel(latency_s=arguments.latency, port=arguments.port, keep_alive=keep_alive) as model:
        model.default = arguments.default
        print(model.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
