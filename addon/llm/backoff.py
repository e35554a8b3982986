"""How long to wait before asking a model again."""

import random
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite

LONGEST_ASKED_S = 120.0
"""A server that wants us gone for longer is asked again after this all the same."""
DEFAULT_S = 30.0
"""When a busy server names no time and our own tries are used up."""
_DELAY = re.compile(r'"retryDelay"\s*:\s*"(\d{1,6}(?:\.\d{1,9})?)s"', re.IGNORECASE)


def asked(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds the server asks us to wait: `retry-after-ms`, else `Retry-After` as seconds or as an HTTP date.

    None when absent or unreadable; never negative, never above LONGEST_ASKED_S.
    """
    # The finer header first: servers that send both round the other one up to whole seconds.
    seconds = _number(headers.get("retry-after-ms"), 1000.0)
    if seconds is None:
        seconds = _number(headers.get("retry-after"), 1.0)
    if seconds is None:
        seconds = _date(headers.get("retry-after"), now)
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_ASKED_S)


def asked_in_body(body: str) -> float | None:
    """As asked(), from the error itself: Gemini says `"retryDelay": "37s"` there and sends no header."""
    found = _DELAY.search(body)
    return min(float(found[1]), LONGEST_ASKED_S) if found else None


def own(failures: int) -> float:
    """Seconds to wait after so many failures in a row when nobody asks: about 0.5, 1, 2 ... 8, spread by a quarter."""
    # Spread, so that fifty runs that failed together do not return together.
    return float(min(0.5 * 2 ** (failures - 1), 8.0)) * random.uniform(0.75, 1.25)  # noqa: S311


def _number(text: str | None, per_second: float) -> float | None:
    try:
        value = float(text or "") / per_second
    except ValueError:
        return None
    # float() also reads "inf" and "nan", which no pause can be.
    return value if isfinite(value) else None


def _date(text: str | None, now: float) -> float | None:
    try:
        when = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now
