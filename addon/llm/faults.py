"""What one failed request means: the error it ends in, and whether another try may help."""

import json
from collections.abc import Mapping
from typing import Any

from addon.llm.addresses import AddressRefused
from addon.llm.backoff import DEFAULT_S, asked, asked_in_body
from addon.llm.errors import (
    ModelBusy,
    ModelDown,
    ModelError,
    ModelRefused,
    ModelRejected,
    ModelTooLong,
    ModelUnauthorized,
)

_TOO_LONG = (
    "context_length", "context length", "context size", "maximum context", "too many tokens", "prompt is too long",
    "input token count",
)  # fmt: skip
_QUOTA = ("insufficient_quota", "billing", "credit balance")
_BAD_KEY = ("api_key_invalid", "api key not valid", "invalid_api_key", "authentication_error", "permission_error")
_HASTE = ("rate_limit", "resource_exhausted")
QUOTA_SPENT = "The provider says that the quota of this API key is used up."


class Fault(Exception):
    """One request that brought no answer.

    error: what to raise when this was the last try. repeatable: the same request may succeed later. wait_s: as asked by
    the server. plain_may_help: refused, and may pass without a schema. spent: text received before it broke.
    """

    def __init__(
        self, error: ModelError, *, repeatable: bool = False, wait_s: float | None = None, plain_may_help: bool = False
    ) -> None:
        super().__init__(error.detail)
        self.error = error
        self.repeatable = repeatable
        self.wait_s = wait_s
        self.plain_may_help = plain_may_help
        self.spent = ""


def of_status(status: int, headers: Mapping[str, str], *, body: str, now: float) -> Fault:
    """The fault behind an HTTP status; headers with lower-case names. The body is only searched, never quoted."""
    wait_s, said = asked(headers, now), body.lower()
    if wait_s is None:
        wait_s = asked_in_body(body)
    # Gemini answers a wrong key with a plain 400.
    if status in (401, 403) or (status == 400 and _any(_BAD_KEY, said)):
        return Fault(ModelUnauthorized(f"The model's provider refuses the API key (HTTP {status}). Check the key."))
    # Told by the same status as haste, but waiting does not fill an account.
    if status == 429 and _any(_QUOTA, said):
        return Fault(ModelRejected(QUOTA_SPENT))
    if status == 429:
        return Fault(busy(wait_s), repeatable=True, wait_s=wait_s)
    # 501 is left out: what is not implemented today will not be in a second.
    if status in (408, 409, 425) or (status >= 500 and status != 501):
        return Fault(ModelDown(f"The model's provider fails (HTTP {status})."), repeatable=True, wait_s=wait_s)
    # Providers answer an over-long prompt with a plain 400 and say so only in words.
    if status == 413 or _any(_TOO_LONG, said):
        return Fault(ModelTooLong("The issue is longer than this model can read at once."))
    if status == 404:
        return Fault(ModelRejected("The provider knows no such model or address (HTTP 404). Check both."))
    refused = ModelRejected(f"The model's provider refuses the request (HTTP {status}).")
    return Fault(refused, plain_may_help=status in (400, 422, 501))


def of_error_object(error: Any, now: float) -> Fault:
    """The fault behind `{"error": ...}` sent with HTTP 200, some servers' way to fail once a stream has begun."""
    fields = error if isinstance(error, dict) else {"message": str(error)}
    words = json.dumps(fields).lower()
    code = fields.get("code") or fields.get("status")
    # Gateways put the status they got into the code, as a number or as text.
    if isinstance(code, str) and code.isdecimal():
        code = int(code[:4])
    if not isinstance(code, int) or not 400 <= code <= 599:
        code = 429 if _any(_HASTE, words) else 401 if _any(_BAD_KEY, words) else 500
    if "content_filter" in words:
        return Fault(ModelRefused("The provider's content filter stopped the answer."))
    return of_status(code, {}, body=words, now=now)


def of_network(error: Exception) -> Fault:
    """The fault behind a connection that could not be made or broke; only the kind of the exception is told."""
    if isinstance(error, AddressRefused):
        return Fault(ModelRejected(str(error)))
    return Fault(ModelDown(f"The model cannot be reached ({type(error).__name__})."), repeatable=True)


def broken_off() -> Fault:
    return Fault(ModelDown("The model's answer broke off or was garbled on its way."), repeatable=True)


def not_an_api() -> Fault:
    return Fault(
        ModelRejected("The address of the model answers, but not as this kind of model API. Check LLM_BASE_URL.")
    )


def over_long(limit: int) -> Fault:
    return Fault(ModelTooLong(f"The model's answer grew beyond {limit} characters and was cut off."))


def busy(wait_s: float | None) -> ModelBusy:
    wait = DEFAULT_S if wait_s is None else wait_s
    return ModelBusy("The model's provider asks us to slow down.", retry_after_s=max(wait, 1.0))


def _any(words: tuple[str, ...], said: str) -> bool:
    return any(word in said for word in words)
