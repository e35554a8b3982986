"""What can go wrong with Jira, by what the caller can do about it.

JiraError
├── JiraRefused        400, 410, 422, redirects: the request itself is wrong; never repeat it as it is
├── JiraUnauthorized   401 after a fresh token: the installation is broken; stop work for this tenant
├── JiraForbidden      403: a right or scope is missing; tell an administrator
├── JiraNotFound       404: gone, or not visible to this identity; stop quietly
├── JiraConflict       409: read again, then decide again
├── JiraTooLarge       413: the issue is full; use another way out
├── JiraBusy           429 or a pause in force: come back after `retry_after_s`
│   └── JiraSpent      the points of the hour are used up
└── JiraDown           5xx, timeout, cut connection: come back; when `uncertain`, look first whether the write happened

`said` holds what Jira wrote, for logs and decisions; `detail` is our own sentence, because a foreign body may hold
anything. Source: developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#status-codes
"""

import json
import re
from dataclasses import dataclass, field

from addon.adf.clean import one_line
from addon.errors import AddonError, Conflict, Forbidden, NotFound, TooLarge, Unavailable, Upstream

_KEPT = 2_000
_FIELD = re.compile(r"^[A-Za-z0-9_.-]{1,64}$")
_RICH_TEXT = re.compile(r"INVALID_INPUT|Atlassian Document|body is not valid", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """Jira's own words about a failure: at most 2,000 characters in all, one line each. status: HTTP, 0 for none."""

    status: int = 0
    messages: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def about_rich_text(self) -> bool:
        """True when a document was refused as malformed, so that plain paragraphs may pass."""
        return any(_RICH_TEXT.search(words) for words in (*self.messages, *self.fields.values()))

    @property
    def about_rights(self) -> bool:
        """True when a missing right was told with a status of its own, as some operations do with 400."""
        return any("permission" in words.lower() for words in self.messages)

    @property
    def about_length(self) -> bool:
        """True when a text or document was refused as too long."""
        words = " ".join((*self.messages, *self.fields.values()))
        return "CONTENT_LIMIT_EXCEEDED" in words or "exceeds the allowed limit" in words or "can't exceed" in words


class JiraError(AddonError):
    """Base of the tree; see the module."""

    def __init__(self, detail: str, *, said: Said | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)
        self.said = said or Said()


class JiraRefused(JiraError, Upstream):
    code = "jira_refused"


class JiraUnauthorized(JiraError, Upstream):
    code = "jira_unauthorized"


class JiraForbidden(JiraError, Forbidden):
    code = "jira_forbidden"


class JiraNotFound(JiraError, NotFound):
    code = "jira_not_found"


class JiraConflict(JiraError, Conflict):
    code = "jira_conflict"


class JiraTooLarge(JiraError, TooLarge):
    code = "jira_too_large"


class JiraBusy(JiraError, Unavailable):
    """Nothing was changed. asked_s: the wait Jira named, None when it named none."""

    code = "jira_busy"

    def __init__(self, asked_s: float | None, *, said: Said | None = None) -> None:
        super().__init__("Jira asks us to slow down.", said=said, retry_after_s=asked_s or 2.0)
        self.asked_s = asked_s


class JiraSpent(JiraBusy):
    """The points of this hour are used up; asked_s: until the next full hour."""

    def __init__(self, asked_s: float) -> None:
        super().__init__(asked_s)
        self.detail = "The requests that Jira grants the add-on for this hour are used up; it goes on at the full hour."
        self.args = (self.detail,)


class JiraDown(JiraError, Upstream):
    """uncertain: a write may have happened although no answer came; look for its marker before writing again."""

    code = "jira_down"

    def __init__(self, asked_s: float | None = None, *, uncertain: bool = False, said: Said | None = None) -> None:
        super().__init__("Jira did not answer as it should.", said=said, retry_after_s=asked_s or 5.0)
        self.asked_s = asked_s
        self.uncertain = uncertain


def said(status: int, body: bytes) -> Said:
    """Both parts of Jira's error body, and the shapes gateways use; never raises."""
    try:
        document = json.loads(body[: 64 * 1024])
    except (ValueError, RecursionError):
        text = one_line(re.sub(r"<[^>]*>", " ", body[:8_000].decode("utf-8", "replace")))
        return Said(status, (text[:300],) if text else ())
    if not isinstance(document, dict):
        return Said(status)
    listed = document.get("errorMessages")
    # Jira fills either part and leaves the other empty; gateways in front of it use names of their own.
    words = [item for item in listed if isinstance(item, str)] if isinstance(listed, list) else []
    words += [value for name in ("message", "error", "code") if isinstance(value := document.get(name), str)]
    errors = document.get("errors")
    named = (
        {str(name): value for name, value in errors.items() if isinstance(value, str)}
        if isinstance(errors, dict)
        else {}
    )
    return _within(status, words, fields=named)


def failure(status: int, body: bytes) -> JiraError:
    """The error for an answer that is final: anything but success, 429 and 5xx."""
    told = said(status, body)
    if status == 401:
        return JiraUnauthorized("Jira no longer accepts this installation; reinstall the add-on.", said=told)
    if status == 403:
        return JiraForbidden("Jira does not permit this; a permission or scope is missing.", said=told)
    if status == 404:
        return JiraNotFound("Jira has no such thing, or it may not be seen.", said=told)
    if status == 409:
        return JiraConflict("Somebody changed it in Jira at the same time.", said=told)
    if status == 413:
        return JiraTooLarge("Jira takes no more of this for the issue.", said=told)
    if 300 <= status < 400:
        return JiraRefused("Jira answered with a redirect, which is not followed.", said=told)
    # Field ids come from a foreign body too: only what looks like one is shown.
    names = ", ".join(name for name in told.fields if _FIELD.match(name))
    return JiraRefused(f"Jira refused these fields: {names}." if names else "Jira refused the request.", said=told)


def _within(status: int, messages: list[str], *, fields: dict[str, str]) -> Said:
    left = _KEPT
    kept: list[str] = []
    named: dict[str, str] = {}
    for message in messages:
        line = one_line(message)[:left]
        left -= len(line)
        kept += [line] if line else []
    for name, message in fields.items():
        label, line = name[:64], one_line(message)[: max(left - 64, 0)]
        if left < 64:
            break
        left -= len(label) + len(line)
        named[label] = line
    return Said(status, tuple(kept), named)
