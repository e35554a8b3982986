"""Anthropic's Messages API."""

from time import time
from typing import Any

import httpx2
from pydantic import BaseModel

from addon.llm.capabilities import CAPABILITIES
from addon.llm.choice import ModelChoice
from addon.llm.conversation import Conversation, Turn
from addon.llm.faults import of_error_object
from addon.llm.reply import Finish, Reply, Spent, Watcher
from addon.llm.schema import wire
from addon.llm.wire import Call, parsed, post, root

VERSION = "2023-06-01"
_FINISH: dict[str, Finish] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refused",
}


class Block(BaseModel):
    """A piece of content: `text` in text blocks and text deltas, absent in thinking."""

    text: str | None = None


class Tokens(BaseModel):
    input_tokens: Any = None
    cache_creation_input_tokens: Any = None
    cache_read_input_tokens: Any = None
    output_tokens: Any = None


class Delta(Block):
    stop_reason: str | None = None


class Message(BaseModel):
    """The beginning of a stream, where content is still empty, or a whole answer."""

    content: list[Block] | None = None
    stop_reason: str | None = None
    usage: Tokens | None = None


class Event(Message):
    """One event of a stream; without `type: message` also what wraps the others."""

    type: str = ""
    message: Message | None = None
    delta: Delta | None = None
    error: Any = None


class Anthropic:
    """A `Provider`."""

    def __init__(self, http: httpx2.AsyncClient, choice: ModelChoice) -> None:
        self._http = http
        self._url = f"{root(choice.address, '/v1')}/v1/messages"
        self._headers = {"anthropic-version": VERSION, "x-api-key": choice.api_key}

    async def exchange(
        self, choice: ModelChoice, talk: Conversation, *, shape: type[BaseModel], watch: Watcher | None
    ) -> Reply:
        call = Call(self._url, self._headers, body(choice, talk, shape=shape))
        return await post(self._http, call, take=take, watch=watch)


def body(choice: ModelChoice, talk: Conversation, *, shape: type[BaseModel]) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "model": choice.model,
        "max_tokens": CAPABILITIES["anthropic"].most_output_tokens,
        "system": talk.system(shape),
        "messages": [*map(_message, talk.turns)],
        "stream": True,
    }
    if not talk.plain:
        asked["output_config"] = {"format": {"type": "json_schema", "schema": wire(shape)}}
    return asked


def take(reply: Reply, data: bytes) -> None:
    """Add one event. Raises Fault for an error, an unreadable event or too much text."""
    event = parsed(Event, data)
    if event.error is not None:
        raise of_error_object(event.error, time())
    begun = event.message or event
    for block in begun.content or ():
        reply.add(block.text)
    if event.delta is not None:
        reply.add(event.delta.text)
    stopped = event.delta.stop_reason if event.delta else begun.stop_reason
    if stopped:
        reply.finish = _FINISH.get(stopped, "stop")
    if event.message is not None and event.message.usage is not None:
        # Its output is what was written so far: nothing.
        reply.spent = Spent(_given(event.message.usage))
    elif event.usage is not None:
        given, taken = _given(event.usage), event.usage.output_tokens
        reply.spent = Spent(reply.spent.input_tokens if given is None and reply.spent else given, taken)
    reply.done |= event.type == "message_stop"


def _given(tokens: Tokens) -> object:
    """What was read from a cache is not in the first figure, and is paid for all the same."""
    cached = (tokens.cache_creation_input_tokens, tokens.cache_read_input_tokens)
    given = tokens.input_tokens
    return given + sum(count for count in cached if isinstance(count, int)) if isinstance(given, int) else given


def _message(turn: Turn) -> dict[str, str]:
    return {"role": "assistant" if turn.role == "model" else "user", "content": turn.text}
