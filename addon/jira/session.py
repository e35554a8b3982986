"""Calls to one site as one identity."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx2
from pydantic import JsonValue
from pydantic_core import from_json

from addon.jira import costs
from addon.jira.errors import JiraBusy, JiraDown, JiraError, failure, said
from addon.jira.gates import Limits, Passage
from addon.jira.limits import ease, pause
from addon.jira.retry import Tries
from addon.jira.site import Site
from addon.jira.wire import Call, Client, Reply, exchange, request_for
from addon.observe.metrics import JIRA_REQUESTS, JIRA_SECONDS
from addon.observe.sending import Check, checked_when_sent

Json = JsonValue


@dataclass(frozen=True, slots=True)
class Session:
    """Made by `Jira.as_app` and `Jira.as_user`; cheap, keeps nothing of its own.

    before_writing: called right before a write goes out, and keeps it back by raising.
    """

    site: Site
    auth: httpx2.Auth
    client: Client
    limiter: Limits
    automatic: bool = False
    before_writing: Check | None = None
    clock: Callable[[], float] = time.time

    async def get(self, path: str, *, operation: str, query: Sequence[tuple[str, str]] = ()) -> Json:
        """Reads. path: percent-encoded, from `paths.path`. operation: name in the metrics, of a closed set.

        The JSON Jira answers with, None for an empty answer. Waits and repeats as `retry` says, or raises a JiraError.
        """
        return await self._call(Call("GET", path, operation, query, repeatable=True))

    async def ask(self, path: str, *, operation: str, body: object, query: Sequence[tuple[str, str]] = ()) -> Json:
        """A POST that only reads, as Jira has some; otherwise as `get`."""
        return await self._call(Call("POST", path, operation, query, body, repeatable=True))

    async def write(
        self, method: str, path: str, *, operation: str, body: object = None, trace: str | None = None
    ) -> Json:
        """Changes something. trace: comes back in the webhooks the change causes. Otherwise as `get`.

        A POST is sent once: when no answer came, JiraDown says `uncertain`, and the caller looks before writing again.
        """
        # Setting and deleting twice comes to the same; creating twice does not.
        repeatable = method in ("PUT", "DELETE")
        return await self._call(Call(method, path, operation, (), body, trace, repeatable, writes=True))

    async def _call(self, call: Call) -> Json:
        started = time.monotonic()
        try:
            answer = _json(await self._send(call), call)
            self.limiter.spent(costs.more(call, answer))
        except JiraError as error:
            JIRA_REQUESTS.labels(call.operation, error.code).inc()
            raise
        finally:
            JIRA_SECONDS.labels(call.operation).observe(time.monotonic() - started)
        JIRA_REQUESTS.labels(call.operation, "ok").inc()
        return answer

    async def _send(self, call: Call) -> Reply:
        tries = Tries()
        while True:
            try:
                return await self._once(call, tries.left_s)
            except (JiraBusy, JiraDown) as error:
                wait = tries.next_wait(error)
            # Outside the handler, and holding no place at the site.
            await asyncio.sleep(wait)

    async def _once(self, call: Call, patience_s: float) -> Reply:
        """One request and its successful answer. Raises the error of any other answer."""
        request = request_for(self.client, self.site.base_url, call=call)
        passage = Passage(
            self.site.client_key,
            call.operation,
            method=call.method,
            issue=call.issue_written,
            points=costs.at_least(call),
            automatic=self.automatic,
        )
        async with self.limiter.slot(passage, patience_s=patience_s):
            if call.writes and self.before_writing is not None:
                self.before_writing()
                # Once more when there is a connection, and for whatever is sent a second time.
                checked_when_sent(request, self.before_writing)
            reply = await exchange(self.client, request, auth=self.auth, repeatable=call.repeatable)
        now = self.clock()
        asked, scarce = pause(reply.status, reply.headers, now=now), ease(reply.headers, now=now)
        if asked is not None:
            self.limiter.pause(passage, asked)
        elif scarce is not None:
            self.limiter.ease(passage, scarce)
        if 200 <= reply.status < 300:
            return reply
        asked_s = asked.seconds if asked is not None and asked.seconds > 0 else None
        if reply.status == 429:
            raise JiraBusy(asked_s, said=said(reply.status, reply.body))
        # 408 and 425 come from gateways that gave up waiting for us or for Jira.
        if reply.status >= 500 or reply.status in (408, 425):
            raise JiraDown(asked_s, uncertain=not call.repeatable, said=said(reply.status, reply.body))
        raise failure(reply.status, reply.body)


def _json(reply: Reply, call: Call) -> Json:
    if not reply.body or reply.body.isspace():
        return None
    try:
        return _parsed(reply.body)
    except (ValueError, RecursionError) as error:
        # A login or maintenance page with status 200: whether a write went through is unknown.
        raise JiraDown(uncertain=not call.repeatable, said=said(reply.status, reply.body)) from error


def _parsed(body: bytes) -> Json:
    """Raises ValueError, RecursionError."""
    try:
        # Straight from the bytes: as one text, one emoji in it would make an answer four times as large.
        answer: Json = from_json(body)
    except ValueError:
        # It takes less than others do: no lone surrogates, no other encodings, no deep nesting.
        answer = json.loads(body)
    return answer
