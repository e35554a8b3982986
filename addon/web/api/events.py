"""Event streams of runs: resumable, bounded in number and time, and no database connection held in between."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Response
from fastapi.sse import EventSourceResponse
from starlette.types import Message, Receive, Scope, Send

from addon.errors import TooMany
from addon.observe import logs, metrics
from addon.redis.shared import Shared
from addon.redis.slots import Full, Room, Slots
from addon.runs.watching import News
from addon.web.api.frames import Pace, Right, frames, nobody_asks
from addon.web.drain import Drain
from addon.web.security import Caller

PER_PERSON = 8
PER_TENANT = 200
CUT = "jiravision.cut"
"""The ASGI extension that ends a connection at once: a polite end waits for a reader that does not read."""
EVENT_STREAM: Any = {
    "response_class": Response,
    "responses": {200: {"description": "Server-sent events.", "content": {"text/event-stream": {}}}, 429: {}},
}
"""How a route declares that it answers with a stream made here; FastAPI's own way is for generators alone."""

log = logs.logger("addon.web")


class Streams:
    """How many streams are open, by person and by site, over all processes; drain ends those of this one."""

    def __init__(
        self,
        drain: Drain,
        slots: Slots | None = None,
        *,
        per_person: int = PER_PERSON,
        per_tenant: int = PER_TENANT,
        pace: Pace | None = None,
    ) -> None:
        self.drain = drain
        self.pace = pace or Pace()
        self._limits = (per_person, per_tenant)
        self._slots = slots or Slots(Shared(), purpose="streams")

    @asynccontextmanager
    async def slot(self, caller: Caller) -> AsyncIterator[None]:
        """Holds a place while the stream is open. Raises TooMany."""
        person, site = self._limits
        rooms = Room((caller.tenant.id, caller.account_id), person), Room((caller.tenant.id,), site)
        try:
            place = await self._slots.take(*rooms)
        except Full as full:
            metrics.API_REFUSALS.labels("person_streams" if full.room is rooms[0] else "site_streams").inc()
            detail = "Too many analyses are being watched at once; close some panels."
            raise TooMany(detail, retry_after_s=full.retry_after_s) from full
        metrics.HTTP_STREAMS.inc()
        try:
            yield
        finally:
            metrics.HTTP_STREAMS.dec()
            self._slots.leave(place)


async def streams_of(request: Request) -> Streams:
    return cast("Streams", request.app.state.streams)


StreamsDep = Annotated[Streams, Depends(streams_of)]


class Stream(EventSourceResponse):
    """The events as text/event-stream. It gives its place back however it ends: in time, cut off, or failed."""

    def __init__(self, place: AsyncExitStack, content: AsyncGenerator[bytes], *, drain: Drain, pace: Pace) -> None:
        # Proxies that collect answers before passing them on would hold every event back.
        super().__init__(content, headers={"X-Accel-Buffering": "no"})
        self._place = place
        self._content = content
        self._drain = drain
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._place:
            try:
                await self._sent(scope, receive=receive, send=send)
            finally:
                await self._content.aclose()

    async def _sent(self, scope: Scope, *, receive: Receive, send: Send) -> None:
        """Cuts the connection of a reader that takes nothing any more: its place is wanted by others."""
        now = asyncio.get_running_loop().time
        limit = asyncio.timeout(None)

        async def patiently(message: Message) -> None:
            limit.reschedule(now() + (self._pace.last_send_s if self._drain.begun else self._pace.send_s))
            await send(message)
            limit.reschedule(None)

        leaving = asyncio.ensure_future(self._drain.wait())
        leaving.add_done_callback(lambda _: _hurry(limit, now() + self._pace.last_send_s))
        try:
            async with limit:
                await super().__call__(scope, receive, patiently)
        except TimeoutError:
            log.info("stream cut", error="not_read")
            cut: Mapping[str, Callable[[], None]] = scope.get("extensions", {}).get(CUT, {})
            if cut:
                cut["now"]()
                # The server learns of it at its next turn, and only then finds nothing wrong with our silence.
                await asyncio.sleep(0.01)
        finally:
            leaving.cancel()


def _hurry(limit: asyncio.Timeout, at: float) -> None:
    """Brings the end of a send under way forward."""
    when = limit.when()
    if when is not None and not limit.expired() and at < when:
        limit.reschedule(at)


async def respond(
    streams: Streams, caller: Caller, *, events: AsyncIterator[News], right: Right = nobody_asks
) -> Stream:
    """Raises TooMany before anything is sent."""
    # Taken now and not when the stream begins, so that a refusal is still an answer with a status.
    place = AsyncExitStack()
    await place.enter_async_context(streams.slot(caller))
    drain, pace = streams.drain, streams.pace
    return Stream(place, frames(events, drain, pace=pace, right=right), drain=drain, pace=pace)
