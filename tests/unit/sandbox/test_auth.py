"""What the pretend Jira lets in, and what it says of the rest."""

import time

import jwt
import pytest

from addon.connect.jwt import request_token, sign_hs256
from addon.connect.qsh import of_target
from tests.unit.sandbox.stage import KEY, SITE, Stage

TARGET = "/rest/api/3/myself"


def claims(**other: object) -> dict[str, object]:
    now = int(time.time())
    return {"iss": KEY, "iat": now, "exp": now + 180, "qsh": of_target("GET", TARGET), **from_now(other)}


def from_now(claims: dict[str, object]) -> dict[str, object]:
    """Seconds from now as moments: tables of tests are made long before the tests run."""
    now = int(time.time())
    return {name: now + value if isinstance(value, int) else value for name, value in claims.items()}


async def test_a_rightly_signed_request_is_the_apps_own_account(stage: Stage) -> None:
    answer = await stage.ask("GET", "/myself")
    assert answer.status_code == 200
    assert answer.json()["accountId"] == stage.site.installed.app_account
    assert answer.json()["accountType"] == "app"
    assert stage.complaints() == []


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"iss": "com.other"}, "iss is"),
        ({"qsh": of_target("POST", TARGET)}, "qsh differs"),
        ({"qsh": "context-qsh"}, "qsh differs"),
        ({"exp": -120}, "expired"),
        ({"exp": 9000}, "300 s is the most"),
        ({"iat": 600, "exp": 700}, "not yet valid"),
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(stage: Stage, other: dict[str, object], said: str) -> None:
    token = sign_hs256(claims(**other), stage.site.installed.shared_secret)
    answer = await stage.ask("GET", "/myself", token=f"JWT {token}")
    assert answer.status_code == 401
    assert answer.json()["message"].startswith("Client must be authenticated")
    assert said in stage.complaints()[0]


async def test_a_token_without_a_hash_is_refused(stage: Stage) -> None:
    without = {name: value for name, value in claims().items() if name != "qsh"}
    token = sign_hs256(without, stage.site.installed.shared_secret)
    assert (await stage.ask("GET", "/myself", token=f"JWT {token}")).status_code == 401


async def test_a_signature_with_another_secret_is_refused(stage: Stage) -> None:
    token = sign_hs256(claims(), "x" * 40)
    assert (await stage.ask("GET", "/myself", token=f"JWT {token}")).status_code == 401
    assert "Signature verification failed" in stage.complaints()[0]


async def test_an_unsigned_token_is_refused(stage: Stage) -> None:
    token = jwt.encode(claims(), "", algorithm="none")
    assert (await stage.ask("GET", "/myself", token=f"JWT {token}")).status_code == 401


@pytest.mark.parametrize("header", ["", "Basic dXNlcjpwYXNz", "Bearer made-up", "JWT"])
async def test_other_ways_to_authenticate_are_refused(stage: Stage, header: str) -> None:
    assert (await stage.ask("GET", "/myself", token=header or " ")).status_code == 401
    assert len(stage.complaints()) == 1


async def test_the_hash_covers_the_raw_query(stage: Stage) -> None:
    answer = await stage.ask("GET", "/search/jql?jql=project%20%3D%20SHOP&maxResults=1&fields=summary,status")
    assert answer.status_code == 200
    assert stage.complaints() == []


async def test_the_old_secret_is_void_after_a_reinstall(stage: Stage) -> None:
    old = stage.site.installed.shared_secret
    await stage.place.lifecycle.install(stage.site.installed.addon)
    token = request_token(KEY, old, qsh=of_target("GET", TARGET), now=time.time())
    assert (await stage.ask("GET", "/myself", token=f"JWT {token}")).status_code == 401


async def test_nothing_is_answered_after_uninstall(stage: Stage) -> None:
    await stage.place.lifecycle.uninstall()
    assert (await stage.ask("GET", "/myself")).status_code == 401


