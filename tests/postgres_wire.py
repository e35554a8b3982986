"""The wire to PostgreSQL with a counter on it: what a driver really sends, whatever the layers above it report."""

import asyncio
import contextlib
from typing import Self

from sqlalchemy.engine import make_url

ASKS = b"SQ"
"""Sync and Query: the messages after which a client waits for the server."""


class Wire:
    """Stands in front of a server while open. trips: round trips since the last `reset`, logging in not counted.

    lingering: when the server hangs up, the client hears its last words and not the end. hung_up: it did, once.
    """

    def __init__(self, url: str, *, lingering: bool = False) -> None:
        self._behind = make_url(url)
        self._server: asyncio.Server | None = None
        self.lingering = lingering
        self.trips = 0
        self.hung_up = asyncio.Event()

    @property
    def url(self) -> str:
        """The address through the counter; without TLS, which nobody could read on its way."""
        assert self._server is not None
        through = self._behind.set(host="127.0.0.1", port=self._server.sockets[0].getsockname()[1])
        return through.update_query_dict({"ssl": "disable"}).render_as_string(hide_password=False)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, server = await asyncio.open_connection(self._behind.host, self._behind.port)
        back = asyncio.create_task(self._copied(answers, writer))
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            # The first message of a connection has a length but no kind.
            kind = b""
            while True:
                size = await reader.readexactly(4)
                server.write(kind + size + await reader.readexactly(int.from_bytes(size) - 4))
                self.trips += kind != b"" and kind in ASKS
                kind = await reader.readexactly(1)
        server.close()
        await back
        writer.close()

    async def _copied(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
        self.hung_up.set()
        if not self.lingering:
            writer.close()
