"""The least that can stand before several web processes: each new connection goes to the next one that takes it.

python -m tests.balancer <port> <port of a web process> ...
"""

import asyncio
import sys
from contextlib import suppress
from itertools import cycle

PIECE = 65_536
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Balancer:
    """ports: of the web processes, on loopback."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self._turns = cycle(range(len(ports)))

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await self._connected()
        if behind is None:
            writer.close()
            return
        await asyncio.gather(_carry(reader, behind[1]), _carry(behind[0], writer))

    async def _connected(self) -> Streams | None:
        first = next(self._turns)
        for turn in range(len(self._ports)):
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self._ports[(first + turn) % len(self._ports)])
        return None


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    with suppress(OSError, RuntimeError):
        # Both directions end with either: a process that was killed must not leave its callers waiting.
        writer.close()


async def main(port: int, ports: list[int]) -> None:
    server = await asyncio.start_server(Balancer(ports).take, "127.0.0.1", port, backlog=1024)
    print(f"http://127.0.0.1:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    own, *behind = map(int, sys.argv[1:])
    asyncio.run(main(own, behind))
