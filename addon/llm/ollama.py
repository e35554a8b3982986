"""Ollama's own `/api/chat`: unlike its OpenAI face it takes a context length and a time to stay loaded."""

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

_FINISH: dict[str, Finish] = {"stop": "stop", "length": "length"}


class Message(BaseModel):
    """What the model thinks stands in a field of its own, which is left alone."""

    content: str | None = None


class Line(BaseModel):
    """One line of the stream, or the whole answer of a server that does not stream."""

    message: Message | None = None
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: Any = None
    eval_count: Any = None
    error: Any = None


class Ollama:
    """A `Provider`."""

    def __init__(self, http: httpx2.AsyncClient, choice: ModelChoice) -> None:
        self._http = http
        # People copy the address of its OpenAI face.
        self._url = f"{root(choice.address, '/v1', '/api')}/api/chat"
        self._headers = {"Authorization": f"Bearer {choice.api_key}"} if choice.api_key else {}

    async def exchange(
        self, choice: ModelChoice, talk: Conversation, *, shape: type[BaseModel], watch: Watcher | None
    ) -> Reply:
        call = Call(self._url, self._headers, body(choice, talk, shape=shape))
        return await post(self._http, call, take=take, watch=watch)


def body(choice: ModelChoice, talk: Conversation, *, shape: type[BaseModel]) -> dict[str, Any]:
    most = CAPABILITIES["ollama"].most_output_tokens
    asked: dict[str, Any] = {
        "model": choice.model,
        "messages": [{"role": "system", "content": talk.system(shape)}, *map(_message, talk.turns)],
        "stream": True,
        # Always the same length: another one would load the model anew, which takes seconds.
        "options": {"num_ctx": choice.context_tokens, "num_predict": most},
        "keep_alive": _keep_alive(choice.keep_alive),
        # By default it drops the beginning of what does not fit, our instructions first, and says nothing.
        "truncate": False,
        "shift": False,
    }
    if not talk.plain:
        asked["format"] = wire(shape)
    return asked


def take(reply: Reply, data: bytes) -> None:
    """Add one line. Raises Fault for an error, an unreadable line or too much text."""
    line = parsed(Line, data)
    if line.error is not None:
        raise of_error_object(line.error, time())
    if line.message is not None:
        reply.add(line.message.content)
    if line.done:
        reply.done = True
        reply.finish = _FINISH.get(line.done_reason or "stop", "stop")
        reply.spent = Spent(line.prompt_eval_count, line.eval_count)


def _keep_alive(text: str) -> str | int:
    """As Ollama reads it: a bare number must be a number, seconds, and a duration has a unit."""
    return int(text) if text.lstrip("-").isdecimal() else text


def _message(turn: Turn) -> dict[str, str]:
    return {"role": "assistant" if turn.role == "model" else "user", "content": turn.text}
