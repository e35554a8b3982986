"""The model of an evaluation: the product's own client, and an ear on its wire that keeps what the model said."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from addon.llm.answer import Answer
from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelError
from addon.llm.extract import json_object
from addon.llm.models import Models
from addon.llm.partial import OnPartial
from addon.llm.prompt import Prompt
from bench.eval.observe import Asked

T = TypeVar("T", bound=BaseModel)


class Heard(httpx2.AsyncByteStream):
    """A body that is kept while it passes."""

    def __init__(self, inner: httpx2.AsyncByteStream, done: Callable[[bytes], None]) -> None:
        self._inner = inner
        self._done = done
        self._kept = bytearray()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for block in self._inner:
            self._kept += block
            yield block

    async def aclose(self) -> None:
        self._done(bytes(self._kept))
        await self._inner.aclose()


class Ear(httpx2.AsyncBaseTransport):
    """said: the text of every answer with status 200, in order."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.said: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        if response.status_code != 200 or not isinstance(response.stream, httpx2.AsyncByteStream):
            return response
        stream = Heard(response.stream, lambda body: self.said.append(text_of(body)))
        return httpx2.Response(200, headers=response.headers, stream=stream, extensions=response.extensions)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Questioner:
    """An `Asker` that notes every question and its answers."""

    def __init__(self, models: Models, choice: ModelChoice, ear: Ear) -> None:
        self._models = models
        self._ear = ear
        self.choice = choice
        self.asked: list[Asked] = []

    async def ask(
        self, prompt: Prompt, *, shape: type[T], check: Callable[[T], T], on_partial: OnPartial | None = None
    ) -> Answer[T]:
        before, usage = len(self._ear.said), None
        try:
            answer = await self._models.ask(self.choice, prompt, shape=shape, check=check, on_partial=on_partial)
            usage = answer.usage
            return answer
        except ModelError as error:
            usage = error.usage
            raise
        finally:
            answers = self._ear.said[before:]
            spent = (usage.input_tokens, usage.output_tokens, usage.cost_usd) if usage else (0, 0, None)
            valid = bool(answers) and fits(answers[0], shape)
            self.asked.append(Asked(prompt.version, shape.__name__, answers, valid, *spent))


@asynccontextmanager
async def questioner(choice: ModelChoice) -> AsyncIterator[Questioner]:
    """A model for one run."""
    ear = Ear(httpx2.AsyncHTTPTransport())
    models = Models(ear)
    try:
        yield Questioner(models, choice, ear)
    finally:
        await models.close()


def fits(text: str, shape: type[BaseModel]) -> bool:
    """Whether an answer holds a document of this shape as it is."""
    found = json_object(text)
    try:
        return found is not None and bool(shape.model_validate(found))
    except ValidationError:
        return False


def text_of(body: bytes) -> str:
    """What a model says in a body of any of the wires: a stream of events, or one JSON document."""
    lines = [line for line in body.decode("utf-8", "replace").splitlines() if line.startswith(("data:", "{"))]
    return "".join(piece for line in lines for piece in _pieces(_parsed(line.removeprefix("data:"))))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _pieces(event: Any) -> Iterator[str]:
    """Texts of one event: OpenAI and Ollama, Anthropic, Gemini."""
    if not isinstance(event, dict):
        return
    for choice in event.get("choices") or ():
        yield (choice.get("delta") or choice.get("message") or {}).get("content") or ""
    message = event.get("message")
    yield (
        (message.get("content") or "") if isinstance(message, dict) and isinstance(message.get("content"), str) else ""
    )
    delta = event.get("delta")
    yield (delta.get("text") or "") if isinstance(delta, dict) else ""
    for candidate in event.get("candidates") or ():
        for part in (candidate.get("content") or {}).get("parts") or ():
            yield "" if part.get("thought") else part.get("text") or ""
