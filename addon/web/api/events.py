"""Event streams of runs: resumable, bounded in number and time, and no database connection held in between."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Response
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.types import Receive, Scope, Send

from addon.errors import AddonError, TooMany
from addon.observe import logs, metrics
from addon.store.repos.events import Event
from addon.web.drain import Drain
from addon.web.security import Caller

HEARTBEAT_S = 15.0
LONGEST_S = 600.0
PER_PERSON = 8
PER_TENANT = 200
LAST = ("done", "failed")
EVENT_STREAM: Any = {
    "response_class": Response,
    "responses": {200: {"description": "Server-sent events.", "content": {"text/event-stream": {}}}, 429: {}},
}
"""How a route declares that it answers with a stream made here; FastAPI's own way is for generators alone."""

log = logs.logger("addon.web")


@dataclass(frozen=True, slots=True)
class Pace:
    """When a stream gives a sign of life and when it ends, in seconds."""

    heartbeat_s: float = HEARTBEAT_S
    longest_s: float = LONGEST_S


class Streams:
    """How many streams are open, by person and by tenant; drain ends them all."""

    def __init__(
        self, drain: Drain, *, per_person: int = PER_PERSON, per_tenant: int = PER_TENANT, pace: Pace | None = None
    ) -> None:
        self.drain = drain
        self.pace = pace or Pace()
        self._limits = (per_person, per_tenant)
        self._open: Counter[tuple[str, ...]] = Counter()

    @contextmanager
    def slot(self, caller: Caller) -> Iterator[None]:
        """Holds a place while the stream is open. Raises TooMany."""
        keys: tuple[tuple[str, ...], ...] = ((caller.tenant.id, caller.account_id), (caller.tenant.id,))
        for key, limit in zip(keys, self._limits, strict=True):
            if self._open[key] >= limit:
                raise TooMany("Too many analyses are being watched at once; close some panels.", retry_after_s=10)
        # No await between the look and this: two requests cannot take the last place together.
        self._open.update(keys)
        metrics.HTTP_STREAMS.inc()
        try:
            yield
        finally:
            metrics.HTTP_STREAMS.dec()
            for key in keys:
                self._open[key] -= 1
                # Else the names of everybody who ever watched would stay in memory.
                if not self._open[key]:
                    del self._open[key]


async def streams_of(request: Request) -> Streams:
    return cast("Streams", request.app.state.streams)


StreamsDep = Annotated[Streams, Depends(streams_of)]


class Stream(EventSourceResponse):
    """The events as text/event-stream. It gives its place back however it ends: in time, cut off, or failed."""

    def __init__(self, place: ExitStack, content: AsyncGenerator[bytes]) -> None:
        # Proxies that collect answers before passing them on would hold every event back.
        super().__init__(content, headers={"X-Accel-Buffering": "no"})
        self._place = place
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            try:
                await super().__call__(scope, receive, send)
            finally:
                await self._content.aclose()


def respond(streams: Streams, caller: Caller, *, events: AsyncIterator[Event]) -> Stream:
    """Raises TooMany before anything is sent."""
    # Taken now and not when the stream begins, so that a refusal is still an answer with a status.
    place = ExitStack()
    place.enter_context(streams.slot(caller))
    return Stream(place, frames(events, streams.drain, pace=streams.pace))


async def frames(events: AsyncIterator[Event], drain: Drain, *, pace: Pace) -> AsyncGenerator[bytes]:
    """Each event as it comes, a comment when none does, `reconnect` at the end of the time or of this process."""
    ends = time.monotonic() + pace.longest_s
    leaving = asyncio.ensure_future(drain.wait())
    # A task outlives the timeouts below: cancelling `anext` would end the generator behind it.
    coming = asyncio.ensure_future(anext(events, None))
    try:
        while (left_s := ends - time.monotonic()) > 0:
            wait_s = min(pace.heartbeat_s, left_s)
            await asyncio.wait({coming, leaving}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                try:
                    event = coming.result()
                except AddonError as error:
                    # The answer has begun: the reader comes back and reads the error as one.
                    log.info("stream cut", error=error.code)
                    break
                if event is None:
                    return
                yield _frame(event.event, event.data, seq=event.seq)
                if event.event in LAST:
                    return
                coming = asyncio.ensure_future(anext(events, None))
            elif leaving.done():
                break
            else:
                # Proxies cut connections on which nothing moves, most of them after 60 s.
                yield KEEPALIVE_COMMENT
        yield _frame("reconnect", {})
    finally:
        leaving.cancel()
        coming.cancel()
        # Waited for, because a generator that still runs cannot be closed.
        await asyncio.gather(leaving, coming, return_exceptions=True)
        if isinstance(events, AsyncGenerator):
            await events.aclose()


def _frame(name: str, data: dict[str, Any], *, seq: int | None = None) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return format_sse_event(data_str=text, event=name, id=str(seq) if seq is not None else None)
