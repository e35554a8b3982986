"""What can be shown of an answer that is still being written."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import jiter

INTERVAL_S = 0.15
MOST_CHARS = 64_000
FIRST_CHARS = 2_000

OnPartial = Callable[[dict[str, Any]], Awaitable[None]]


def partial_object(text: str) -> dict[str, Any] | None:
    """The JSON object as far as it has come, open strings included; None before its first brace."""
    start = text.find("{")
    if start < 0:
        return None
    try:
        found = jiter.from_json(text[start:].encode("utf-8", "replace"), partial_mode="trailing-strings")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


class Partials:
    """Hands growing objects on, at most every INTERVAL_S.

    Each parse reads the text from its start, so without the interval and the limit the cost would grow with its square.
    """

    def __init__(self, on_partial: OnPartial) -> None:
        self._on_partial = on_partial
        self._due = 0.0
        self._last: dict[str, Any] = {}

    async def __call__(self, pieces: list[str]) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._due:
            return
        text = "".join(pieces)
        found = partial_object(text) if len(text) <= MOST_CHARS else None
        # Until there is something to show, every read is worth a look: the first words are shown as they come.
        if found or len(text) > FIRST_CHARS:
            self._due = now + INTERVAL_S
        if found and found != self._last:
            self._last = found
            await self._on_partial(found)
