"""Who is calling the REST side: the add-on by a signed request, or the add-on as a user by a bearer token."""

import hmac
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import jwt

from sandbox.rest.call import Caller, RefusedError, UnauthorizedError
from sandbox.signing import canonical, qsh
from sandbox.site import Installation, Json, Site

# The documented custom is three minutes; a longer life makes a stolen token worth more.
MAX_LIFE_S = 300
LEEWAY_S = 30
ASSERTION_LIFE_S = 60
# Clients must read it from the answer: the real value is not documented.
BEARER_TTL_S = 900
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT = "urn:atlassian:connect:clientid:"
ACCOUNT = "urn:atlassian:connect:useraccountid:"


@dataclass(slots=True)
class Bearers:
    """The tokens handed out by the authorization server. Each: client key, account id, scopes, end in epoch seconds."""

    issued: dict[str, tuple[str, str, frozenset[str], float]] = field(default_factory=dict)

    def issue(self, client_key: str, account_id: str, *, scopes: frozenset[str]) -> str:
        token = uuid.uuid4().hex
        self.issued[token] = (client_key, account_id, scopes, time.time() + BEARER_TTL_S)
        return token


def caller_of(site: Site, bearers: Bearers, *, method: str, target: str, authorization: str | None) -> Caller:
    """The caller of one request. target: raw path and query as on the wire. Raises UnauthorizedError."""
    installation = site.installation
    # Jira does not say whether the add-on or the signature is unknown; the complaint does.
    if installation is None or installation.state == "uninstalled":
        raise UnauthorizedError("the add-on is not installed on this site")
    kind, _, token = (authorization or "").partition(" ")
    if kind == "JWT":
        return _signed(installation, method, target=target, token=token)
    if kind == "Bearer":
        client_key, account_id, scopes, end = bearers.issued.get(token, ("", "", frozenset(), 0.0))
        # A token of another site, and one from before a site import, are equally worthless.
        if client_key != installation.client_key or end < time.time():
            raise UnauthorizedError("the bearer token is unknown here or has expired")
        return Caller(account_id, scopes, as_user=True)
    raise UnauthorizedError(f"no JWT and no Bearer token (got {kind or 'nothing'!r})")


def _signed(installation: Installation, method: str, *, target: str, token: str) -> Caller:
    claims = _claims(token, installation.shared_secret)
    if claims["iss"] != installation.key:
        raise UnauthorizedError(f"iss is {claims['iss']!r}, not the add-on's key {installation.key!r}")
    if claims["exp"] - claims["iat"] > MAX_LIFE_S:
        raise UnauthorizedError(f"the token lives {claims['exp'] - claims['iat']} s; {MAX_LIFE_S} s is the most")
    # The hash is computed here by our own code, not by the add-on's, so that two readings of the rule meet.
    if not hmac.compare_digest(str(claims["qsh"]), qsh(method, target)):
        raise UnauthorizedError(f"qsh differs; the request is {canonical(method, target)!r}")
    return Caller(installation.app_account, frozenset(installation.scopes))


def _claims(token: str, secret: str) -> Json:
    try:
        return jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            leeway=LEEWAY_S,
            options={"require": ["iss", "iat", "exp", "qsh"], "verify_aud": False},
        )
    except jwt.InvalidTokenError as error:
        raise UnauthorizedError(f"the token does not hold: {error}") from error


def grant(sites: list[Site], bearers: Bearers, *, audiences: set[str], form: str) -> tuple[int, Json]:
    """The authorization server's answer to a form: a bearer token for an assertion one of the sites vouches for."""
    fields = dict(parse_qsl(form, keep_blank_values=True))
    if fields.get("grant_type") != GRANT:
        return 400, {"error": "unsupported_grant_type", "error_description": "grant_type must be the JWT bearer grant"}
    site = _site_of(sites, fields.get("assertion", ""))
    if site is None or site.installation is None:
        return 400, {"error": "invalid_grant", "error_description": "Unknown client"}
    try:
        account_id = _vouched(site, site.installation, audiences=audiences, assertion=fields["assertion"])
    except RefusedError as refusal:
        site.complain("oauth.token", refusal.note, status=400)
        return 400, {"error": "invalid_grant", "error_description": refusal.note}
    # No scope parameter means all scopes of the descriptor.
    asked = frozenset(fields.get("scope", "").split()) or frozenset(site.installation.scopes)
    # Acting as users is never implied by another scope.
    if asked - site.installation.scopes or "ACT_AS_USER" not in site.installation.scopes:
        site.complain("oauth.token", f"scopes {sorted(asked)} were not granted", status=400)
        return 400, {"error": "invalid_scope", "error_description": "A requested scope was not granted"}
    token = bearers.issue(site.installation.client_key, account_id, scopes=asked)
    return 200, {"access_token": token, "expires_in": BEARER_TTL_S, "token_type": "Bearer"}


def _site_of(sites: list[Site], assertion: str) -> Site | None:
    try:
        # Unverified on purpose: iss only says whose secret to verify with.
        claims: dict[str, Any] = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    client = str(claims.get("iss", "")).removeprefix(CLIENT)
    return next((s for s in sites if s.installation and s.installation.oauth_client_id == client), None)


def _vouched(site: Site, installation: Installation, *, audiences: set[str], assertion: str) -> str:
    try:
        claims = jwt.decode(
            assertion,
            installation.shared_secret,
            algorithms=["HS256"],
            leeway=LEEWAY_S,
            options={"require": ["iss", "sub", "tnt", "aud", "iat", "exp"], "verify_aud": False},
        )
    except jwt.InvalidTokenError as error:
        raise UnauthorizedError(f"the assertion does not hold: {error}") from error
    if claims["aud"] not in audiences:
        raise UnauthorizedError("Invalid aud")
    if claims["tnt"] != site.base_url:
        raise UnauthorizedError("tnt is not the site's base URL")
    if claims["exp"] - claims["iat"] > ASSERTION_LIFE_S:
        raise UnauthorizedError("the assertion lives longer than 60 s")
    account_id = str(claims["sub"]).removeprefix(ACCOUNT)
    if not str(claims["sub"]).startswith(ACCOUNT) or account_id not in site.users or installation.state != "enabled":
        raise UnauthorizedError("unknown or inactive user")
    return account_id
