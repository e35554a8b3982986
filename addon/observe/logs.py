"""Logs: one line per event, JSON or text, with the request's id, and without secrets whatever is handed in.

Every line passes the same redaction, ours and those of the libraries, so that nobody has to remember it. Written by
hand because each request has a line, and a general chain of processors cost it as much as checking its token.
"""

import hashlib
import json
import logging
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from traceback import extract_tb
from types import TracebackType
from typing import Any, Literal, TextIO

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
# A text of these letters that holds neither beginning cannot match the pattern above, and is asked much faster.
_PLAIN = re.compile(r"[\w./+@~{}-]*", re.ASCII).fullmatch
_BEGINNINGS = ("eyj", "sk-")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

Format = Literal["auto", "json", "text"]


@dataclass(slots=True)
class Output:
    """Where lines go. stream: None for standard error as it then is. with_words: foreign exceptions keep theirs."""

    stream: TextIO | None = None
    level: int = logging.WARNING
    as_json: bool = True
    with_words: bool = False


output = Output()
_context: ContextVar[Mapping[str, str]] = ContextVar("log_context", default={})  # noqa: B039 - never written to
_json = json.JSONEncoder(default=str).encode


def configure(level: str = "INFO", fmt: Format = "auto", *, stream: TextIO | None = None) -> None:
    """Send every log line of this process, also of libraries, to the stream (standard error by default).

    auto: text when the stream is a terminal, else JSON. May be called again; the last call counts.
    """
    out = stream or sys.stderr
    output.stream, output.level = out, logging.getLevelNamesMapping()[level]
    output.as_json = fmt == "json" or (fmt == "auto" and not out.isatty())
    output.with_words = level == "DEBUG"
    handler = logging.StreamHandler(out)
    handler.setFormatter(_OfLibraries())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _quiet_libraries(level)


class Log:
    """A room's own lines: what happened, and by name what belongs to it. exc_info: an exception."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def debug(self, msg: str, /, **values: Any) -> None:
        self._say(logging.DEBUG, msg, values=values)

    def info(self, msg: str, /, **values: Any) -> None:
        self._say(logging.INFO, msg, values=values)

    def warning(self, msg: str, /, **values: Any) -> None:
        self._say(logging.WARNING, msg, values=values)

    def error(self, msg: str, /, **values: Any) -> None:
        self._say(logging.ERROR, msg, values=values)

    def exception(self, msg: str, /, **values: Any) -> None:
        """As error, with the exception that is being handled."""
        self._say(logging.ERROR, msg, values={"exc_info": sys.exc_info()[1], **values})

    def _say(self, level: int, msg: str, *, values: dict[str, Any]) -> None:
        if level < output.level:
            return
        written = line(_LEVELS[level], self._name, msg=msg, values=values)
        stream = output.stream or sys.stderr
        # As with the libraries' lines: a log that cannot be written is no reason to fail.
        with suppress(OSError, ValueError):
            stream.write(written + "\n")
            stream.flush()


_LEVELS = {level: name.lower() for name, level in logging.getLevelNamesMapping().items() if name != "WARN"}


class _OfLibraries(logging.Formatter):
    """Lines of everybody who speaks through the standard library, in the same shape."""

    def format(self, record: logging.LogRecord) -> str:
        values = {name: value for name, value in record.__dict__.items() if name not in _OF_EVERY_RECORD}
        if record.exc_info:
            values["exc_info"] = record.exc_info[1]
        return line(record.levelname.lower(), record.name, msg=record.getMessage(), values=values)


_OF_EVERY_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "color_message",  # uvicorn says the same again for terminals
}


def logger(name: str) -> Log:
    """A logger named after a room, such as `addon.web`."""
    return Log(name)


def bind(**values: str) -> None:
    """Add values to every further line of this task (request_id, run_id, tenant)."""
    _context.set({**_context.get(), **values})


def unbind_all() -> None:
    _context.set({})


@lru_cache(maxsize=4096)
def tenant_hash(tenant_id: str) -> str:
    """What stands for a tenant in logs: 12 hex digits, stable, not reversible to a site's name."""
    return hashlib.sha256(tenant_id.encode()).hexdigest()[:12]


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


def line(level: str, name: str, *, msg: str, values: Mapping[str, Any]) -> str:
    """One event as it is written, without the line's end: secrets hidden, control characters made visible."""
    when = datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
    event: dict[str, Any] = {"ts": when, "level": level, "logger": name, "msg": _clean_text(msg)}
    for key, value in (*values.items(), *_context.get().items()):
        if key == "exc_info":
            if isinstance(value, BaseException):
                event["exception"] = clean(_places(value))
        elif key not in event:
            event[key] = HIDDEN if _is_secret(key) else clean(value)
    return _json(event) if output.as_json else text_line(event)


def _places(error: BaseException) -> list[str]:
    """Where it happened, the causes below; the message only when it is ours or somebody debugs.

    Messages of foreign exceptions quote what they choked on: statements with values, bodies, issue text.
    """
    chain: list[str] = []
    current: BaseException | None = error
    while current is not None and len(chain) < 60:
        said = f": {current}" if output.with_words or _is_ours(current) else ""
        chain.append(f"{type(current).__qualname__}{said}")
        chain += _frames(current.__traceback__)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return chain


def _is_ours(error: BaseException) -> bool:
    # By shape, because the tree of errors is a neighbour of this room: nothing else says when to come back.
    return hasattr(error, "retry_after_s") and hasattr(error, "detail")


def _frames(traceback: TracebackType | None) -> list[str]:
    return [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(traceback)[-12:]]


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


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return bool(SECRET_NAME.search(name)) and not HARMLESS_NAME.match(name)


def _clean_text(text: str) -> str:
    # Cut before the search, so that a huge text costs no more than a long one.
    text = text[: MAX_TEXT * 2]
    low = text.lower()
    if not _PLAIN(text) or any(beginning in low for beginning in _BEGINNINGS):
        text = SECRET_TEXT.sub(lambda m: (m["scheme"] or m["pair"] or m["url"] or "") + HIDDEN, text)
    if not text.isprintable():
        text = CONTROL.sub(lambda m: repr(m[0])[1:-1], text)
    return text[:MAX_TEXT]


def text_line(event: Mapping[str, Any]) -> str:
    """`12:30:01 INFO  addon.web  answered  status=200 …` and, when there is one, the exception below it."""
    shown = {k: v for k, v in event.items() if k not in ("ts", "level", "logger", "msg", "exception")}
    pairs = "  ".join(f"{key}={value}" for key, value in shown.items())
    place = f"{str(event['ts'])[11:19]} {str(event['level']).upper():<7} {event['logger']}"
    return "\n".join(
        [f"{place}  {event['msg']}  {pairs}".rstrip(), *(f"    {place}" for place in event.get("exception", []))]
    )
