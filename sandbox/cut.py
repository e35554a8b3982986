"""A reply that gets lost on its way."""

import asyncio

from starlette.types import Receive, Send


async def cut(receive: Receive, send: Send) -> None:
    """Drops the connection as a broken network would: the write was made, the answer never arrives."""
    # uvicorn offers no way to drop a connection, but its receive function belongs to the one that can.
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
        await asyncio.sleep(0.01)
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
    await send({"type": "http.response.body", "body": b"", "more_body": True})
