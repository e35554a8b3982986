"""The REST side as one ASGI endpoint: log, token, faults, operation, answer, webhooks.

Every request of the add-on is written down, and every refusal becomes a complaint that pages and tests can read.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox import rest
from sandbox.auth import Bearers, caller_of
from sandbox.cut import cut
from sandbox.faults import Fault, due
from sandbox.rest.call import Call, Caller, Operation, RefusedError, find
from sandbox.site import LOG_LIMIT, Json, Site, stamp
from sandbox.webhooks import Webhooks

TRACE = "x-atlassian-webhook-trace"
LOADED = rest.ROOMS


# Starlette's router is not used for REST: the hash needs the raw target, and an unknown path is a complaint.
class Gate:
    """Answers /rest/api/3/… of one site."""

    def __init__(self, site: Site, bearers: Bearers, *, webhooks: Webhooks) -> None:
        self.site = site
        self.bearers = bearers
        self.webhooks = webhooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        started = time.monotonic()
        entry: Json = {
            "when": stamp(time.time()),
            "method": request.method,
            "path": request.url.path,
            "operation": "unknown",
            "status": 0,
            "actor": None,
            "trace": request.headers.get(TRACE),
        }
        # Written down before the answer, so that a request under way shows too.
        self.site.requests.append(entry)
        del self.site.requests[:-LOG_LIMIT]
        response, fault = await self._answer(request, body, entry=entry)
        entry |= {"status": response.status_code, "ms": round((time.monotonic() - started) * 1000, 1)}
        if fault is not None and fault.reply_after_s:
            await asyncio.sleep(fault.reply_after_s)
        if fault is not None and fault.cut_after_write:
            # The log tells the truth: the write happened although no status was seen.
            entry["status"] = "cut"
            await cut(receive, send)
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request, body: bytes, *, entry: Json) -> tuple[Response, Fault | None]:
        found, path, known = find(request.method, unquote(request.scope["raw_path"].decode("ascii", "replace")))
        entry["operation"] = found.name if found else "unknown"
        fault = due(self.site, found.name) if found else None
        if fault is not None and fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        # A request that suffers a fault is not judged: real trouble strikes right and wrong ones alike.
        if fault is not None and fault.status:
            return _json(
                fault.status,
                fault.body or {"errorMessages": ["Trouble on order."], "errors": {}},
                headers=fault.headers,
            ), None
        try:
            caller = self._caller(request, body)
            entry["actor"] = caller.account_id if caller.as_user else "app"
            status, answer = self._run(
                found,
                known,
                call=Call(
                    self.site,
                    caller,
                    path,
                    parse_qsl(request.scope["query_string"].decode("ascii", "replace"), keep_blank_values=True),
                    _parsed(body),
                    request.headers.get(TRACE),
                ),
            )
        except RefusedError as refusal:
            self.site.complain(entry["operation"], refusal.note, status=refusal.status, wrong=refusal.wrong)
            return _json(refusal.status, refusal.body), None
        return _json(status, answer), fault

    def _caller(self, request: Request, body: bytes) -> Caller:
        raw, query = (
            request.scope["raw_path"].decode("ascii", "replace"),
            request.scope["query_string"].decode("ascii", "replace"),
        )
        target = f"{raw}?{query}" if query else raw
        caller = caller_of(
            self.site,
            self.bearers,
            method=request.method,
            target=target,
            authorization=request.headers.get("authorization"),
        )
        # Jira's gateway answers 403 to these since CHANGE-2328.
        if request.method == "GET" and body:
            raise RefusedError(403, "A GET request must not carry a body.", wrong=True)
        # Atlassian asks integrations to name themselves; a missing name is easily overlooked.
        if not request.headers.get("user-agent"):
            raise RefusedError(400, "A User-Agent is required.")
        return caller

    def _run(self, found: Operation | None, known: bool, *, call: Call) -> tuple[int, Any]:
        if found is None:
            raise RefusedError(
                405 if known else 404, "null for uri: the operation does not exist in this pretend Jira.", wrong=True
            )
        # The descriptor's scopes bind an add-on before any permission of its user does.
        if found.scope not in call.caller.scopes:
            raise RefusedError(403, f"The add-on lacks the scope {found.scope}.", wrong=True)
        status, answer = found.handler(call)
        # Events are told after the handler returned: a refused write tells nobody.
        for event, subject in call.events:
            self.webhooks.fire(event, subject, account_id=call.caller.account_id, trace=call.trace)
        return status, answer


def _parsed(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise RefusedError(
            400, "Invalid request payload. Refer to the REST API documentation and try again.", note=str(error)
        ) from error


def _json(status: int, answer: Any, *, headers: Mapping[str, str] | None = None) -> Response:
    if status == 204 or answer is None:
        return Response(status_code=status, headers=dict(headers or {}))
    content = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    media = "text/html" if isinstance(answer, str) else "application/json;charset=UTF-8"
    return Response(content, status, dict(headers or {}), media)