async def test_a_get_with_a_body_is_refused(stage: Stage) -> None:
    answer = await stage.ask("GET", "/myself", {"x": 1})
    assert answer.status_code == 403
    assert stage.complaints() == ["A GET request must not carry a body."]


async def test_an_operation_outside_the_granted_scopes_is_refused(stage: Stage) -> None:
    answer = await stage.ask("DELETE", "/issue/SHOP-142")
    assert answer.status_code == 403
    assert "scope DELETE" in stage.complaints()[0]


async def test_an_unknown_operation_is_a_complaint_but_a_missing_issue_is_not(stage: Stage) -> None:
    assert (await stage.ask("GET", "/nonsense")).status_code == 404
    assert (await stage.ask("PATCH", "/myself")).status_code == 405
    assert len(stage.complaints()) == 2
    assert (await stage.ask("GET", "/issue/SHOP-9999")).status_code == 404
    assert len(stage.complaints()) == 2
    assert len((await stage.control("GET", "/complaints?all=1"))["complaints"]) == 3


async def test_requests_are_written_down_with_operation_actor_and_status(stage: Stage) -> None:
    await stage.ask("GET", "/myself", **{"X-Atlassian-Webhook-Trace": "a/1"})
    (seen,) = (await stage.control("GET", "/requests?operation=myself"))["requests"]
    assert (seen["method"], seen["path"], seen["actor"], seen["status"]) == ("GET", TARGET, "app", 200)
    assert seen["trace"] == "a/1"


class TestActingAsAUser:
    async def test_a_bearer_token_speaks_for_the_user(self, stage: Stage) -> None:
        answer = await stage.ask("GET", "/myself", token=await stage.bearer("vera"))
        assert answer.json()["displayName"] == "Vera Lind"

    async def test_the_users_rights_hold(self, stage: Stage) -> None:
        token = await stage.bearer("nina")
        assert (await stage.ask("GET", "/issue/SECRET-7", token=token)).status_code == 404
        assert (await stage.ask("GET", "/issue/SHOP-142", token=token)).status_code == 200

    @pytest.mark.parametrize(
        ("other", "said"),
        [
            ({"aud": "https://auth.atlassian.io"}, "Invalid aud"),
            ({"tnt": "https://other.atlassian.net"}, "tnt"),
            ({"exp": 600}, "60 s"),
            ({"sub": "urn:atlassian:connect:useraccountid:nobody"}, "unknown or inactive user"),
        ],
    )
    async def test_a_wrong_assertion_is_refused(self, stage: Stage, other: dict[str, object], said: str) -> None:
        installed, user = stage.site.installed, stage.site.user("vera")
        assert user is not None
        now = int(time.time())
        stated = {
            "iss": f"urn:atlassian:connect:clientid:{installed.oauth_client_id}",
            "sub": f"urn:atlassian:connect:useraccountid:{user.account_id}",
            "tnt": SITE,
            "aud": SITE,
            "iat": now,
            "exp": now + 60,
        }
        assertion = sign_hs256({**stated, **from_now(other)}, installed.shared_secret)
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        answer = await stage.http.post(f"{SITE}/oauth/oauth2/token", data=form)
        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_grant"
        assert said in stage.complaints()[0]

    async def test_another_grant_or_an_unknown_client_is_refused(self, stage: Stage) -> None:
        url = f"{SITE}/oauth/oauth2/token"
        assert (await stage.http.post(url, data={"grant_type": "password"})).status_code == 400
        grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        assert (await stage.http.post(url, data={"grant_type": grant, "assertion": "x.y.z"})).status_code == 400

    async def test_a_scope_that_was_not_granted_is_refused(self, stage: Stage) -> None:
        stage.site.installed.descriptor["scopes"] = ["READ"]
        with pytest.raises(AssertionError, match="invalid_scope"):
            await stage.bearer("vera")
