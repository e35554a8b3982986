"""Four ways to check an incoming token, one per class of route; none of them accepts what another one accepts.

lifecycle   RS256, Atlassian's install key, our address as audience, computed qsh   installed, uninstalled
hook        HS256, shared secret, computed qsh                                      enabled, disabled, webhooks
page        HS256, shared secret, computed qsh, a person                            iframe pages
api         HS256, shared secret, literal context-qsh, a person                     calls of our own pages

The algorithm is a constant of the verifier. What the token's header says is compared with it and chooses nothing.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.api_jws import PyJWS

from addon.connect import qsh
from addon.connect.claims import Claims, Unverified, parse, peek
from addon.connect.payloads import EventType, Lifecycle
from addon.connect.verdicts import Anonymous, Refused, Verdict

LEEWAY_S = 30.0
MAX_LIFETIME_S = 24 * 3600.0
DECOY = "of-a-tenant-that-does-not-exist-so-that-looking-costs-the-same"
"""Checked in place of the secret of an unknown tenant: its callers wait as long and read the same answer."""

_JWS = PyJWS()
_KEY_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class Incoming:
    """The parts of a request that its token speaks about, as they came over the wire.

    authorization: every Authorization header. base_path: path of our public address, "" or "/prefix".
    parsed: the query's pairs, where somebody has read them before.
    """

    method: str
    raw_path: bytes
    query_string: bytes
    base_path: str
    authorization: tuple[str, ...] = ()
    parsed: qsh.Pairs | None = None

    @cached_property
    def query(self) -> qsh.Pairs:
        """Names and values, decoded, in the order of the wire."""
        return qsh.pairs(self.query_string) if self.parsed is None else self.parsed


def carried(incoming: Incoming, *, in_url: bool = False) -> str:
    """The one token of a request: from `Authorization: JWT`, or from ?jwt= where `in_url` allows it.

    Raises Refused (missing_token, two_tokens, misplaced_token).
    """
    schemes = (value.strip().partition(" ") for value in incoming.authorization)
    in_header = [token.strip() for scheme, _, token in schemes if scheme.lower() == "jwt"]
    # Names are decoded first: `%6awt` is the same parameter to everybody who reads the address after us.
    in_query = [value for name, value in incoming.query if name == qsh.TOKEN_PARAMETER]
    if len(in_header) + len(in_query) > 1 or len(incoming.authorization) > 1:
        raise Refused(Verdict.TWO_TOKENS)
    if in_query and not in_url:
        raise Refused(Verdict.MISPLACED_TOKEN)
    token = (in_header or in_query or [""])[0]
    if not token:
        raise Refused(Verdict.MISSING_TOKEN)
    return token


def symmetric(token: str) -> Unverified:
    """Reads a token that must be HS256; its issuer says whose secret to try. Raises Refused."""
    return _pinned(token, "HS256")


def asymmetric(token: str) -> tuple[Unverified, str]:
    """Reads a token that must be RS256, and the id of its key, a UUID: safe to put into an address. Raises Refused."""
    read = _pinned(token, "RS256")
    # The id becomes part of an address we fetch; a form without slashes and dots leaves nothing to smuggle.
    if read.key_id is None or not _KEY_ID.fullmatch(read.key_id):
        raise Refused(Verdict.UNKNOWN_KEY)
    return read, read.key_id.lower()


def lifecycle(
    read: Unverified, key: RSAPublicKey, *, incoming: Incoming, base_urls: Sequence[str], now: float
) -> Claims:
    """Claims of a call signed by Atlassian itself. base_urls: our public addresses. Raises Refused."""
    try:
        payload: bytes = _JWS.decode(read.token, key, algorithms=["RS256"])
    except jwt.PyJWTError:
        raise Refused(Verdict.WRONG_SIGNATURE) from None
    claims = parse(payload)
    _check_times(claims, now)
    # Whole addresses are compared: a look-alike that merely begins with ours belongs to somebody else's app.
    ours = {url.removesuffix("/") for url in base_urls}
    if not ours & {audience.removesuffix("/") for audience in claims.aud}:
        raise Refused(Verdict.WRONG_AUDIENCE)
    _check_request(claims, incoming)
    return claims


def hook(read: Unverified, secrets: Sequence[str], *, incoming: Incoming, now: float) -> Claims:
    """Claims of a call by Jira itself, webhooks above all. secrets: empty for an unknown tenant. Raises Refused."""
    claims = _of_tenant(read, secrets, now=now)
    _check_request(claims, incoming)
    return claims


def page(read: Unverified, secrets: Sequence[str], *, incoming: Incoming, now: float) -> Claims:
    """Claims of a frame that Jira opened for a person. Raises Refused, Anonymous."""
    return _of_person(hook(read, secrets, incoming=incoming, now=now))


def api(read: Unverified, secrets: Sequence[str], *, now: float) -> Claims:
    """Claims of a call by a page of ours, made with a context token. Raises Refused, Anonymous."""
    claims = _of_tenant(read, secrets, now=now)
    if not _same(claims.qsh, qsh.CONTEXT):
        raise Refused(Verdict.CONTEXT_QSH_REQUIRED)
    return _of_person(claims)


def matching(body: Lifecycle, claims: Claims, *, app_key: str, event: EventType) -> None:
    """Holds an unsigned lifecycle body against the token that came with it. Raises Refused.

    Without the first check every customer could overwrite the secret of every other one.
    """
    if not _same(body.client_key, claims.iss):
        raise Refused(Verdict.WRONG_ISSUER)
    if body.key != app_key:
        raise Refused(Verdict.WRONG_APP_KEY)
    if body.event_type != event:
        raise Refused(Verdict.WRONG_EVENT)
    if event == "installed" and not body.shared_secret:
        raise Refused(Verdict.MISSING_SECRET)


def _pinned(token: str, algorithm: str) -> Unverified:
    read = peek(token)
    if read.algorithm != algorithm:
        raise Refused(Verdict.WRONG_ALGORITHM)
    return read


def _of_tenant(read: Unverified, secrets: Sequence[str], *, now: float) -> Claims:
    signed = any(_is_signed(read.token, secret) for secret in secrets or [DECOY])
    # The decoy is no secret: whoever reads this file can sign with it.
    if not signed or not secrets:
        raise Refused(Verdict.WRONG_SIGNATURE)
    claims = parse(read.payload)
    _check_times(claims, now)
    return claims


def _is_signed(token: str, secret: str) -> bool:
    """Whether the token's HMAC-SHA-256 is of this secret, in the one spelling RFC 7515 gives it."""
    # By hand: PyJWT would read the whole token once more, and look into the secret for keys of every other kind.
    signed, _, signature = token.encode().rpartition(b".")
    right = urlsafe_b64encode(hmac.digest(secret.encode(), signed, "sha256")).rstrip(b"=")
    return bool(secret) and hmac.compare_digest(right, signature)


