"""HTTP/1.1 for callers nobody can trust: their time and number are bounded, not whose answer is being taken."""

import asyncio
import fcntl
import logging
import resource
import sys
import termios
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import ClassVar

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

CUT = "jiravision.cut"
"""The ASGI extension of ours that ends a connection without waiting for its reader; streams use it."""
FILES = 65_536
MOST = 8192
SHARE = 0.8
"""Of the files a process may have open; the rest is for databases, models, sites and newcomers."""
YOUNG_S = 1.0
"""A caller who came so recently is on its way rather than slow."""
WARN_EVERY_S = 60.0

log = logging.getLogger("addon.serve")


def raise_file_limit() -> int:
    """How many files this process may have open from now on: as many as the system allows, 65,536 at most."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return FILES if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:
        log.warning("the limit of open files stays at %d: %s", soft, error)
        return soft
    return wanted


class Crowd:
    """Who has to go when more than `most` connections are open. Nothing is counted until there are that many."""

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self._clock = clock
        self._closed = 0
        self._warned_at = float("-inf")

    @classmethod
    def of(cls, files: int) -> "Crowd":
        """What suits a process that may have so many files open."""
        return cls(max(1, min(MOST, int(files * SHARE))))

    def make_room(self, connections: Collection["Protocol"], *, now: float) -> None:
        """Closes the oldest that have not completed a request, then the oldest that rest between two.

        Many at once, so that a crowd is not looked through for each newcomer. Those that came only now stay while
        they are few: the older half of them goes when the number is passed by a sixteenth. Who is answered stays.
        """
        over = len(connections) - self.most
        unfinished = sorted((c for c in connections if c.unfinished), key=lambda c: c.since)
        slow = [c for c in unfinished if now - c.since > YOUNG_S]
        resting = sorted((c for c in connections if c.resting), key=lambda c: c.since)
        leaving = [*slow, *resting][: over + self.most // 32]
        if not leaving and over > self.most // 16:
            leaving = unfinished[: len(unfinished) // 2]
        for connection in leaving:
            connection.leave()
        self._closed += len(leaving)
        self._warn()

    def _warn(self) -> None:
        if self._clock() - self._warned_at < WARN_EVERY_S:
            return
        self._warned_at = self._clock()
        log.warning(
            "more than %d connections: %d closed that had completed no request; "
            "if the callers are wanted, raise the limit of open files or start more processes",
            self.most,
            self._closed,
        )
        self._closed = 0


class Protocol(HttpToolsProtocol):
    """Bounds how long headers take, and how long an answer may wait for a reader who takes nothing of it.

    The application may end a connection for such a reader sooner; for its streams it does.

    unfinished: a request is arriving, or the first one has not begun. resting: between two requests, or on its way out.
    since: when that began, in the time of the loop. PIECE: bytes of an answer that have to be taken within READ_S, or
    all that is left; what the reader's system has confirmed is taken. A request that arrives in one piece costs no
    timer, nor does an answer that is taken at once.
    """

    HEAD_S: ClassVar[float] = 15.0
    READ_S: ClassVar[float] = 60.0
    PIECE: ClassVar[int] = 16_384
    crowd: ClassVar[Crowd] = Crowd(MOST)

    since = 0.0
    _late: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _answered: RequestResponseCycle | None = None

    @property
    def unfinished(self) -> bool:
        if self._late is not None:
            return True
        cycle = self.cycle
        return cycle is not None and cycle.more_body and not cycle.response_started and not self.pipeline

    @property
    def resting(self) -> bool:
        return self._late is None and not self._answering

    @property
    def _answering(self) -> bool:
        # Of several requests in a row this is the last; it is answered after all others.
        return self.cycle is not None and not self.cycle.response_complete

    def leave(self) -> None:
        """Ends the connection at once, and no longer counts as one."""
        self.connections.discard(self)
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()
        if len(self.connections) > self.crowd.most:
            self.crowd.make_room(self.connections, now=self.since)  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        self._read_on()
        if self._answered is not None:
            # Of several requests in a row uvicorn tells only the last; this one would go on writing.
            self._answered.disconnected = True
        super().connection_lost(exc)
        # uvicorn does it only after a clean end; of a connection that was reset the timer would find no socket.
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Most heads are whole by now. Empty lines before one begin it too: they have ended the wait of keep-alive.
        if self._late is None and not self._answering and not self.transport.is_closing():
            self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CUT: {"now": self.transport.abort}}

    def on_headers_complete(self) -> None:
        self._head_came()
        self.since = self.loop.time()
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self.since = self.loop.time()
        super().on_response_complete()
        if self.transport.is_closing():
            # It waits for the reader of what is left, and nothing else looks after it any more.
            self._await_reader()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._await_reader()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._read_on()

    def _await_head(self) -> None:
        self.since = self.loop.time()
        self._late = self.loop.call_later(self.HEAD_S, self._end)

    def _head_came(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _end(self) -> None:
        self._late = None
        self.transport.close()

    def _await_reader(self) -> None:
        if self._unread is None:
            self._unread = self.loop.call_later(self.READ_S, self._look_at_reader, self._left())

    def _left(self) -> int:
        """How many bytes the reader's end has not taken: those that wait here, and those the system holds for us."""
        left = self.transport.get_write_buffer_size()
        # Linux takes more off our hands only when a third of what it may hold is free, which is a megabyte and more.
        # Systems that do not tell what they hold leave it at what waits here.
        with suppress(OSError):
            held = fcntl.ioctl(self.transport.get_extra_info("socket"), termios.TIOCOUTQ, bytes(4))
            left += int.from_bytes(held, sys.byteorder)
        return left

    def _read_on(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _look_at_reader(self, before: int) -> None:
        """before: how many bytes were left the last time."""
        self._unread = None
        left = self._left()
        if left > max(before - self.PIECE, 0):
            log.info("connection cut", extra={"error": "not_read"})
            self.transport.abort()
        elif left:
            self._await_reader()
