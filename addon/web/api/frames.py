"""What goes over the wire of an event stream, and when it ends."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from addon.errors import AddonError, Forbidden, NotFound, Unauthenticated
from addon.observe import logs
from addon.runs.watching import News
from addon.web.drain import Drain

HEARTBEAT_S = 15.0
LONGEST_S = 600.0
CHECK_S = 5.0
SEND_S = 30.0
LAST_SEND_S = 2.0
LAST = ("done", "failed")

Right = Callable[[], Awaitable[None]]
"""Raises Forbidden, NotFound or Unauthenticated once the reader may see no more of it."""

log = logs.logger("addon.web")


@dataclass(frozen=True, slots=True)
class Pace:
    """In seconds: when a stream gives a sign of life, when it ends, how often its reader's right is asked for.

    send_s: how long a reader may take nothing while there is something for it; last_send_s: when this process leaves.
    """

    heartbeat_s: float = HEARTBEAT_S
    longest_s: float = LONGEST_S
    check_s: float = CHECK_S
    send_s: float = SEND_S
    last_send_s: float = LAST_SEND_S


async def nobody_asks() -> None:
    """The right of a reader whose right cannot end."""


async def frames(
    events: AsyncIterator[News], drain: Drain, *, pace: Pace, right: Right = nobody_asks
) -> AsyncGenerator[bytes]:
    """Each event as it comes, a comment when none does, and why it ends when no event says so.

    That is `reconnect` at the end of the time or of this process, and `refused` with the words of the error when the
    right has ended.
    """
    over = asyncio.ensure_future(_over(drain, right, pace=pace))
    # A task outlives the timeouts below: cancelling `anext` would end the generator behind it.
    coming = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            await asyncio.wait({coming, over}, timeout=pace.heartbeat_s, return_when=asyncio.FIRST_COMPLETED)
            # First: who may see no more of it gets not even what is there already.
            if over.done():
                yield over.result()
                return
            if not coming.done():
                # Proxies cut connections on which nothing moves, most of them after 60 s.
                yield KEEPALIVE_COMMENT
                continue
            try:
                event = coming.result()
            except AddonError as error:
                # The answer has begun: the reader comes back and reads the error as one.
                log.info("stream cut", error=error.code)
                yield RECONNECT
                return
            if event is None:
                return
            yield format_sse_event(data_str=event.text, event=event.event, id=str(event.seq))
            if event.event in LAST:
                return
            coming = asyncio.ensure_future(anext(events, None))
    finally:
        over.cancel()
        coming.cancel()
        # Waited for, because a generator that still runs cannot be closed.
        await asyncio.gather(over, coming, return_exceptions=True)
        if isinstance(events, AsyncGenerator):
            await events.aclose()


async def _over(drain: Drain, right: Right, *, pace: Pace) -> bytes:
    """The last frame, as soon as there is a reason for one beside the end of the run."""
    ends = time.monotonic() + pace.longest_s
    while (left_s := ends - time.monotonic()) > 0:
        try:
            async with asyncio.timeout(min(pace.check_s, left_s)):
                await drain.wait()
            break
        except TimeoutError:
            pass
        try:
            await right()
        except (Forbidden, NotFound, Unauthenticated) as error:
            log.info("stream refused", error=error.code)
            return _frame("refused", error)
        except AddonError as error:
            # Nobody could be asked: that is no answer, and the next time is soon.
            log.debug("right to a stream unknown", error=error.code)
    return RECONNECT


def _frame(name: str, error: AddonError) -> bytes:
    said = json.dumps({"error": error.code, "detail": error.detail}, ensure_ascii=False)
    return format_sse_event(data_str=said, event=name)


RECONNECT = format_sse_event(data_str="{}", event="reconnect")
