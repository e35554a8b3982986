"""The OpenAI wire, which Ollama and others share: clients by credential, and one request to `/chat/completions`."""

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic, time
from typing import Any

import httpx2
import openai

from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelRejected, ModelUnauthorized
from addon.llm.faults import of_network, of_status
from addon.llm.reply import Reply, Watcher, read
from addon.observe.metrics import LLM_REQUESTS, LLM_SECONDS

MOST_CLIENTS = 32
CONNECT_S = 10.0
MOST_ERROR_BYTES = 64 * 1024
NO_KEY = "none"

# At DEBUG the SDK writes whole prompts, that is customers' issues, into the log.
logging.getLogger("openai").setLevel(logging.WARNING)


class ShortErrors(httpx2.AsyncClient):
    """A client that reads no more of an error answer than it takes to know what it means."""

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        response = await super().send(request, **options)
        if response.is_success or not options.get("stream"):
            return response
        held = bytearray()
        try:
            async for block in response.aiter_raw():
                held += block
                if len(held) >= MOST_ERROR_BYTES:
                    break
        finally:
            await response.aclose()
        kept = [
            (n, v)
            for n, v in response.headers.items()
            if n not in ("content-length", "content-encoding", "transfer-encoding")
        ]
        return httpx2.Response(response.status_code, headers=kept, content=bytes(held), request=request)


class Clients:
    """SDK clients, one per (address, key), the least recently used closed beyond `most`."""

    def __init__(self, transport: httpx2.AsyncBaseTransport | None = None, *, most: int = MOST_CLIENTS) -> None:
        self._transport = transport
        self._most = most
        self._open: OrderedDict[tuple[str, str], openai.AsyncOpenAI] = OrderedDict()
        self._users: dict[tuple[str, str], int] = {}
        self._tls: Any = None

    @asynccontextmanager
    async def lease(self, choice: ModelChoice) -> AsyncIterator[openai.AsyncOpenAI]:
        """The client for this choice; it stays open at least as long as the lease."""
        key = (choice.address, choice.api_key)
        client = self._open.get(key)
        if client is None:
            client = self._open[key] = self._make(*key)
        self._open.move_to_end(key)
        self._users[key] = self._users.get(key, 0) + 1
        try:
            yield client
        finally:
            self._users[key] -= 1
            await self._trim()

    async def close(self) -> None:
        clients = list(self._open.values())
        self._open.clear()
        for client in clients:
            await client.close()

    async def _trim(self) -> None:
        # Clients in use are never closed, so for a while there may be more than the limit.
        idle = [key for key in self._open if not self._users.get(key)]
        for key in idle[: max(len(self._open) - self._most, 0)]:
            self._users.pop(key, None)
            await self._open.pop(key).close()

    def _make(self, address: str, api_key: str) -> openai.AsyncOpenAI:
        if not (api_key.isascii() and api_key.isprintable()):
            raise ModelUnauthorized("The API key holds characters no key has. Enter it again.")
        # Making a TLS context costs 45 ms of the event loop: one serves all.
        self._tls = self._tls or httpx2.create_ssl_context()
        try:
            client = openai.AsyncOpenAI(
                api_key=api_key or NO_KEY,
                base_url=address,
                # Retries are ours (structured.py), within one deadline for the whole ask.
                max_retries=0,
                http_client=ShortErrors(
                    transport=self._transport,
                    verify=self._tls,
                    # A redirect could lead the key and the issue to a host nobody chose.
                    follow_redirects=False,
                    # No read timeout: a local model may think for minutes; the deadline of the ask rules.
                    timeout=httpx2.Timeout(None, connect=CONNECT_S),
                    limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
                ),
                # A compressed stream would let few bytes become many before they are counted.
                default_headers={"Accept-Encoding": "identity"},
                timeout=httpx2.Timeout(None, connect=CONNECT_S),
            )
        except httpx2.InvalidURL:
            raise ModelRejected("The address of the model is not a URL. Check LLM_BASE_URL.") from None
        # The SDK takes both from the operator's environment; a tenant's key has nothing to do with them.
        client.organization = client.project = None
        return client


async def exchange(client: openai.AsyncOpenAI, provider: str, *, body: dict[str, Any], watch: Watcher | None) -> Reply:
    """Send one request and read its whole reply, counting both. Raises Fault."""
    began = monotonic()
    outcome = "failed"
    try:
        reply = await _exchange(client, body, watch=watch)
        outcome = "ok"
        return reply
    finally:
        LLM_REQUESTS.labels(provider, outcome).inc()
        LLM_SECONDS.labels(provider).observe(monotonic() - began)


async def _exchange(client: openai.AsyncOpenAI, body: dict[str, Any], *, watch: Watcher | None) -> Reply:
    # The SDK insists on a key; a local server should not see a made-up one.
    headers = {"Authorization": openai.omit} if client.api_key == NO_KEY else None
    try:
        # Raw lines: the SDK's typed chunks cost three times the CPU for the same text.
        async with client.chat.completions.with_streaming_response.create(**body, extra_headers=headers) as response:
            return await read(response.headers.get("content-type", ""), response.iter_bytes(), watch=watch)
    except openai.APIStatusError as error:
        raise of_status(error.status_code, error.response.headers, body=error.response.text, now=time()) from None
    except (openai.APIConnectionError, httpx2.HTTPError) as error:
        raise of_network(error.__cause__ if isinstance(error.__cause__, Exception) else error) from None
