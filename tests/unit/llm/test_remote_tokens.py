"""Who may use the AI service: whoever holds the secret, for this very request, once, for a minute."""

from typing import Any

import jwt
import pytest

from addon.errors import Misconfigured, Unauthenticated
from addon.llm.remote_tokens import LEEWAY_S, Believer, Envelope, Sent, shared_secrets, signed
from addon.settings import Settings

SECRET = "a secret of host and service: long enough"
OTHER = "another secret that is also long enough!"
NOW = 1_795_262_400.0
SENT = Sent("POST", "/ai/analyze-issue", b'{"a": 1}')


def token(**changed: Any) -> str:
    claims = jwt.decode(signed([SECRET], SENT, ttl_s=60, now=NOW), options={"verify_signature": False})
    return jwt.encode({**claims, **changed}, SECRET, "HS256")


def believer(now: float = NOW, *secrets: str) -> Believer:
    return Believer(secrets or (SECRET,), now=lambda: now)


def test_a_signed_request_is_believed_once() -> None:
    door, given = believer(), signed([SECRET], SENT, ttl_s=60, now=NOW)
    door.check(given, SENT)
    with pytest.raises(Unauthenticated):
        door.check(given, SENT)
    door.check(signed([SECRET], SENT, ttl_s=60, now=NOW), SENT)


@pytest.mark.parametrize(
    "sent",
    [
        Sent("GET", SENT.path, SENT.body),
        Sent("POST", "/ai/analyze-issue/stream", SENT.body),
        Sent("POST", SENT.path, b'{"a": 2}'),
        Sent("POST", SENT.path, b""),
    ],
)
def test_a_token_is_good_for_the_request_it_was_made_for(sent: Sent) -> None:
    with pytest.raises(Unauthenticated):
        believer().check(signed([SECRET], SENT, ttl_s=60, now=NOW), sent)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "nonsense",
        signed([OTHER], SENT, ttl_s=60, now=NOW),
        token(aud="somebody else"),
        token(iss="somebody else"),
        token(exp="never"),
        token(iat=None),
        token(iat=NOW - 7200),
        token(exp=int(NOW) + 999_999),
        token(exp=int(NOW) - 3600, iat=int(NOW) - 3700),
        token(jti=None),
        jwt.encode({"iss": "jiravision", "aud": "jiravision-ai"}, SECRET, "HS256"),
        jwt.encode({"iss": "jiravision", "aud": "jiravision-ai", "req": SENT.req}, "", algorithm="none"),
        jwt.encode(jwt.decode(token(), options={"verify_signature": False}), SECRET * 2, "HS512"),
    ],
)
def test_what_is_not_signed_for_us_is_refused(given: str) -> None:
    with pytest.raises(Unauthenticated):
        believer().check(given, SENT)


@pytest.mark.parametrize(
    ("later", "believed"),
    [(-LEEWAY_S - 1, False), (-LEEWAY_S, True), (60 + LEEWAY_S - 1, True), (60 + LEEWAY_S, False)],
)
def test_a_token_holds_for_its_time_and_a_little_more(later: float, believed: bool) -> None:
    given = signed([SECRET], SENT, ttl_s=60, now=NOW)
    try:
        believer(NOW + later).check(given, SENT)
    except Unauthenticated:
        assert not believed
    else:
        assert believed


def test_a_token_that_was_used_is_remembered_as_long_as_it_could_be_used() -> None:
    clock = [NOW]
    door = Believer([SECRET], now=lambda: clock[0])
    given = signed([SECRET], SENT, ttl_s=60, now=NOW)
    door.check(given, SENT)
    for later in (1.0, 30.0, 60.0 + LEEWAY_S - 0.5):
        clock[0] = NOW + later
        with pytest.raises(Unauthenticated):
            door.check(given, SENT)
    clock[0] = NOW + 1000
    door.check(signed([SECRET], SENT, ttl_s=60, now=clock[0]), SENT)
    assert len(door._seen) == 1


def test_secrets_are_changed_without_a_gap() -> None:
    believer(NOW, OTHER, SECRET).check(signed([SECRET], SENT, ttl_s=60, now=NOW), SENT)
    believer(NOW, SECRET).check(signed([SECRET, OTHER], SENT, ttl_s=60, now=NOW), SENT)
    assert Envelope([OTHER, SECRET]).open(Envelope([SECRET]).seal("sk")) == "sk"


def test_keys_of_models_are_sealed_on_their_way() -> None:
    sealed = Envelope([SECRET]).seal("sk-secret")
    assert "sk-secret" not in sealed
    assert Envelope([SECRET]).seal("") == ""
    with pytest.raises(Unauthenticated):
        Envelope([OTHER]).open(sealed)
    with pytest.raises(Unauthenticated):
        Envelope([SECRET]).open("sk-secret")


def test_without_tokens_the_service_stays_on_its_machine() -> None:
    def made(**values: Any) -> Settings:
        return Settings(_env_file=None, **values)  # type: ignore[call-arg]

    assert shared_secrets(made(ai_shared_secret=f"{SECRET}, {OTHER}"), loopback=False) == (SECRET, OTHER)
    assert shared_secrets(made(ai_auth_enabled=False), loopback=True) == ()
    Believer(()).check("", SENT)
    for wrong in ({"ai_auth_enabled": False}, {}, {"ai_shared_secret": "short"}, {"ai_shared_secret": f"{SECRET},x"}):
        with pytest.raises(Misconfigured):
            shared_secrets(made(**wrong), loopback=False)
