"""Tokens in both directions, worked out apart from the add-on's own code so that a mistake there shows here.

Claims and hashes follow developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps.
"""

import hashlib
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote_plus, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

CONTEXT_QSH = "context-qsh"


def canonical(method: str, target: str) -> str:
    """The canonical request. target: raw path and query as on the wire, the receiver's base path already cut off."""
    path, _, query = target.partition("?")
    # No trailing slash unless it is the whole path, and an ampersand must not look like a separator.
    path = "/" + path.strip("/").replace("&", "%26")
    values: dict[str, list[str]] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        # The token cannot be part of what it signs.
        if unquote_plus(name) != "jwt":
            values.setdefault(_encode(unquote_plus(name)), []).append(unquote_plus(value))
    listed = "&".join(f"{name}={','.join(_encode(v) for v in sorted(values[name]))}" for name in sorted(values))
    return f"{method.upper()}&{path}&{listed}"


def _encode(text: str) -> str:
    return quote(text, safe="~")


def qsh(method: str, target: str) -> str:
    return hashlib.sha256(canonical(method, target).encode()).hexdigest()


def relative(url: str, base_url: str) -> str:
    """The target of `url` below `base_url`; the whole target when it lies elsewhere."""
    parts = urlsplit(url)
    base = urlsplit(base_url).path.rstrip("/")
    path = parts.path
    # /application does not lie below /app.
    if base and (path == base or path.startswith(base + "/")):
        path = path[len(base) :]
    return f"{path}?{parts.query}" if parts.query else path


@dataclass(frozen=True, slots=True)
class Life:
    """How long a token lives, and how long ago it was made, in seconds."""

    ttl_s: float = 900
    age_s: float = 0

    def claims(self) -> dict[str, int]:
        issued = int(time.time() - self.age_s)
        return {"iat": issued, "exp": int(issued + self.ttl_s)}


PAGE = Life()
CONTEXT = Life(3600)


def symmetric(secret: str, claims: Mapping[str, Any], *, life: Life = PAGE) -> str:
    """A token from Jira to the add-on: page, webhook, or (qsh CONTEXT_QSH) context. Claims of None are left out."""
    stated = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({**stated, **life.claims()}, secret, algorithm="HS256")


@dataclass(slots=True)
class InstallKeys:
    """The key server of install hooks: one RSA pair per start, found under its key id."""

    kid: str = field(default_factory=lambda: str(uuid.uuid4()))
    private: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048), repr=False)

    @property
    def pem(self) -> str:
        public = self.private.public_key()
        return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, issuer: str, audience: str, *, hashed: str, life: Life = PAGE) -> str:
        """An RS256 token of an install or uninstall hook. issuer: client key. audience: the add-on's base URL."""
        # Times count whole seconds: without an id of its own a second hook would carry the token of the first.
        claims = {"iss": issuer, "aud": [audience], "qsh": hashed, "jti": str(uuid.uuid4()), **life.claims()}
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": self.kid})
