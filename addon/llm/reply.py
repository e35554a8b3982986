"""Reading one chat completion: a stream of server-sent events, or one JSON body from servers that do not stream."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from time import time
from typing import Any

from pydantic import BaseModel, ValidationError

from addon.llm.faults import Fault, broken_off, not_an_api, of_error_object, over_long

MOST_ANSWER_CHARS = 200_000
MOST_WIRE_BYTES = 32 * 1024 * 1024
MOST_LINE_BYTES = 2 * 1024 * 1024

Watcher = Callable[[list[str]], Awaitable[None]]
"""Told of the pieces of text so far after each network read."""


class Text(BaseModel):
    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    """A choice of either wire: streamed ones fill `delta`, whole ones `message`."""

    delta: Text | None = None
    message: Text | None = None
    finish_reason: str | None = None


class Spent(BaseModel):
    prompt_tokens: Any = None
    completion_tokens: Any = None


class Chunk(BaseModel):
    """One event. Everything may be absent: servers differ in what they send."""

    choices: list[Choice] | None = None
    usage: Spent | None = None
    error: Any = None


@dataclass
class Reply:
    """One answer as received. finish: the server's reason to stop, "" for none. done: the stream's own end was seen."""

    pieces: list[str] = field(default_factory=list)
    refusal: str = ""
    finish: str = ""
    done: bool = False
    spent: Spent | None = None
    size: int = 0

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def take(self, data: bytes) -> None:
        """Add one event. Raises Fault for an error object, an unreadable event or too much text."""
        try:
            chunk = Chunk.model_validate_json(data)
        except ValidationError:
            raise broken_off() from None
        if chunk.error is not None:
            raise of_error_object(chunk.error, time())
        # Some servers repeat a growing usage in every event: the last one counts.
        self.spent = chunk.usage or self.spent
        for choice in chunk.choices or ():
            said = choice.delta or choice.message
            self.finish = choice.finish_reason or self.finish
            if said is not None:
                self.refusal += said.refusal or ""
                self._add(said.content or "")

    def _add(self, piece: str) -> None:
        self.size += len(piece)
        if self.size > MOST_ANSWER_CHARS:
            raise over_long(MOST_ANSWER_CHARS)
        if piece:
            self.pieces.append(piece)


async def read(content_type: str, body: AsyncIterator[bytes], *, watch: Watcher | None) -> Reply:
    """The whole reply. Raises Fault, with `spent` set to the text received until then, and whatever the body raises."""
    reply = Reply()
    try:
        if content_type.startswith("application/json"):
            reply.take(await _whole(body))
            reply.done = True
        # A proxy's login page or a web server on the wrong port: not worth three tries.
        elif content_type.startswith("text/html"):
            raise not_an_api()
        else:
            await _events(body, reply, watch=watch)
    except Fault as fault:
        fault.spent = reply.text
        raise
    return reply


async def _whole(body: AsyncIterator[bytes]) -> bytes:
    held = bytearray()
    async for block in body:
        held += block
        if len(held) > MOST_LINE_BYTES:
            raise over_long(MOST_ANSWER_CHARS)
    return bytes(held)


async def _events(body: AsyncIterator[bytes], reply: Reply, *, watch: Watcher | None) -> None:
    held, total = b"", 0
    async for block in body:
        total += len(block)
        # Split on line feeds alone: JSON may hold other characters that str.splitlines() takes for line ends.
        *lines, held = (held + block).split(b"\n")
        if total > MOST_WIRE_BYTES or len(held) > MOST_LINE_BYTES:
            raise over_long(MOST_ANSWER_CHARS)
        for line in lines:
            if _event(line, reply):
                return
        if watch is not None and reply.pieces:
            await watch(reply.pieces)
    _event(held, reply)


def _event(line: bytes, reply: Reply) -> bool:
    """Take one line of the stream; True at its end. Comments, names and ids of events are of no interest."""
    if not line.startswith(b"data:"):
        return False
    data = line[5:].strip()
    if data == b"[DONE]":
        reply.done = True
        return True
    if data:
        reply.take(data)
    return False
