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

Scope = Literal["everywhere", "site", "endpoint", "issue"]
_LONGEST_S = 3_700.0  # hourly budgets are full again at the next full hour
_POLICY = re.compile(r'"([^"]*)"\s*((?:;\s*[a-z]+\s*=\s*\d+\s*)*)')
_NEAR = 0.2  # the part of a limit below which Jira itself calls it near
_NEAR_S, _NEAR_LEFT = 10.0, 20  # when Jira says no more than that it is near
_LONGEST_BURST_S = 60.0
_PARAMETER = re.compile(r"([a-z]+)\s*=\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Pause:
    """seconds: 0.0 when limited without saying for how long. scope: whose requests have to wait."""

    seconds: float
    scope: Scope


@dataclass(frozen=True, slots=True)
class Ease:
    """Room that becomes scarce: for so many seconds only so many points, or calls of one endpoint, are left."""

    seconds: float
    left: int
    scope: Scope


def pause(status: int, headers: Mapping[str, str], *, now: float) -> Pause | None:
    """The pause an answer asks for, None when it asks for none. headers: lower-case names. now: UTC epoch seconds."""
    spent = max((each for each in _policies(headers) if not each.left), key=lambda each: each.seconds, default=None)
    said = headers.get("ratelimit-reason", "")
    scope = spent.scope if spent is not None and not said else _scope(said)
    if status in (429, 503):
        asked = _retry_after(headers, now)
        if asked is not None or status == 429:
            return Pause(asked if asked is not None else _reset(headers, now), scope)
        return None
    # A good answer may carry the news that it was the last one of this hour.
    if spent is not None:
        return Pause(spent.seconds, spent.scope) if spent.seconds > 0 else None
    if headers.get("x-ratelimit-remaining", "").strip() == "0":
        seconds = _reset(headers, now)
        return Pause(seconds, scope) if seconds > 0 else None
    return None


def ease(headers: Mapping[str, str], *, now: float) -> Ease | None:
    """What an answer tells about room that becomes scarce, None when there is enough. Arguments as for `pause`."""
    policies = [policy for policy in _policies(headers) if policy.left and policy.seconds > 0]
    if policies:
        # Jira names how much is left only when it is little.
        return max(policies, key=lambda policy: policy.seconds / policy.left)
    left, most = _count(headers.get("x-ratelimit-remaining", "")), _count(headers.get("x-ratelimit-limit", ""))
    near = headers.get("x-ratelimit-nearlimit", "").strip().lower() == "true"
    if not near and (not left or not most or left >= most * _NEAR):
        return None
    seconds = _reset(headers, now) or _NEAR_S
    said = headers.get("ratelimit-reason", "")
    # Without a reason the time tells: bursts refill within seconds, what an hour grants does not.
    scope: Scope = _scope(said) if said else "site" if seconds > _LONGEST_BURST_S else "endpoint"
    return Ease(seconds, left or _NEAR_LEFT, scope)


def _scope(reason: str) -> Scope:
    # Reason strings differ from the documented ones at times: match a part of them.
    reason = reason.lower()
    if "global" in reason:
        return "everywhere"
    if "per-issue" in reason:
        return "issue"
    return "endpoint" if "burst" in reason else "site"


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
    spent = [each.seconds for each in _policies(headers) if not each.left]
    if spent:
        return max(spent)
    value = headers.get("x-ratelimit-reset", "").strip()
    try:
        # The seconds may be missing ("2026-03-02T10:00Z"), which fromisoformat reads too.
        return _bounded(datetime.fromisoformat(value).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0


def _policies(headers: Mapping[str, str]) -> list[Ease]:
    """Those of a `RateLimit` header that say how much is left and for how long."""
    found: list[Ease] = []
    for name, parameters in _POLICY.findall(headers.get("ratelimit", "")):
        values = {key: int(number[:12]) for key, number in _PARAMETER.findall(parameters)}
        # A policy with this prefix is measured and not enforced yet.
        if "r" in values and "t" in values and not name.lower().startswith("beta-"):
            found.append(Ease(_bounded(float(values["t"])), values["r"], _scope(name)))
    return found


def _count(value: str) -> int:
    """0 for what is no number."""
    value = value.strip()
    return int(value[:12]) if value.isascii() and value.isdecimal() else 0


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), _LONGEST_S) if isfinite(seconds) else 0.0
