"""OpenAI's Chat Completions through its SDK; also what most other servers call compatible."""

import logging
from time import time
from typing import Any

import httpx2
import openai
from pydantic import BaseModel

from addon.llm.capabilities import output_limit
from addon.llm.choice import ModelChoice
from addon.llm.conversation import Conversation, Turn
from addon.llm.errors import ModelRejected
from addon.llm.faults import of_error_object, of_network, of_status
from addon.llm.reply import Finish, Reply, Spent, Watcher
from addon.llm.schema import wire
from addon.llm.wire import parsed, read

NO_KEY = "none"
_FINISH: dict[str, Finish] = {"stop": "stop", "length": "length", "content_filter": "refused"}

# At DEBUG the SDK writes whole prompts, that is customers' issues, into the log.
logging.getLogger("openai").setLevel(logging.WARNING)


class Text(BaseModel):
    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    """A choice of either wire: streamed ones fill `delta`, whole ones `message`."""

    delta: Text | None = None
    message: Text | None = None
    finish_reason: str | None = None


class Tokens(BaseModel):
    prompt_tokens: Any = None
    completion_tokens: Any = None


class Chunk(BaseModel):
    """One event. Everything may be absent: servers differ in what they send."""

    choices: list[Choice] | None = None
    usage: Tokens | None = None
    error: Any = None


class OpenAI:
    """A `Provider`."""

    def __init__(self, http: httpx2.AsyncClient, choice: ModelChoice) -> None:
        try:
            self._client = openai.AsyncOpenAI(
                api_key=choice.api_key or NO_KEY,
                base_url=choice.address,
                # Retries are ours (structured.py), within one deadline for the whole ask.
                max_retries=0,
                http_client=http,
                default_headers={"Accept-Encoding": "identity"},
                timeout=http.timeout,
            )
        except httpx2.InvalidURL:
            raise ModelRejected("The address of the model is not a URL. Check LLM_BASE_URL.") from None
        # The SDK takes both from the operator's environment; a tenant's key has nothing to do with them.
        self._client.organization = self._client.project = None
        # It insists on a key, but a local server should not see a made-up one.
        self._headers = None if choice.api_key else {"Authorization": openai.omit}

    async def exchange(
        self, choice: ModelChoice, talk: Conversation, *, shape: type[BaseModel], watch: Watcher | None
    ) -> Reply:
        create = self._client.chat.completions.with_streaming_response.create
        messages: Any = [{"role": "system", "content": talk.system(shape)}, *map(_message, talk.turns)]
        asked = create(
            model=choice.model,
            messages=messages,
            stream=True,
            extra_headers=self._headers,
            # Beside the SDK's typed arguments: it would walk through the schema each time, for half a millisecond.
            extra_body=None if talk.plain else bound(choice, shape),
        )
        try:
            # Raw lines: the SDK's typed chunks cost three times the CPU for the same text.
            async with asked as response:
                return await read(response.http_response, take=take, watch=watch)
        except openai.APIStatusError as error:
            raise of_status(error.status_code, error.response.headers, body=error.response.text, now=time()) from None
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            raise of_network(error.__cause__ if isinstance(error.__cause__, Exception) else error) from None


def bound(choice: ModelChoice, shape: type[BaseModel]) -> dict[str, Any]:
    """What binds the answer to the schema and, with the provider itself, to a length."""
    named = {"name": shape.__name__, "strict": True, "schema": wire(shape)}
    # Not elsewhere: a compatible server refuses more than its context holds, and old ones do not know the name.
    limit = {} if choice.base_url else {"max_completion_tokens": output_limit("openai", choice.model)}
    return {
        **limit,
        "response_format": {"type": "json_schema", "json_schema": named},
        # Left out in plain mode: a server too old for schemas often refuses this option as well.
        "stream_options": {"include_usage": True},
    }


def take(reply: Reply, data: bytes) -> None:
    """Add one event. Raises Fault for an error object, an unreadable event or too much text."""
    chunk = parsed(Chunk, data)
    if chunk.error is not None:
        raise of_error_object(chunk.error, time())
    # Some servers repeat a growing usage in every event: the last one counts.
    if chunk.usage is not None:
        reply.spent = Spent(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
    for choice in chunk.choices or ():
        said = choice.delta or choice.message
        if choice.finish_reason and reply.finish != "refused":
            reply.finish = _FINISH.get(choice.finish_reason, "stop")
        if said is not None:
            if said.refusal:
                reply.finish = "refused"
            reply.add(said.content)


def _message(turn: Turn) -> dict[str, str]:
    return {"role": "assistant" if turn.role == "model" else "user", "content": turn.text}
