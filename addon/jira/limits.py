"""How long Jira's headers tell us to wait.

Three systems limit an app: points per hour, bursts per endpoint, writes per issue; they answer 429 with different
headers, and gateways in front answer with fewer still.
Source: developer.atlassian.com/cloud/jira/platform/rate-limiting/
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Literal

Scope = Literal["everywhere", "site", "issue"]
_LONGEST_S = 3_700.0  # hourly budgets are full again at the next full hour
_POLICY = re.compile(r'"[^"]*"\s*(?:;\s*[a-z]+\s*=\s*\d+\s*)*')
_PARAMETER = re.compile(r"([a-z]+)\s*=\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Pause:
    """seconds: 0.0 when limited without saying for how long. scope: whose requests have to wait."""

    seconds: float
    scope: Scope


def pause(status: int, headers: Mapping[str, str], *, now: float) -> Pause | None:
    """The pause an answer asks for, None when it asks for none. headers: lower-case names. now: UTC epoch seconds."""
    # Reason strings differ from the documented ones at times: match a part of them.
    reason = headers.get("ratelimit-reason", "").lower()
    scope: Scope = "everywhere" if "global" in reason else "issue" if "per-issue" in reason else "site"
    if status in (429, 503):
        asked = _retry_after(headers, now)
        if asked is not None or status == 429:
            return Pause(asked if asked is not None else _reset(headers, now), scope)
        return None
    # A good answer may carry the news that it was the last one of this hour.
    if headers.get("x-ratelimit-remaining", "").strip() == "0" or _spent(headers):
        seconds = _reset(headers, now)
        return Pause(seconds, scope) if seconds > 0 else None
    return None


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds from `Retry-After`, given as a number or as an HTTP date."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return _bounded(float(value))
    except ValueError:
        pass
    try:
        return _bounded(parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def _reset(headers: Mapping[str, str], now: float) -> float:
    spent = _spent(headers)
    if spent is not None:
        return spent
    value = headers.get("x-ratelimit-reset", "").strip()
    try:
        # The seconds may be missing ("2026-03-02T10:00Z"), which fromisoformat reads too.
        return _bounded(datetime.fromisoformat(value).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0


def _spent(headers: Mapping[str, str]) -> float | None:
    """Seconds until the slowest exhausted policy of a `RateLimit` header is refilled, None when none is exhausted."""
    waits: list[float] = []
    for policy in _POLICY.findall(headers.get("ratelimit", "")):
        values = {name: int(number) for name, number in _PARAMETER.findall(policy)}
        if values.get("r") == 0 and "t" in values:
            waits.append(_bounded(float(values["t"])))
    return max(waits, default=None)


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), _LONGEST_S) if isfinite(seconds) else 0.0
