"""Paths below a site, with every variable part percent-encoded."""

from urllib.parse import quote

from addon.jira.errors import JiraNotFound

API = "/rest/api/3"


def path(*parts: str) -> str:
    """`/rest/api/3/` and the parts, each one segment.

    Raises JiraNotFound for a part that is empty or a dot segment: it would name something else.
    """
    # Percent-encoding leaves dots alone, and clients and proxies resolve dot segments.
    for part in parts:
        if not part or part in (".", "..") or len(part) > 512:
            raise JiraNotFound("Jira has no such thing, or it may not be seen.")
    return "/".join((API, *(quote(part, safe="", errors="replace") for part in parts)))
