"""A last word before a request leaves, from whoever may not be allowed to send it any more."""

from collections.abc import Callable

import httpx2

Check = Callable[[], None]
"""Keeps a request back by raising."""


def checked_when_sent(request: httpx2.Request, check: Check) -> None:
    """Has the check called when there is a connection, right before the first byte, and again for a second sending."""

    async def trace(event: str, _: object) -> None:
        if event.endswith("send_request_headers.started"):
            check()

    request.extensions["trace"] = trace