def _check_times(claims: Claims, now: float) -> None:
    # The cap bounds how long anything learnt from a used token has to be remembered.
    if claims.exp - claims.iat > MAX_LIFETIME_S:
        raise Refused(Verdict.LIVES_TOO_LONG)
    if max(claims.iat, claims.nbf or claims.iat) > now + LEEWAY_S:
        raise Refused(Verdict.NOT_YET_VALID)
    if now >= claims.exp + LEEWAY_S:
        raise Refused(Verdict.EXPIRED)


def _check_request(claims: Claims, incoming: Incoming) -> None:
    # Every script in the frame can ask for a context token; it must not open what only Jira may open.
    if _same(claims.qsh, qsh.CONTEXT):
        raise Refused(Verdict.CONTEXT_QSH_REFUSED)
    forms = qsh.forms(incoming.method, incoming.raw_path, query=incoming.query, base_path=incoming.base_path)
    tried: list[str] = []
    for form in forms:
        if _same(claims.qsh, qsh.digest(form)):
            return
        tried.append(form)
    raise Refused(Verdict.WRONG_QSH, explanation=(f"claim {claims.qsh}", *dict.fromkeys(tried)))


def _of_person(claims: Claims) -> Claims:
    if not claims.sub:
        raise Anonymous
    return claims


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))
