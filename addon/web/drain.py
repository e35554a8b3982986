"""The moment this process is told to go: readiness turns off and open streams say so before they end."""

import asyncio


class Drain:
    """Set once, by the signal handler of the server or by the end of the lifespan."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()

    @property
    def begun(self) -> bool:
        return self._begun.is_set()

    def begin(self) -> None:
        """Callable from a signal handler of the main thread; a second call changes nothing."""
        self._begun.set()

    async def wait(self) -> None:
        await self._begun.wait()
