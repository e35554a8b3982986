"""What host and AI service believe each other by: short-lived signed tokens, and keys of models sealed for the way."""

import hashlib
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

import jwt
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from addon.errors import Misconfigured, Unauthenticated
from addon.settings import Settings

MIN_SECRET_CHARS = 32
ISSUER, AUDIENCE = "jiravision", "jiravision-ai"
LEEWAY_S = 10.0
LONGEST_S = 3600.0
_CLAIMS = ("iss", "aud", "iat", "exp", "jti", "req", "body")
_REFUSED = "The AI service takes signed requests of its own host only."
_PURPOSE = b"jiravision keys of models on their way to the AI service, first edition"


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it is signed. path: below the root of the service."""

    method: str
    path: str
    body: bytes

    @property
    def req(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


def shared_secrets(settings: Settings, *, loopback: bool) -> tuple[str, ...]:
    """The secrets shared with the AI service, the one that signs first; () when it asks for no token.

    loopback: whether the service is on this machine. Raises Misconfigured when that is not safe.
    """
    if not settings.ai_auth_enabled:
        if not loopback:
            raise Misconfigured("AI_AUTH_ENABLED: off is for an AI service on this machine (a loopback address) only")
        return ()
    found = tuple(part.strip() for part in settings.ai_shared_secret.get_secret_value().split(",") if part.strip())
    if not found or min(map(len, found)) < MIN_SECRET_CHARS:
        raise Misconfigured(
            f"AI_SHARED_SECRET: every comma-separated part needs at least {MIN_SECRET_CHARS} characters"
        )
    return found


def signed(secrets: Sequence[str], sent: Sent, *, ttl_s: float, now: float) -> str:
    """A token for exactly this request, once."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": int(now),
        "exp": int(now + ttl_s),
        "jti": uuid4().hex,
        "req": sent.req,
        "body": sent.digest,
    }
    return jwt.encode(claims, secrets[0], algorithm="HS256")


class Elsewhere(Protocol):
    """Knows what other processes of the service have seen."""

    async def first(self, name: str, *, for_s: float) -> bool: ...


class Believer:
    """Checks tokens. secrets: any of them may have signed; () believes everybody.

    elsewhere: what keeps a token from being used at two processes; None when there is one only.
    """

    def __init__(
        self, secrets: Sequence[str], *, now: Callable[[], float] = time.time, elsewhere: Elsewhere | None = None
    ) -> None:
        self._secrets = secrets
        self._now = now
        self._elsewhere = elsewhere
        self._seen: dict[str, float] = {}

    def require_token(self, token: str) -> None:
        """Before anything is read of whoever brings none. Raises Unauthenticated."""
        if self._secrets and not token:
            raise Unauthenticated(_REFUSED)

    async def believe(self, token: str, sent: Sent) -> None:
        """As `check`, and nobody used the token elsewhere either. Raises Unauthenticated."""
        name = self.check(token, sent)
        if self._elsewhere is None or not name:
            return
        if not await self._elsewhere.first(name, for_s=self._seen[name] - self._now()):
            raise Unauthenticated(_REFUSED)

    def check(self, token: str, sent: Sent) -> str:
        """The token's own name, "" when none is asked for. Raises Unauthenticated; why stays with us."""
        if not self._secrets:
            return ""
        name = self._name(token, sent)
        if not name:
            raise Unauthenticated(_REFUSED)
        return name

    def _name(self, token: str, sent: Sent) -> str:
        """ "" for a token that does not hold."""
        now = self._now()
        claims = next((found for secret in self._secrets if (found := _claims(token, secret)) is not None), None)
        if claims is None or claims["req"] != sent.req or claims["body"] != sent.digest:
            return ""
        try:
            made, ends, name = float(claims["iat"]), float(claims["exp"]), str(claims["jti"])
        except (TypeError, ValueError):
            return ""
        if not (made - LEEWAY_S <= now < ends + LEEWAY_S and 0 < ends - made <= LONGEST_S):
            return ""
        self._seen = {known: until for known, until in self._seen.items() if until > now}
        if name in self._seen:
            return ""
        # What was used once is not believed again for as long as it could be.
        self._seen[name] = ends + LEEWAY_S
        return name


def _claims(token: str, secret: str) -> dict[str, Any] | None:
    try:
        # Times are ours to judge, by the same clock as everything else here.
        options = {"require": list(_CLAIMS), "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        return jwt.decode(token, secret, algorithms=["HS256"], audience=AUDIENCE, issuer=ISSUER, options=options)  # type: ignore[arg-type]
    except jwt.InvalidTokenError:
        return None


class Envelope:
    """Seals keys of models with the shared secrets; without any, on one machine, they travel as they are."""

    def __init__(self, secrets: Sequence[str]) -> None:
        every = [Fernet(_derived(secret)) for secret in secrets]
        self._fernet = MultiFernet(every) if every else None

    def seal(self, key: str) -> str:
        """ "" stays "": there is nothing to hide."""
        return self._fernet.encrypt(key.encode()).decode() if self._fernet and key else key

    def open(self, sealed: str) -> str:
        """Raises Unauthenticated for what was sealed with another secret."""
        if not self._fernet or not sealed:
            return sealed
        try:
            return self._fernet.decrypt(sealed.encode(), ttl=int(LONGEST_S)).decode()
        except InvalidToken:
            raise Unauthenticated("The key of the model was not sealed with the shared secret.") from None


def _derived(secret: str) -> bytes:
    return urlsafe_b64encode(HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode()))
