"""HTTP as every provider uses it: one POST, and its answer read line by line within limits."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from time import time
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from addon.llm.errors import ModelRejected
from addon.llm.faults import Fault, broken_off, not_an_api, of_network, of_status, over_long
from addon.llm.reply import MOST_ANSWER_CHARS, Reply, Watcher

MOST_WIRE_BYTES = 16 * 1024 * 1024
MOST_LINE_BYTES = 2 * 1024 * 1024
LAST_BYTES_S = 0.05

E = TypeVar("E", bound=BaseModel)
Take = Callable[[Reply, bytes], None]
"""Adds one JSON text, an event of a stream or a whole answer, to the reply. Raises Fault."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. headers: what the provider wants besides, its key among them."""

    url: str
    headers: dict[str, str]
    body: dict[str, Any]


async def post(http: httpx2.AsyncClient, call: Call, *, take: Take, watch: Watcher | None) -> Reply:
    """Send the request and read its whole reply. Raises Fault."""
    headers = {"Content-Type": "application/json", **call.headers}
    try:
        async with http.stream("POST", call.url, content=json.dumps(call.body), headers=headers) as response:
            if not response.is_success:
                # Short by then: the client reads no more of an error than it takes to know what it means.
                raise of_status(response.status_code, response.headers, body=response.text, now=time())
            return await read(response, take=take, watch=watch)
    except httpx2.HTTPError as error:
        raise of_network(error) from None
    except httpx2.InvalidURL:
        raise Fault(ModelRejected("The address of the model is not a URL. Check LLM_BASE_URL.")) from None


async def read(response: httpx2.Response, *, take: Take, watch: Watcher | None) -> Reply:
    """The whole reply to a request. Raises Fault, its `spent` set to the text received until then."""
    reply = Reply()
    kind = response.headers.get("content-type", "")
    try:
        # Asked for none. Unpacking would let few bytes become many before anybody counts them.
        if response.headers.get("content-encoding", "identity") != "identity":
            raise not_an_api()
        # A proxy's login page or a web server on the wrong port: not worth three tries.
        if kind.startswith("text/html"):
            raise not_an_api()
        if kind.startswith("application/json"):
            take(reply, await _whole(response.aiter_raw()))
            reply.done = True
        else:
            await _lines(response.aiter_raw(), reply, take=take, watch=watch)
    except Fault as fault:
        fault.spent = reply.text
        raise
    except httpx2.HTTPError as error:
        broken = of_network(error)
        broken.spent = reply.text
        raise broken from None
    return reply


def parsed(kind: type[E], data: bytes) -> E:
    """One JSON text as the given kind of event. Raises Fault when it is none."""
    try:
        return kind.model_validate_json(data)
    except ValidationError:
        raise broken_off() from None


def root(address: str, *suffixes: str) -> str:
    """The address without a version at its end, which people name or leave out as they like."""
    for suffix in suffixes:
        address = address.removesuffix(suffix)
    return address.rstrip("/")


async def _whole(body: AsyncIterator[bytes]) -> bytes:
    held = bytearray()
    async for block in body:
        held += block
        if len(held) > MOST_LINE_BYTES:
            raise over_long(MOST_ANSWER_CHARS)
    return bytes(held)


async def _lines(body: AsyncIterator[bytes], reply: Reply, *, take: Take, watch: Watcher | None) -> None:
    held, total = b"", 0
    async for block in body:
        total += len(block)
        # Split on line feeds alone: JSON may hold other characters that str.splitlines() takes for line ends.
        *lines, held = (held + block).split(b"\n")
        if total > MOST_WIRE_BYTES or len(held) > MOST_LINE_BYTES:
            raise over_long(MOST_ANSWER_CHARS)
        for line in lines:
            _line(line, reply, take=take)
        if reply.done:
            await _end(body)
            return
        if watch is not None and reply.pieces:
            await watch(reply.pieces)
    _line(held, reply, take=take)


def _line(line: bytes, reply: Reply, *, take: Take) -> None:
    """One line of either kind of stream: `data: {...}` (server-sent events) or `{...}`; others are of no interest."""
    data = line[5:].strip() if line.startswith(b"data:") else line if line.startswith(b"{") else b""
    if data == b"[DONE]":
        reply.done = True
    elif data and not reply.done:
        take(reply, data)


async def _end(body: AsyncIterator[bytes]) -> None:
    """Read to the end of the connection's answer, which is usually there: only then can it serve the next request."""
    with contextlib.suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(LAST_BYTES_S):
            async for _ in body:
                break
