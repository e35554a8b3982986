"""Which addresses may stand behind a link we write."""

from urllib.parse import urlsplit

from addon.adf.clean import visible

_LONGEST = 2_000
_NEVER = set(' \t\n"<>\\^`{|}')


def safe_href(address: str) -> str | None:
    """The address when it is an absolute http, https or mailto one without tricks, else None.

    Refused: other schemes, relative addresses, white space and invisible characters, a user name before the host
    (`https://jira.example@evil.example` reads as the wrong site), and more than 2,000 characters.
    """
    address = address.strip()
    if not address or len(address) > _LONGEST or visible(address) != address or _NEVER & set(address):
        return None
    # Ports and bracketed hosts are parsed on access, and may raise only then.
    try:
        parts = urlsplit(address)
        scheme, host, _ = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        return None
    if scheme == "mailto":
        return address if "@" in parts.path else None
    if scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    return address
