"""Logs: one line per event, JSON or text, with the request's id, and without secrets whatever is handed in.

Redaction is a processor every line passes, ours and those of the libraries, so that nobody has to remember it.
"""

import hashlib
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from traceback import extract_tb
from types import TracebackType
from typing import Any, Literal, TextIO, cast

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars
from structlog.typing import FilteringBoundLogger, Processor

HIDDEN = "[hidden]"
MAX_TEXT = 2000
"""Longest string of one value, in characters: a log line is not a place for a document."""

SECRET_NAME = re.compile(
    r"authorization|jwt|token|secret|password|passwd|api[_-]?key|cookie|private[_-]?key|acpt|sealed|assertion|credential",
    re.IGNORECASE,
)
# Counters of tokens are the one innocent family of names that the pattern above would hide.
HARMLESS_NAME = re.compile(r"^((input|output|total|max|estimated)_)?tokens$")
SECRET_TEXT = re.compile(
    r"(?P<jwt>eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*)"
    r"|(?P<scheme>\b(?:Bearer|JWT|Basic)\s+)[\w.~+/=-]{8,}"
    r"|(?P<pair>\b(?:jwt|acpt|access_token|api_key|sharedSecret|password)=)[^&\s\"']+"
    r"|(?P<url>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+(?=@)"
    r"|\bsk-[\w-]{8,}",
    re.IGNORECASE,
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

Format = Literal["auto", "json", "text"]


def configure(level: str = "INFO", fmt: Format = "auto", *, stream: TextIO | None = None) -> None:
    """Send every log line of this process, also of libraries, to the stream (standard error by default).

    auto: text when the stream is a terminal, else JSON. May be called again; the last call counts.
    """
    out = stream or sys.stderr
    as_json = fmt == "json" or (fmt == "auto" and not out.isatty())
    shared = _processors(level)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer: Processor = structlog.processors.JSONRenderer(sort_keys=False, default=str) if as_json else text_line
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _quiet_libraries(level)


def logger(name: str) -> FilteringBoundLogger:
    """A logger named after a room, such as `addon.web`."""
    return cast("FilteringBoundLogger", structlog.get_logger(name))


def bind(**values: str) -> None:
    """Add values to every further line of this task (request_id, run_id, tenant)."""
    bind_contextvars(**values)


def unbind_all() -> None:
    clear_contextvars()


def tenant_hash(tenant_id: str) -> str:
    """What stands for a tenant in logs: 12 hex digits, stable, not reversible to a site's name."""
    return hashlib.sha256(tenant_id.encode()).hexdigest()[:12]


def _processors(level: str) -> list[Processor]:
    return [
        merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        _Exceptions(with_message=level == "DEBUG"),
        redact,
        _order,
    ]


def _quiet_libraries(level: str) -> None:
    # uvicorn's own access line holds the query string and with it the token of an iframe: ours replaces it.
    access = logging.getLogger("uvicorn.access")
    access.handlers[:] = []
    access.propagate = False
    access.disabled = True
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers[:] = []
        logging.getLogger(name).propagate = True
        # Another server of this process, a test's for example, may have silenced them; the level is ours to set.
        logging.getLogger(name).setLevel(logging.NOTSET)
    # Their DEBUG lines carry headers, parameters and prompts.
    for name in (
        "alembic",
        "httpx2",
        "httpcore2",
        "openai",
        "sqlalchemy",
        "aiosqlite",
        "asyncio",
        "taskiq",
        "markdown_it",
    ):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))


class _Exceptions:
    """Turns exc_info into a list of places; the message only when it is ours or somebody debugs.

    Messages of foreign exceptions quote what they choked on: statements with values, bodies, issue text.
    """

    def __init__(self, *, with_message: bool) -> None:
        self.with_message = with_message

    def __call__(self, _logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        info = event.pop("exc_info", None)
        if info is True:
            info = sys.exc_info()
        error = info[1] if isinstance(info, tuple) else info
        if isinstance(error, BaseException):
            event["exception"] = self.places(error)
        return event

    def places(self, error: BaseException) -> list[str]:
        chain: list[str] = []
        current: BaseException | None = error
        while current is not None and len(chain) < 60:
            said = f": {current}" if self.with_message or _is_ours(current) else ""
            chain.append(f"{type(current).__qualname__}{said}")
            chain += _frames(current.__traceback__)
            current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        return chain


def _is_ours(error: BaseException) -> bool:
    # By shape, because the tree of errors is a neighbour of this room: nothing else says when to come back.
    return hasattr(error, "retry_after_s") and hasattr(error, "detail")


def _frames(traceback: TracebackType | None) -> list[str]:
    return [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(traceback)[-12:]]


def redact(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide secrets by the name of their key and by their shape; take line breaks and control characters out of text."""
    event.pop("color_message", None)  # uvicorn says the same again for terminals
    for key, value in list(event.items()):
        if not key.startswith("_"):  # structlog's own bookkeeping until the formatter removes it
            event[key] = HIDDEN if _is_secret(key) else clean(value)
    return event


def clean(value: object) -> object:
    """A value as it may stand in a log: no secrets, no control characters, bounded."""
    if isinstance(value, str):
        return _clean_text(value)
    # Bytes are bodies or sealed secrets; neither helps anybody who reads logs.
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return {str(k): HIDDEN if _is_secret(str(k)) else clean(v) for k, v in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        return [clean(item) for item in list(value)[:100]]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _clean_text(str(value))


def _is_secret(name: str) -> bool:
    return bool(SECRET_NAME.search(name)) and not HARMLESS_NAME.match(name)


def _clean_text(text: str) -> str:
    # Cut before the search, so that a huge text costs no more than a long one.
    hidden = SECRET_TEXT.sub(lambda m: (m["scheme"] or m["pair"] or m["url"] or "") + HIDDEN, text[: MAX_TEXT * 2])
    return CONTROL.sub(lambda m: repr(m[0])[1:-1], hidden)[:MAX_TEXT]


def _order(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    head = {"ts": event.pop("ts", ""), "level": event.pop("level", ""), "logger": event.pop("logger", "")}
    message = event.pop("event", "")
    return {**head, "msg": message, **event}


def text_line(_logger: object, _name: str, event: MutableMapping[str, Any]) -> str:
    """`12:30:01 INFO  addon.web  answered  status=200 …` and, when there is one, the exception below it."""
    shown = {k: v for k, v in event.items() if k not in ("ts", "level", "logger", "msg", "exception")}
    pairs = "  ".join(f"{key}={value}" for key, value in shown.items())
    place = f"{str(event['ts'])[11:19]} {str(event['level']).upper():<7} {event['logger']}"
    return "\n".join(
        [f"{place}  {event['msg']}  {pairs}".rstrip(), *(f"    {place}" for place in event.get("exception", []))]
    )
