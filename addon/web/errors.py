"""Every error as an answer, in one shape: {"error": code, "detail": text}."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from addon.connect.verdicts import Refused
from addon.errors import AddonError
from addon.observe import logs

CODES = {
    400: ("invalid", "The request cannot be read."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    408: ("request_timeout", "The body did not arrive in time."),
    413: ("too_large", "The body is too large."),
    415: ("unsupported_media_type", "Send JSON, with Content-Type: application/json."),
}
MAX_DETAIL = 500

log = logs.logger("addon.web")


class Refusals(Protocol):
    """Renders a refusal for a person who looks into a frame."""

    def refusal(self, request: Request, status: int, *, code: str, headers: Mapping[str, str]) -> Response: ...


class Errors:
    """The handlers. pages: renders refusals below `pages_below` as HTML; debug: 401 answers explain themselves."""

    def __init__(self, pages: Refusals, *, pages_below: str, debug: bool) -> None:
        self._pages = pages
        self._pages_below = pages_below
        self._debug = debug

    def install(self, app: FastAPI) -> None:
        app.add_exception_handler(AddonError, self.ours)
        app.add_exception_handler(RequestValidationError, self.invalid)
        app.add_exception_handler(HTTPException, self.of_framework)

    async def ours(self, request: Request, error: Exception) -> Response:
        found = cast("AddonError", error)
        # Our own 5xx is worth a look; a caller's mistake is not.
        say = log.warning if found.status >= 500 else log.info
        say("refused", error=found.code, detail=found.detail, verdict=str(getattr(found, "verdict", "")))
        if isinstance(found, Refused):
            for line in found.explanation:
                log.info("explanation", line=line)
        headers = {} if found.retry_after_s is None else {"Retry-After": str(max(1, math.ceil(found.retry_after_s)))}
        return self._answer(request, found.status, content=self._content(request, found), headers=headers)

    async def invalid(self, request: Request, error: Exception) -> Response:
        found = cast("RequestValidationError", error)
        fields = by_field(found.errors())
        detail = "; ".join(f"{name}: {words}" if name else words for name, words in fields.items())[:MAX_DETAIL]
        return self._answer(request, 422, content={"error": "invalid", "detail": detail, "fields": fields}, headers={})

    async def of_framework(self, request: Request, error: Exception) -> Response:
        found = cast("HTTPException", error)
        code, detail = CODES.get(found.status_code, ("http_error", "The request was refused."))
        if found.status_code == 413:
            detail = found.detail
        return self._answer(
            request, found.status_code, content={"error": code, "detail": detail}, headers=dict(found.headers or {})
        )

    def _content(self, request: Request, error: AddonError) -> dict[str, Any]:
        content: dict[str, Any] = {"error": error.code, "detail": error.detail}
        if error.status == 401:
            content["reference"] = request.state.request_id
        fields = getattr(error, "fields", None)
        if isinstance(fields, dict):
            content["fields"] = fields
        if isinstance(error, Refused):
            content["verdict"] = error.verdict.value
            if self._debug and error.explanation:
                content["explanation"] = list(error.explanation)
        return content

    def _answer(
        self, request: Request, status: int, *, content: dict[str, Any], headers: Mapping[str, str]
    ) -> Response:
        # A frame shows what we answer: JSON there would be a riddle for the person looking at it.
        if request.url.path.startswith(self._pages_below):
            return self._pages.refusal(request, status, code=content["error"], headers=headers)
        extra = {"WWW-Authenticate": "JWT"} if status == 401 else {}
        # Escaped to ASCII: a name in it may come from the caller, and half a surrogate pair cannot be sent otherwise.
        return Response(json.dumps(content), status, {**headers, **extra}, "application/json")


def by_field(errors: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """{"issue": "Field required"}: places and rules, never what was sent."""
    found: dict[str, str] = {}
    for error in errors:
        place = ".".join(str(part) for part in error["loc"] if part not in ("body", "query", "path", "header"))
        # Never error["input"]: it may be a key or somebody's text.
        found[place[:64]] = str(error["msg"])
    return found
