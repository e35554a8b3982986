"""What a token says: read without trust to find its key, and with trust once the signature holds."""

import hashlib
from binascii import a2b_base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, TypeVar

import jwt
from jwt.api_jws import PyJWS
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from addon.connect.payloads import AccountId, ClientKey, Id
from addon.connect.verdicts import Refused, Verdict

_JWS = PyJWS()
_MAX_TOKEN = 16_384
# The letters of base64 in addresses as those of base64 proper, whose own two are none there.
_FROM_URL = bytes.maketrans(b"-_+/", b"+/!!")
_Model = TypeVar("_Model", bound=BaseModel)


def _mapping(value: object) -> object:
    return value if isinstance(value, Mapping) else {}


def _nobody(value: object) -> object:
    return value or None


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


# Strict: a text, a boolean or an infinity as expiry would compare in surprising ways.
_Seconds = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Thing(BaseModel):
    """An issue or project named in the context of a page; the key may change, the id does not."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Id | None = None
    key: str | None = None


class JiraContext(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    issue: Annotated[Thing, BeforeValidator(_mapping)] = Thing()
    project: Annotated[Thing, BeforeValidator(_mapping)] = Thing()


class Context(BaseModel):
    """Where in Jira the frame was opened."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    jira: Annotated[JiraContext, BeforeValidator(_mapping)] = JiraContext()


class Claims(BaseModel):
    """The claims of a token whose signature has been checked; times in seconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    iss: ClientKey
    iat: _Seconds
    exp: _Seconds
    nbf: _Seconds | None = None
    qsh: str
    sub: Annotated[AccountId | None, BeforeValidator(_nobody)] = None
    aud: Annotated[list[str], BeforeValidator(_listed)] = []
    context: Annotated[Context, BeforeValidator(_mapping)] = Context()


class _Issuer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    iss: ClientKey


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token nobody has vouched for: good for looking up a key, for nothing else."""

    token: str = field(repr=False)
    payload: bytes = field(repr=False)
    algorithm: str
    key_id: str | None
    issuer: str

    @property
    def fingerprint(self) -> str:
        """Tells a token that comes a second time; two spellings of its signature do not count as two tokens."""
        return "token:" + hashlib.sha256(self.token.rpartition(".")[0].encode()).hexdigest()


def peek(token: str) -> Unverified:
    """Reads header and issuer of a token. Raises Refused (malformed_token, missing_claim)."""
    # Nobody has vouched for these bytes yet, so little work is done on them.
    if len(token) > _MAX_TOKEN:
        raise Refused(Verdict.MALFORMED_TOKEN)
    signed, _, signature = token.rpartition(".")
    header, _, body = signed.partition(".")
    algorithm, key_id = _header(header)
    payload = _decoded(body)
    # Whether it fits is asked later; what is no signature at all is told apart now.
    _decoded(signature)
    return Unverified(token, payload, algorithm, key_id, _parsed(_Issuer, payload).iss)


@lru_cache(maxsize=64)
def _header(segment: str) -> tuple[str, str | None]:
    """Algorithm and key id. Remembered: every token of every site begins with one of a few headers."""
    try:
        header: dict[str, object] = _JWS.get_unverified_header(f"{segment}.e30.e30")
    except (jwt.PyJWTError, ValueError) as error:
        raise Refused(Verdict.MALFORMED_TOKEN) from error
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or not isinstance(kind, str) or kind.upper() != "JWT":
        raise Refused(Verdict.MALFORMED_TOKEN)
    return algorithm, key_id if isinstance(key_id, str) else None


def _decoded(segment: str) -> bytes:
    try:
        raw = segment.encode("ascii").translate(_FROM_URL)
        return a2b_base64(raw + b"=" * (-len(raw) % 4), strict_mode=True)
    except ValueError:
        raise Refused(Verdict.MALFORMED_TOKEN) from None


def parse(payload: bytes) -> Claims:
    """The claims of a payload whose signature holds. Raises Refused (missing_claim, malformed_token)."""
    return _parsed(Claims, payload)


def _parsed(shape: type[_Model], payload: bytes) -> _Model:
    try:
        return shape.model_validate_json(payload)
    except ValidationError as error:
        # The error itself is dropped: it quotes the payload, and answers and logs must not.
        missing = all(each["type"] == "missing" for each in error.errors(include_input=False, include_url=False))
        raise Refused(Verdict.MISSING_CLAIM if missing else Verdict.MALFORMED_TOKEN) from None
