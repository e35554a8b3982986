"""The door of a pretend test management tool: whose key it is, log, trouble on order, the answer."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.cut import cut
from sandbox.faults import Fault, due
from sandbox.site import LOG_LIMIT, Json, Site, stamp
from sandbox.webhooks import Webhooks


class ToolRefusal(Exception):
    """A refusal in the tool's own shape. note: for the list of complaints. wrong: the request was at fault."""

    def __init__(self, status: int, body: Any, *, note: str, wrong: bool = True) -> None:
        super().__init__(status, note)
        self.status = status
        self.body = body
        self.note = note
        self.wrong = wrong


@dataclass(slots=True)
class ToolCall:
    """One request. path: below the tool's root; named: its parts. token: of the Authorization header. body: JSON."""

    method: str
    path: str
    query: Mapping[str, str]
    token: str
    body: Any
    site: Site | None = None
    webhooks: Webhooks | None = None
    named: Mapping[str, str] = field(default_factory=dict)
    operation: str = "unknown"
    answer: Callable[[], tuple[int, Any]] = field(default=lambda: (404, None))


class Tool(Protocol):
    """A pretend service. name: first part of its operations in logs and faults."""

    name: str

    def understand(self, call: ToolCall) -> None:
        """Fills in site, operation and answer. Raises ToolRefusal."""


class ToolGate:
    """Answers everything below one root. places: every site with its webhooks."""

    def __init__(self, tool: Tool, root: str) -> None:
        self.tool = tool
        self.root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        call = await self._call(request)
        entry: Json = {
            "when": stamp(time.time()),
            "method": request.method,
            "path": request.url.path,
            "operation": f"{self.tool.name}.unknown",
            "status": 0,
            "actor": self.tool.name,
            "trace": None,
        }
        status, answer, fault = await self._answered(call, entry)
        entry["status"] = status
        if fault is not None and fault.reply_after_s:
            await asyncio.sleep(fault.reply_after_s)
        if fault is not None and fault.cut_after_write:
            entry["status"] = "cut"
            await cut(receive, send)
            return
        headers = dict(fault.headers) if fault is not None and fault.status else {}
        content = json.dumps(answer, ensure_ascii=False) if answer is not None else ""
        await Response(content, status, headers, "application/json")(scope, receive, send)

    async def _answered(self, call: ToolCall, entry: Json) -> tuple[int, Any, Fault | None]:
        fault: Fault | None = None
        try:
            self.tool.understand(call)
            entry["operation"] = f"{self.tool.name}.{call.operation}"
            if call.site is not None:
                # Written down before the answer, so that a request under way shows too.
                call.site.requests.append(entry)
                del call.site.requests[:-LOG_LIMIT]
                fault = due(call.site, entry["operation"])
            if fault is not None and fault.delay_s:
                await asyncio.sleep(fault.delay_s)
            if fault is not None and fault.status:
                return fault.status, fault.body if fault.body is not None else {"message": "Trouble on order."}, fault
            status, answer = call.answer()
        except ToolRefusal as refusal:
            if call.site is not None:
                call.site.complain(entry["operation"], refusal.note, status=refusal.status, wrong=refusal.wrong)
            return refusal.status, refusal.body, None
        return status, answer, fault

    async def _call(self, request: Request) -> ToolCall:
        raw = await request.body()
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = None
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return ToolCall(
            method=request.method,
            path=request.url.path.removeprefix(self.root),
            query=dict(request.query_params),
            token=token if scheme == "Bearer" else "",
            body=body,
        )
