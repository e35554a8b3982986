"""What an address in a setting may look like."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:/[A-Za-z0-9._~-]+)*")
"""An address as plain as possible: what routers, proxies and headers read differently is not in it."""


def safe_address(value: str) -> str:
    """Without a slash at the end. Raises ValueError for what is no plain https address or loopback one."""
    plain = value.rstrip("/")
    segments = plain.split("/")[3:]
    # The port is read here, because it is what urlsplit refuses only later.
    if not _ADDRESS.fullmatch(plain) or {".", ".."} & set(segments) or _host(plain) is None:
        raise ValueError("must look like https://host or https://host/prefix")
    if not plain.startswith("https://") and not is_loopback(_host(plain) or ""):
        raise ValueError("must be https: plain http is for this machine itself")
    return plain


def _host(url: str) -> str | None:
    """None for what is no address after all, such as a port beyond 65535."""
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.port is None or parts.port else None
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """True for localhost and for addresses of the loopback range."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
