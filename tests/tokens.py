"""Tokens as Jira and Atlassian make them, and as an attacker would."""

import base64
import hashlib
import hmac
import json
import time
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from addon.connect import qsh

APP_KEY = "com.jiravision.addon"
BASE_URL = "https://vision.example.com/addon"
BASE_PATH = "/addon"
CLIENT_KEY = "jira:11111111-2222-3333-4444-555555555555"
SECRET = "the secret which the first site and the add-on share" * 2
KID = "0a1b2c3d-0000-4000-8000-00000000000a"
PERSON = "5b10a2844c20165700ede21g"


@cache
def atlassian() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def stranger() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def public_pem(key: rsa.RSAPrivateKey | None = None) -> bytes:
    return (key or atlassian()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def claims(**changes: Any) -> dict[str, Any]:
    """Claims of a token made just now; a change to None leaves the claim out."""
    now = int(time.time())
    made = {"iss": CLIENT_KEY, "sub": PERSON, "iat": now, "exp": now + 900, "context": {}} | changes
    return {name: value for name, value in made.items() if value is not None}


def of_site(secret: str = SECRET, **changes: Any) -> str:
    return jwt.encode(claims(**changes), secret, algorithm="HS256")


def for_request(method: str, target: str, secret: str = SECRET, **changes: Any) -> str:
    """A token of the site for one request; target: as on the wire, base path included."""
    return of_site(secret, **{"qsh": qsh.of_target(method, target, base_path=BASE_PATH)} | changes)


def for_api(secret: str = SECRET, **changes: Any) -> str:
    return of_site(secret, **{"qsh": qsh.CONTEXT} | changes)


def of_atlassian(
    method: str, target: str, *, key: rsa.RSAPrivateKey | None = None, kid: Any = KID, **changes: Any
) -> str:
    """The token of an install or uninstall."""
    made = claims(
        **{"sub": None, "context": None, "aud": [BASE_URL], "qsh": qsh.of_target(method, target, base_path=BASE_PATH)}
        | changes
    )
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(made, key or atlassian(), algorithm="RS256", headers=headers)


def by_hand(header: dict[str, Any], payload: object, key: bytes = b"") -> str:
    """A token that no honest library makes; HMAC-SHA256 under `key`, an empty signature without one."""
    signed = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(payload).encode())}"
    signature = hmac.new(key, signed.encode(), hashlib.sha256).digest() if key else b""
    return f"{signed}.{_part(signature)}"


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def installation(**changes: Any) -> dict[str, Any]:
    """The body of an `installed` call; a change to None leaves the field out."""
    made = {
        "key": APP_KEY,
        "clientKey": CLIENT_KEY,
        "sharedSecret": SECRET,
        "oauthClientId": "oauth-client",
        "baseUrl": "https://acme.atlassian.net",
        "displayUrl": "https://acme.atlassian.net",
        "productType": "jira",
        "description": "Acme",
        "eventType": "installed",
        "somethingNew": {"deep": [1]},
    } | changes
    return {name: value for name, value in made.items() if value is not None}
