"""Moments, people and texts in a query, as Jira reads them."""

import re
import time
from datetime import UTC, datetime, timedelta

from sandbox.jql_tree import QueryError, Value

FUNCTIONS = (
    "currentUser()", "now()", "openSprints()", "closedSprints()", "startOfDay()", "startOfWeek()", "startOfMonth()",
    "startOfYear()", "endOfDay()", "endOfWeek()", "endOfMonth()", "endOfYear()",
)  # fmt: skip
BAD_DATE = (
    "Date value '{}' for field '{}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm',"
    " 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
)
_PERIOD = re.compile(r"^([+-]?)((?:\d+[wdhm]\s*)+)$")
_PART = re.compile(r"(\d+)([wdhm])")
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_EDGE = re.compile(r"^(start|end)of(day|week|month|year)$")
_WORDS = re.compile(r"[^\W_]+\*?")
# What the text index reads as syntax of its own, and cannot read at the places below.
_BROKEN = re.compile(r"[\[\]{}^:/\\]|[!+-]\s*$|&&|\|\|")


def moment(value: Value, *, field: str, now: float | None = None) -> float:
    """UTC seconds. Raises QueryError."""
    now = time.time() if now is None else now
    if value.function:
        return _called(value, now)
    period = _PERIOD.match(value.text.strip())
    if period:
        seconds = sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(period[2]))
        return now - seconds if period[1] == "-" else now + seconds
    try:
        return datetime.fromisoformat(value.text.replace("/", "-")).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise QueryError(BAD_DATE.format(value.text, field)) from None


def _called(value: Value, now: float) -> float:
    name = value.text.lower()
    if name == "now":
        return now
    edge = _EDGE.match(name)
    if edge is None:
        raise unknown_function(value)
    # In UTC for everybody; Jira takes the person's own time zone.
    start = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    steps = int(re.sub(r"[^-\d]", "", value.args[0]) or 0) if value.args else 0
    begin, after = _span(start, edge[2], steps=steps)
    return begin.timestamp() if edge[1] == "start" else after.timestamp() - 0.001


def _span(day: datetime, unit: str, *, steps: int) -> tuple[datetime, datetime]:
    """The day, week, month or year that lies `steps` from the one of `day`: its beginning and that of the next."""
    if unit == "day":
        begin = day + timedelta(days=steps)
        return begin, begin + timedelta(days=1)
    if unit == "week":
        # Weeks begin on Sunday, as on a site nobody has configured.
        begin = day - timedelta(days=(day.weekday() + 1) % 7) + timedelta(weeks=steps)
        return begin, begin + timedelta(weeks=1)
    if unit == "year":
        begin = day.replace(year=day.year + steps, month=1, day=1)
        return begin, begin.replace(year=begin.year + 1)
    months = day.year * 12 + day.month - 1 + steps
    begin, after = (day.replace(year=n // 12, month=n % 12 + 1, day=1) for n in (months, months + 1))
    return begin, after


def unknown_function(value: Value) -> QueryError:
    return QueryError(f"Unable to find JQL function '{value.encoded}'.")


def check_text(query: str, *, field: str) -> None:
    """Raises QueryError for what the text index cannot read."""
    text = query.strip()
    if not text:
        raise QueryError(f"The field '{field}' does not support searching for an empty string.")
    if text[0] in "*?":
        raise QueryError(
            f"The text query '{text}' for field '{field}' is not allowed to start with character '{text[0]}'."
        )
    if _BROKEN.search(text) or text.count('"') % 2 or text.count("(") != text.count(")"):
        raise QueryError(f"Unable to parse the text '{text}' for field '{field}'.")


def contains(text: str, query: str) -> bool:
    """Every word of the query in any order, ends of words left aside; a star stands for the rest of a word."""
    if len(query) > 2 and query[0] == query[-1] == '"':
        return " ".join(_WORDS.findall(query.casefold())) in " ".join(_WORDS.findall(text.casefold()))
    have = {_stem(word) for word in _WORDS.findall(text.casefold())}
    return all(_found(word, have) for word in _WORDS.findall(query.casefold()))


def _found(word: str, have: set[str]) -> bool:
    if word.endswith("*"):
        return any(other.startswith(_stem(word[:-1])) for other in have)
    return _stem(word) in have


def _stem(word: str) -> str:
    """As much of a word as its forms share."""
    for ending in ("ing", "ed", "es", "s", "e"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            return word[: -len(ending)]
    return word
