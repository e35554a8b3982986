"""Which addresses may be a Jira site of ours; everything we ever send goes to one that passed here."""

import re
from collections.abc import Sequence

from addon.connect.verdicts import Refused, Verdict

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label must not be a number: that keeps every spelling of an IPv4 address out.
_DNS_HOST = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$)(?!0x){_LABEL}")
# One expression for the whole address instead of a parser: what parsers disagree about is refused.
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+(?::\d{1,5})?)/?", re.IGNORECASE)
# With its scheme it fits where addresses are stored (255); names of DNS may be six longer, and are not.
_MAX_HOST = 247
_LOOPBACK = re.compile(r"(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}):\d{1,5}")


def allowed_site(url: str | None, patterns: Sequence[str]) -> str:
    """The origin of a Jira site, lower case and without a trailing slash.

    url: an https origin with a DNS name and nothing else. patterns: "*.suffix", an exact name, or a loopback host with
    its port, which alone may be spoken to without TLS. Raises Refused (site_not_allowed).
    """
    scheme, host = _split(url)
    lowered = [pattern.lower() for pattern in patterns]
    if scheme == "http" and _LOOPBACK.fullmatch(host) and host in lowered:
        return f"http://{host}"
    if scheme == "https" and _DNS_HOST.fullmatch(host) and any(_fits(host, pattern) for pattern in lowered):
        return f"https://{host}"
    raise Refused(Verdict.SITE_NOT_ALLOWED)


def display_site(url: str | None, base_url: str) -> str:
    """The origin people see in their browser: a custom domain of theirs, else `base_url`.

    Only links and frame-ancestors use it; we never send anything there.
    """
    if not url or url.removesuffix("/").lower() == base_url:
        return base_url
    try:
        scheme, host = _split(url)
    except Refused:
        return base_url
    return f"https://{host}" if scheme == "https" and _DNS_HOST.fullmatch(host) else base_url


def _split(url: str | None) -> tuple[str, str]:
    match = _ORIGIN.fullmatch(url or "")
    if match is None or len(match[2]) > _MAX_HOST:
        raise Refused(Verdict.SITE_NOT_ALLOWED)
    return match[1].lower(), match[2].lower()


def _fits(host: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern[1:])
    return host == pattern
