"""Google's Gemini API in its own words."""

from time import time
from typing import Any
from urllib.parse import quote

import httpx2
from pydantic import BaseModel

from addon.llm.capabilities import output_limit
from addon.llm.choice import ModelChoice
from addon.llm.conversation import Conversation, Turn
from addon.llm.faults import of_error_object
from addon.llm.reply import Finish, Reply, Spent, Watcher
from addon.llm.schema import wire
from addon.llm.wire import Call, parsed, post, root

_LENGTH = ("MAX_TOKENS",)
_FINE = ("STOP", "FINISH_REASON_UNSPECIFIED", "OTHER")


class TextPart(BaseModel):
    """thought: what the model says to itself."""

    text: str | None = None
    thought: bool = False


class Content(BaseModel):
    parts: list[TextPart] | None = None


class Candidate(BaseModel):
    content: Content | None = None
    finishReason: str | None = None  # noqa: N815 - the wire's spelling


class Feedback(BaseModel):
    blockReason: str | None = None  # noqa: N815


class Tokens(BaseModel):
    promptTokenCount: Any = None  # noqa: N815
    candidatesTokenCount: Any = None  # noqa: N815
    thoughtsTokenCount: Any = None  # noqa: N815


class Chunk(BaseModel):
    """One event, which is a whole answer by its form."""

    candidates: list[Candidate] | None = None
    promptFeedback: Feedback | None = None  # noqa: N815
    usageMetadata: Tokens | None = None  # noqa: N815
    error: Any = None


class Gemini:
    """A `Provider`."""

    def __init__(self, http: httpx2.AsyncClient, choice: ModelChoice) -> None:
        self._http = http
        self._root = f"{root(choice.address, '/v1beta', '/v1')}/v1beta"
        # In a header: an address ends in logs of proxies and in messages of errors.
        self._headers = {"x-goog-api-key": choice.api_key}

    async def exchange(
        self, choice: ModelChoice, talk: Conversation, *, shape: type[BaseModel], watch: Watcher | None
    ) -> Reply:
        name = quote(choice.model.removeprefix("models/"), safe="")
        url = f"{self._root}/models/{name}:streamGenerateContent?alt=sse"
        return await post(self._http, Call(url, self._headers, body(choice, talk, shape=shape)), take=take, watch=watch)


def body(choice: ModelChoice, talk: Conversation, *, shape: type[BaseModel]) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "systemInstruction": {"parts": [{"text": talk.system(shape)}]},
        "contents": [_content(turn) for turn in talk.turns],
    }
    if not talk.plain:
        # Limit included: a model that refuses one of the three is asked again without them.
        asked["generationConfig"] = {
            "responseMimeType": "application/json",
            "responseJsonSchema": wire(shape),
            "maxOutputTokens": output_limit("gemini", choice.model),
        }
    return asked


def take(reply: Reply, data: bytes) -> None:
    """Add one event. Raises Fault for an error, an unreadable event or too much text."""
    chunk = parsed(Chunk, data)
    if chunk.error is not None:
        raise of_error_object(chunk.error, time())
    if chunk.usageMetadata is not None:
        reply.spent = _counted(chunk.usageMetadata)
    if chunk.promptFeedback is not None and chunk.promptFeedback.blockReason:
        reply.finish = "refused"
    for candidate in chunk.candidates or ():
        for part in (candidate.content.parts if candidate.content else None) or ():
            if not part.thought:
                reply.add(part.text)
        if candidate.finishReason:
            reply.finish = _finish(candidate.finishReason)


def _finish(reason: str) -> Finish:
    # Safety, recitation, block lists and whatever is added to them: filters all, told apart by nobody.
    return "length" if reason in _LENGTH else "stop" if reason in _FINE else "refused"


def _counted(tokens: Tokens) -> Spent:
    """Thoughts are paid for as output. While nothing was said yet, the output is missing."""
    parts = (tokens.candidatesTokenCount, tokens.thoughtsTokenCount)
    given = [part for part in parts if isinstance(part, int)]
    return Spent(tokens.promptTokenCount, sum(given) if given else tokens.candidatesTokenCount)


def _content(turn: Turn) -> dict[str, Any]:
    return {"role": turn.role, "parts": [{"text": turn.text}]}
