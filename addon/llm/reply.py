"""One answer of a model as it arrives, in no provider's words any more."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from addon.llm.faults import over_long

MOST_ANSWER_CHARS = 64_000
"""About what the 16,384 tokens hold that some wires name as their limit: the others may not ramble for longer."""

Watcher = Callable[[list[str]], Awaitable[None]]
"""Told of the pieces of text so far after each network read."""

Finish = Literal["", "stop", "length", "refused"]
"""Why the model stopped: it had said all, hit a limit on length, declined or was stopped by a filter; "" not known."""


@dataclass(frozen=True, slots=True)
class Spent:
    """The provider's own count, taken as it comes: servers have been seen to send null, floats and text."""

    input_tokens: object = None
    output_tokens: object = None


@dataclass
class Reply:
    """One answer as received. done: the stream's own end was seen."""

    pieces: list[str] = field(default_factory=list)
    finish: Finish = ""
    done: bool = False
    spent: Spent | None = None
    size: int = 0

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def add(self, piece: str | None) -> None:
        """Raises Fault when it is too much text."""
        if piece:
            self.size += len(piece)
            if self.size > MOST_ANSWER_CHARS:
                raise over_long(MOST_ANSWER_CHARS)
            self.pieces.append(piece)
