"""A server on this machine that keeps what arrived, byte by byte, and answers what it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Listener:
    """answers: status and JSON text, one for each request; 200 and "{}" when there are none left.

    connections: how many there have been. requests: method and path of each.
    """

    base_url: str = ""
    answers: list[tuple[int, str]] = field(default_factory=list)
    connections: int = 0
    requests: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("ascii").splitlines()
                named = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
                await reader.readexactly(int(named.get("content-length", "0")))
                self.requests.append(lines[0].rsplit(" ", 1)[0])
                status, text = self.answers.pop(0) if self.answers else (200, "{}")
                writer.write(f"HTTP/1.1 {status} So\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listener() -> AsyncIterator[Listener]:
    kept = Listener()
    server = await asyncio.start_server(kept.serve, "127.0.0.1", 0)
    kept.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield kept
    finally:
        server.close()


class Refused(Exception):
    """What a check keeps a request back with."""


@dataclass
class Allowed:
    """A check that lets so many questions pass."""

    most: int
    asked: int = 0

    def __call__(self) -> None:
        self.asked += 1
        if self.asked > self.most:
            raise Refused
