"""The operator of this deployment: who may see what it counts."""

from collections.abc import Mapping
from hmac import compare_digest

from addon.errors import Forbidden, Unauthenticated
from addon.settings import is_loopback

PROXIED = ("x-forwarded-for", "forwarded", "x-real-ip", "via")


def admit(headers: Mapping[str, str], host: str | None, *, token: str) -> None:
    """Lets the operator in: by the configured token or, without one, from this machine and not through a proxy.

    headers: by lower-case name. host: the address that asks. Raises Unauthenticated or Forbidden.
    """
    if token:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not compare_digest(given.strip().encode(), token.encode()):
            raise Unauthenticated("Send the operator's token as Authorization: Bearer.")
        return
    # A proxy on this machine makes the whole world look like loopback.
    if any(name in headers for name in PROXIED) or host is None or not is_loopback(host):
        raise Forbidden("Only callers on this machine; set OPERATOR_TOKEN to ask from elsewhere.")
