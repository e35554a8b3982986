"""Asks an AI service in place of this process: the same face as `Models`, the same answers, streams and errors."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx2
from pydantic import BaseModel, ValidationError

from addon.errors import Misconfigured
from addon.llm.answer import Answer, Usage
from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelDown, ModelError, ModelNonsense, ModelTimeout, ModelUnauthorized
from addon.llm.partial import OnPartial
from addon.llm.prompt import Objection, Prompt
from addon.llm.refusals import Refusals
from addon.llm.remote_tokens import Envelope, Sent, shared_secrets, signed
from addon.llm.remote_wire import ROOM_OF, Asked, Given, given_of, guessed, heard, usage_of
from addon.llm.structured import in_words
from addon.observe import logs
from addon.settings import Settings, is_loopback

T = TypeVar("T", bound=BaseModel)

CONNECT_S = 3.0
GRACE_S = 2.0
"""The service keeps the deadline; this much later the host stops waiting for it to say so."""

log = logs.logger("addon.remote")


class ServiceDown(ModelDown):
    """The AI service itself does not answer, or not in its own words."""

    code = "model_service_down"


@dataclass(frozen=True, slots=True)
class Door:
    """Where the service is and what it believes us by. secrets: () when it asks for no token."""

    url: str
    secrets: tuple[str, ...]
    ttl_s: float

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """None without AI_SERVICE_URL. Raises Misconfigured."""
        if not settings.ai_service_url:
            return None
        url = settings.ai_service_url.rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise Misconfigured("AI_SERVICE_URL must look like http://host:port or https://host/prefix")
        secrets = shared_secrets(settings, loopback=is_loopback(parts.hostname))
        return cls(url, secrets, settings.ai_token_ttl_seconds)


class Remote:
    """A `CanAsk`. transport replaces the network in tests. refusals: those of the host's own models.

    now: what tokens are dated by, in UTC seconds.
    """

    def __init__(
        self,
        door: Door,
        transport: httpx2.AsyncBaseTransport | None = None,
        *,
        refusals: Refusals | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._door = door
        self._now = now
        # Shared, so that the administration page tells of a refused key whoever was refused.
        self._refusals = refusals or Refusals()
        self._envelope = Envelope(door.secrets)
        self._client = httpx2.AsyncClient(
            transport=transport,
            # A redirect could lead issues and sealed keys to a host nobody chose.
            follow_redirects=False,
            trust_env=False,
            # No read timeout: a model may think for minutes; the deadline of the ask rules.
            timeout=httpx2.Timeout(None, connect=CONNECT_S),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
        )

    async def ask(
        self,
        choice: ModelChoice,
        prompt: Prompt,
        *,
        shape: type[T],
        check: Callable[[T], T],
        on_partial: OnPartial | None = None,
    ) -> Answer[T]:
        """As Models.ask. Raises ServiceDown when the service is away or does not know the shape."""
        ends = time.monotonic() + choice.timeout_s
        given = await self._once(choice, prompt, shape=shape, on_partial=on_partial)
        # Never nothing: what is booked as nothing is free.
        usage = usage_of(given.usage) or guessed(choice, prompt, partial=given.value)
        value, problem = _checked(given, shape, check=check)
        if value is not None:
            return Answer(value, usage, given.text, given.repaired)
        if given.repaired:
            raise _nonsense(usage)
        # The check is the host's own, so that the service need not know what an answer is checked against.
        again = replace(prompt, objection=Objection(given.text, problem))
        left = replace(choice, timeout_s=max(ends - time.monotonic(), 0.001))
        try:
            given = await self._once(left, again, shape=shape, on_partial=on_partial)
        except ModelError as error:
            error.usage = usage.plus(error.usage) if error.usage else usage
            raise
        usage = usage.plus(usage_of(given.usage) or guessed(choice, prompt, partial=given.value))
        value, _ = _checked(given, shape, check=check)
        if value is None:
            raise _nonsense(usage)
        return Answer(value, usage, given.text, repaired=True)

    async def close(self) -> None:
        await self._client.aclose()

    async def _once(
        self, choice: ModelChoice, prompt: Prompt, *, shape: type[BaseModel], on_partial: OnPartial | None
    ) -> Given:
        room = ROOM_OF.get(shape.__name__)
        if room is None:
            raise ServiceDown(f"The AI service knows no {shape.__name__}.")
        asked = Asked.of(choice, prompt, shape=shape, envelope=self._envelope)
        path = f"/ai/{room}/stream" if on_partial else f"/ai/{room}"
        limit = asyncio.timeout(choice.timeout_s + GRACE_S)
        try:
            async with limit:
                said = await self._exchange(path, asked.model_dump_json().encode(), on_partial=on_partial)
        except TimeoutError:
            if not limit.expired():
                raise
            late = ModelTimeout(f"The model gave no complete answer within {choice.timeout_s:g} seconds.")
            late.usage = guessed(choice, prompt, partial={})
            raise late from None
        except _BrokenOff as broken:
            error = _down(f"The AI service broke off ({broken}).")
            # The model had begun to answer, so somebody will be billed for that.
            if broken.last:
                error.usage = guessed(choice, prompt, partial=broken.last)
            raise error from None
        if (failed := heard(said)) is not None:
            if isinstance(failed, ModelUnauthorized):
                self._refusals.note(choice, failed)
            raise failed
        self._refusals.forget(choice)
        given = given_of(said)
        if given is None:
            raise _down("The AI service answered something else than an answer.")
        return given

    async def _exchange(self, path: str, body: bytes, *, on_partial: OnPartial | None) -> Any:
        """What the service said in the end, an answer or an error. Raises _BrokenOff."""
        heard_last: dict[str, Any] = {}
        try:
            async with self._client.stream(
                "POST", f"{self._door.url}{path}", content=body, headers=self._headers(path, body)
            ) as reply:
                if not reply.headers.get("content-type", "").startswith("text/event-stream"):
                    return _refused(reply.status_code, await reply.aread())
                async for event, data in _events(reply.aiter_lines()):
                    if event != "token":
                        return data
                    heard_last = data
                    if on_partial is not None:
                        await on_partial(data)
        except (httpx2.HTTPError, httpx2.StreamError, ValueError) as error:
            raise _BrokenOff(type(error).__name__, heard_last) from None
        raise _BrokenOff("the stream ended", heard_last)

    def _headers(self, path: str, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._door.secrets:
            sent = Sent("POST", path, body)
            token = signed(self._door.secrets, sent, ttl_s=self._door.ttl_s, now=self._now())
            headers["Authorization"] = f"Bearer {token}"
        return headers


class _BrokenOff(Exception):
    """The connection failed. last: the newest partial answer."""

    def __init__(self, what: str, last: dict[str, Any]) -> None:
        super().__init__(what)
        self.last = last


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, Any]]:
    """(event, data). Raises ValueError for data that is no JSON."""
    event = ""
    async for line in lines:
        if line.startswith("event: "):
            event = line[7:]
        elif line.startswith("data: "):
            yield event, json.loads(line[6:])


def _refused(status: int, body: bytes) -> Any:
    """The document of an answer that is no stream. Raises ServiceDown for one that is not in the service's words."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if status == 200 or heard(said) is not None:
        return said
    code = said.get("error") if isinstance(said, dict) else None
    if status in (401, 422):
        # Not a matter of waiting: secrets or releases of the two differ.
        log.error("AI service refuses", status=status, error=str(code))
    raise _down(f"The AI service refuses the request (HTTP {status}).")


def _down(detail: str) -> ServiceDown:
    return ServiceDown(detail, retry_after_s=10.0)


def _checked(given: Given, shape: type[T], *, check: Callable[[T], T]) -> tuple[T | None, str]:
    """The checked value, or None and what is wrong with it."""
    try:
        return check(shape.model_validate(given.value)), ""
    except ValidationError as error:
        return None, in_words(error)
    except ValueError as error:
        return None, str(error)


def _nonsense(usage: Usage) -> ModelNonsense:
    error = ModelNonsense("The model gave no usable answer, not even when its mistakes were named.")
    error.usage = usage
    return error
