"""One request to the AI service: who sends it, what it asks, and an ask that ends when its caller leaves."""

import asyncio
import json
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from addon.errors import Invalid, TooMany
from addon.llm.answer import Answer
from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelError
from addon.llm.fallback import ask_in_turn
from addon.llm.models import Models
from addon.llm.partial import OnPartial
from addon.llm.question import Question
from addon.llm.remote_tokens import Believer, Envelope, Sent
from addon.llm.remote_wire import Asked, Given, told
from addon.web.ai_service.shapes import SHAPES
from addon.web.errors import by_field

T = TypeVar("T")

HEARTBEAT_S = 15.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question that may be asked."""

    asked: Asked
    shape: type[BaseModel]
    choices: tuple[ModelChoice, ...]


class Counter:
    """Takes questions. most: how many models are asked at once."""

    def __init__(self, models: Models, believer: Believer, *, envelope: Envelope, most: int) -> None:
        self._models = models
        self._believer = believer
        self._envelope = envelope
        self._most = most
        self._busy = 0

    async def taken(self, request: Request, room: str) -> Wanted:
        """The question of a request. Raises Unauthenticated before its body is even parsed, Invalid."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token if scheme.lower() == "bearer" else ""
        self._believer.require_token(token)
        body = await request.body()
        sent = Sent(request.method, request.url.path, body)
        await self._believer.believe(token, sent)
        try:
            asked = Asked.model_validate_json(body)
        except ValidationError as error:
            # Places and rules, never what was sent: it may be somebody's text.
            fields = by_field(error.errors())
            raise Invalid("; ".join(f"{name}: {words}" for name, words in fields.items())) from None
        shape = SHAPES[room].get(asked.shape)
        if shape is None:
            raise Invalid(f"shape: {room} answers with one of {', '.join(SHAPES[room])}.")
        return Wanted(
            asked, shape, tuple(each.opened(self._envelope, timeout_s=asked.timeout_s) for each in asked.choices)
        )

    @contextmanager
    def place(self) -> Iterator[None]:
        """Held while a model is asked. Raises TooMany."""
        if self._busy >= self._most:
            raise TooMany("The AI service asks as many models as it may; come back.", retry_after_s=5)
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    async def answer(self, wanted: Wanted, on_partial: OnPartial | None = None) -> Answer[Any]:
        """Raises ModelError. What the answer means is checked by the host: here only its shape is."""
        question = Question(wanted.asked.question(), wanted.shape, _as_it_is, on_partial)
        if len(wanted.choices) > 1:
            return await ask_in_turn(self._models, wanted.choices, question=question)
        return await self._models.ask(
            wanted.choices[0], question.prompt, shape=question.shape, check=_as_it_is, on_partial=on_partial
        )


class AskStream(Response):
    """`token` events while the model writes, then `result` or `failed`. The ask ends when the caller leaves."""

    media_type = "text/event-stream"

    def __init__(self, counter: Counter, wanted: Wanted) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        self._counter = counter
        self._wanted = wanted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._counter.place():
            headers = [pair for pair in self.raw_headers if pair[0] != b"content-length"]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            with suppress(ClientDisconnect):
                await unless_gone(receive, self._told(send))
                await send({"type": "http.response.body", "body": b""})

    async def _told(self, send: Send) -> None:
        frames: asyncio.Queue[bytes] = asyncio.Queue()

        async def partial(found: dict[str, Any]) -> None:
            frames.put_nowait(_frame("token", found))

        asking = asyncio.ensure_future(self._ended(partial))
        try:
            # What is heard last is sent last, also when both came at once.
            while not asking.done() or not frames.empty():
                frame = await _next(frames, asking)
                await send({"type": "http.response.body", "body": frame, "more_body": True})
            await send({"type": "http.response.body", "body": asking.result(), "more_body": True})
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _ended(self, on_partial: OnPartial) -> bytes:
        try:
            return _frame("result", Given.of(await self._counter.answer(self._wanted, on_partial)).model_dump())
        except ModelError as error:
            return _frame("failed", told(error))


async def unless_gone(receive: Receive, work: Awaitable[T]) -> T:
    """What the work returns. Raises ClientDisconnect when the caller leaves first; the work is then cancelled."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnect
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _next(frames: asyncio.Queue[bytes], asking: asyncio.Future[bytes]) -> bytes:
    """The next frame, or a sign of life when there is none for a while or no more to come."""
    coming = asyncio.ensure_future(frames.get())
    try:
        await asyncio.wait({coming, asking}, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
        return coming.result() if coming.done() else b": alive\n\n"
    finally:
        coming.cancel()


def _frame(event: str, data: Any) -> bytes:
    return f"event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def _as_it_is(value: BaseModel) -> BaseModel:
    return value
