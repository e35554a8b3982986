import jwt as pyjwt
import pytest

from addon.connect import qsh
from addon.connect.jwt import Impersonation, request_token, sign_hs256, user_assertion
from tests.tokens import APP_KEY, CLIENT_KEY, SECRET

NOW = 1_795_000_000.7


def read(token: str) -> dict[str, object]:
    found: dict[str, object] = pyjwt.decode(
        token, SECRET, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False, "verify_aud": False}
    )
    return found


def test_request_token_speaks_for_the_app_and_for_one_request() -> None:
    hashed = qsh.of_target("GET", "/rest/api/3/myself")
    assert read(request_token(APP_KEY, SECRET, qsh=hashed, now=NOW, audience=CLIENT_KEY)) == {
        "iss": APP_KEY,
        "iat": 1_795_000_000,
        "exp": 1_795_000_180,
        "qsh": hashed,
        "aud": [CLIENT_KEY],
    }


def test_request_token_needs_no_audience() -> None:
    assert "aud" not in read(request_token(APP_KEY, SECRET, qsh="0" * 64, now=NOW))


@pytest.mark.parametrize(
    ("server", "audience"),
    [
        ("https://oauth-2-authorization-server.services.atlassian.com",) * 2,
        ("http://127.0.0.1:8090/oauth/", "http://127.0.0.1:8090"),
    ],
)
def test_user_assertion_names_person_site_and_server(server: str, audience: str) -> None:
    person = Impersonation("client", "account", "https://acme.atlassian.net", server)
    assert read(user_assertion(person, SECRET, now=NOW)) == {
        "iss": "urn:atlassian:connect:clientid:client",
        "sub": "urn:atlassian:connect:useraccountid:account",
        "tnt": "https://acme.atlassian.net",
        "aud": audience,
        "iat": 1_795_000_000,
        "exp": 1_795_000_060,
    }


def test_signature_is_hs256() -> None:
    assert pyjwt.get_unverified_header(sign_hs256({"a": 1}, SECRET)) == {"alg": "HS256", "typ": "JWT"}
