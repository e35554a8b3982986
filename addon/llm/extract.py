"""Finding the JSON object in what a model wrote around it."""

import json
import re
from typing import Any

_THINKING = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_DECODER = json.JSONDecoder()
_MOST_STARTS = 64


def json_object(text: str) -> dict[str, Any] | None:
    """The largest JSON object in the text, None without one.

    Accepts a byte order mark, code fences, a thinking block before and prose around. Linear but for a bounded number of
    false starts.
    """
    # Local models think aloud before they answer, sometimes in JSON.
    text = _THINKING.sub("", text.lstrip("\ufeff"), count=1).strip()
    best: dict[str, Any] | None = None
    size = at = 0
    for _ in range(_MOST_STARTS):
        at = text.find("{", at)
        if at < 0:
            break
        try:
            found, end = _DECODER.raw_decode(text, at)
        # A model can nest deeper than the parser's stack; that is no answer either.
        except (ValueError, RecursionError):
            at += 1
            continue
        if end - at > size:
            best, size = found, end - at
        at = end
    return best
