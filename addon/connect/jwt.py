"""Tokens that we sign: for our calls to Jira, and for acting as one of its users."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import jwt

REQUEST_LIFETIME_S = 180
ASSERTION_LIFETIME_S = 60
AUTHORIZATION_SERVER = "https://oauth-2-authorization-server.services.atlassian.com"


def sign_hs256(claims: Mapping[str, object], secret: str) -> str:
    """A compact HS256 token; secret: the tenant's shared secret, not empty."""
    return jwt.encode(dict(claims), secret, algorithm="HS256")


def request_token(app_key: str, secret: str, *, qsh: str, now: float, audience: str | None = None) -> str:
    """The token of one request to Jira as the app; valid for three minutes, so never kept.

    qsh: `qsh.of_target` of exactly what goes on the wire. audience: the tenant's client key.
    """
    claims: dict[str, object] = {"iss": app_key, "iat": int(now), "exp": int(now) + REQUEST_LIFETIME_S, "qsh": qsh}
    if audience is not None:
        claims["aud"] = [audience]
    return sign_hs256(claims, secret)


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Whom the app acts as, and where; audience: address of the authorization server."""

    oauth_client_id: str
    account_id: str
    base_url: str
    audience: str = AUTHORIZATION_SERVER


def user_assertion(person: Impersonation, secret: str, *, now: float) -> str:
    """The JWT bearer grant by which the app gets a token of one user of a site; valid for a minute.

    Source: developer.atlassian.com/cloud/jira/platform/user-impersonation-for-connect-apps
    """
    # The claim names the server, not the address of its token endpoint.
    server = urlsplit(person.audience)
    claims = {
        "iss": f"urn:atlassian:connect:clientid:{person.oauth_client_id}",
        "sub": f"urn:atlassian:connect:useraccountid:{person.account_id}",
        "tnt": person.base_url,
        "aud": f"{server.scheme}://{server.netloc}",
        "iat": int(now),
        "exp": int(now) + ASSERTION_LIFETIME_S,
    }
    return sign_hs256(claims, secret)
