"""What can go wrong with a test management tool, by what the caller can do about it.

ToolError
├── ToolRefused        the request itself is wrong, or the tool's own rules forbid it; never repeat it as it is
├── ToolUnauthorized   the stored credentials are not accepted; a project administrator enters new ones
├── ToolForbidden      they are, but lack a right
├── ToolNotFound       gone, or not there for these credentials
├── ToolBusy           slow down: come back after `retry_after_s`
└── ToolDown           no whole answer; when `uncertain`, look first whether the write happened

Each error's code begins with the tool's name, so that failures in a row are counted for each tool by itself.
"""

import json
import re

from addon.adf.clean import one_line
from addon.errors import AddonError, Forbidden, NotFound, Unavailable, Upstream

NAMES = {"xray": "Xray", "zephyr": "Zephyr Scale"}
_KEPT = 200
_LOOKS_SECRET = re.compile(r"eyJ[\w.-]{20,}|[A-Za-z0-9_-]{40,}|[0-9A-Fa-f]{32,}")


class ToolError(AddonError):
    """Base of the tree. tool: xray | zephyr."""

    kind = "failed"

    def __init__(self, tool: str, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)
        self.tool = tool
        self.code = f"{tool}_{self.kind}"


class ToolRefused(ToolError, Upstream):
    """Carries the tool's own words, shortened: nobody else knows which of its rules was broken."""

    kind = "refused"

    def __init__(self, tool: str, words: str) -> None:
        said = f": “{words}”" if words else "."
        super().__init__(tool, f"{NAMES[tool]} refused the request{said}")
        self.words = words


class ToolUnauthorized(ToolError, Upstream):
    kind = "unauthorized"

    def __init__(self, tool: str) -> None:
        super().__init__(
            tool, f"{NAMES[tool]} does not accept the stored key; enter a new one in the project's settings."
        )


class ToolForbidden(ToolError, Forbidden):
    kind = "forbidden"

    def __init__(self, tool: str) -> None:
        super().__init__(tool, f"The owner of the stored key lacks a right in {NAMES[tool]}.")


class ToolNotFound(ToolError, NotFound):
    kind = "not_found"

    def __init__(self, tool: str) -> None:
        super().__init__(tool, f"{NAMES[tool]} has no such thing, or the owner of the stored key may not see it.")


class ToolBusy(ToolError, Unavailable):
    """Nothing was changed."""

    kind = "busy"

    def __init__(self, tool: str, asked_s: float) -> None:
        super().__init__(tool, f"{NAMES[tool]} asks us to slow down.", retry_after_s=asked_s)


class ToolDown(ToolError, Upstream):
    """uncertain: a write may have happened although no answer came."""

    kind = "down"

    def __init__(self, tool: str, *, uncertain: bool = False) -> None:
        super().__init__(tool, f"{NAMES[tool]} did not answer as it should.", retry_after_s=5.0)
        self.uncertain = uncertain


def words_of(body: bytes) -> str:
    """The message in an error body, one short line without anything that looks like a secret; never raises."""
    try:
        document = json.loads(body[: 64 * 1024])
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    candidates = (document.get("message"), document.get("error"), first)
    said = next((words for each in candidates if (words := _message(each))), "")
    return short(said)


def short(words: str) -> str:
    return _LOOKS_SECRET.sub("…", one_line(words[:2_000]))[:_KEPT]


def _message(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("message")
    return value if isinstance(value, str) else ""
