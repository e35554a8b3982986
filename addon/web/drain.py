"""The moment this process is told to go: readiness turns off and open streams say so before they end."""

import asyncio
from typing import Annotated, cast

from fastapi import Depends, Request


class Drain:
    """Set once, by the signal handler of the server or by the end of the lifespan."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()

    @property
    def begun(self) -> bool:
        return self._begun.is_set()

    def begin(self) -> None:
        """Callable from a signal handler of the main thread; a second call changes nothing."""
        # Streams wake at the next turn of the loop, before the server starts to wait for them.
        self._begun.set()

    async def wait(self) -> None:
        await self._begun.wait()


async def drain_of(request: Request) -> Drain:
    return cast("Drain", request.app.state.drain)


DrainDep = Annotated[Drain, Depends(drain_of)]
